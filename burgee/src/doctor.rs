//! `burgee doctor`: everything that could be wrong with an installation, looked at and said.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::net::{TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use platform::{Clock, Db};
use platform_native::{Sqlite, SystemClock, is_served};

use crate::{data, ready, serve};

/// How long before its end a key is worth a word.
const EXPIRES_SOON_MS: i64 = 14 * 24 * 60 * 60 * 1_000;

/// How far the clock may be behind the newest change: servers in a cluster differ by seconds.
const BEHIND_MS_MAX: i64 = 60_000;

/// When this was written: no clock that is right says anything earlier. 2025-01-01.
const EARLIEST_MS: i64 = 1_735_689_600_000;

/// Free bytes below which writes may fail soon: the log of a busy hour, and a checkpoint.
const SPACE_NEEDED: u64 = 256 << 20;

/// What to look at.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder that holds everything; a server may be using it [default: BURGEE_DATA, else burgee-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the server listens or is to listen [default: BURGEE_LISTEN, else 127.0.0.1:7700]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
}

/// How a part was found.
#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    Well,
    /// Works, and will not for long, or not for everybody.
    Warning,
    Broken,
}

/// What was found, one line each.
#[derive(Default)]
struct Findings {
    text: String,
    is_broken: bool,
}

impl Findings {
    fn add(&mut self, state: State, part: &str, what: impl Display) {
        let word = match state {
            State::Well => "ok     ",
            State::Warning => "WARNING",
            State::Broken => "BROKEN ",
        };
        self.is_broken |= state == State::Broken;
        self.text.push_str(&format!("{word}  {part:<8}  {what}\n"));
    }
}

/// Looks at the installation and says what was found; changes nothing.
///
/// # Errors
/// If the settings cannot be read. What is broken is not an error: it is reported, and the exit code is 1.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let folder = data::folder(arguments.data.as_deref())?;
    let listen = serve::listen_address(arguments.listen.as_deref())?;
    let mut findings = Findings::default();
    look_at_folder(&folder, &mut findings);
    look_at_space(&folder, &mut findings);
    let file = data::file(&folder);
    if file.exists() {
        match Sqlite::look_at(&file) {
            Ok(sqlite) => data::run(async {
                look_at_database(&sqlite, &mut findings).await;
                Ok(())
            })?,
            Err(error) => findings.add(State::Broken, "database", error),
        }
    }
    look_at_port(&listen, is_served(&file), &mut findings);
    io::stdout().write_all(findings.text.as_bytes())?;
    Ok(if findings.is_broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn look_at_folder(folder: &Path, findings: &mut Findings) {
    let shown = folder.display();
    let Ok(metadata) = fs::metadata(folder) else {
        return findings.add(State::Warning, "data", format!("{shown} does not exist; `serve` makes it"));
    };
    if !metadata.is_dir() {
        return findings.add(State::Broken, "data", format!("{shown} is not a folder"));
    }
    let probe = folder.join("burgee.doctor");
    let written =
        fs::write(&probe, b"written to see whether it can be").and_then(|()| fs::remove_file(&probe));
    match (written, fs::metadata(data::file(folder))) {
        (Err(error), _) => findings.add(State::Broken, "data", format!("{shown} cannot be written: {error}")),
        (Ok(()), Ok(file)) => {
            findings.add(State::Well, "data", format!("{shown}, database of {} bytes", file.len()));
        }
        (Ok(()), Err(_)) => {
            findings.add(
                State::Warning,
                "data",
                format!("there is no database in {shown}; `serve` makes one"),
            );
        }
    }
}

/// Says whether there is room for what `serve` writes, and for a backup beside the database.
fn look_at_space(folder: &Path, findings: &mut Findings) {
    // That there is no such folder has been said.
    let Ok(volume) = rustix::fs::statvfs(folder) else { return };
    let free = volume.f_bavail.saturating_mul(volume.f_frsize);
    let database = fs::metadata(data::file(folder)).map_or(0, |file| file.len());
    let (state, what) = judge_space(free, database);
    findings.add(state, "space", what);
}

fn judge_space(free: u64, database: u64) -> (State, String) {
    let free_mib = free >> 20;
    if free < SPACE_NEEDED {
        let needed_mib = SPACE_NEEDED >> 20;
        (
            State::Broken,
            format!("{free_mib} MiB are free, and writes need {needed_mib}: make room, or they are refused"),
        )
    } else if free < database.saturating_add(SPACE_NEEDED) {
        (State::Warning, format!("{free_mib} MiB are free: not enough for a backup beside the database"))
    } else {
        (State::Well, format!("{free_mib} MiB are free"))
    }
}

async fn look_at_database(sqlite: &Sqlite, findings: &mut Findings) {
    match sqlite.check().await {
        Ok(()) => findings.add(State::Well, "database", "every page, row and index is sound"),
        Err(error) => return findings.add(State::Broken, "database", error),
    }
    match store::check_schema(sqlite).await {
        Ok(()) => findings.add(State::Well, "schema", format!("version {}", store::SCHEMA_VERSION)),
        Err(error) => return findings.add(State::Broken, "schema", error.in_full()),
    }
    let looked = async {
        look_at_restore(sqlite, findings).await?;
        look_at_clock(sqlite, findings).await?;
        look_at_keys(sqlite, findings).await?;
        look_at_history(sqlite, findings).await
    };
    if let Err(error) = looked.await {
        findings.add(State::Broken, "database", error.in_full());
    }
}

async fn look_at_restore(db: &dyn Db, findings: &mut Findings) -> Result<(), model::Error> {
    if store::needs_repair(db).await? {
        findings.add(
            State::Broken,
            "restore",
            "restored from a backup and not repaired: stop the server and run `burgee repair after-restore`",
        );
    }
    Ok(())
}

async fn look_at_clock(db: &dyn Db, findings: &mut Findings) -> Result<(), model::Error> {
    let now_ms = SystemClock.now_ms();
    let newest_ms = store::newest_change_ms(db).await?.unwrap_or(now_ms);
    let behind_ms = newest_ms.saturating_sub(now_ms);
    if now_ms < EARLIEST_MS {
        findings.add(State::Broken, "clock", "this machine's clock is years behind; set it");
    } else if behind_ms > BEHIND_MS_MAX {
        let seconds = behind_ms / 1_000;
        let what =
            format!("it is {seconds} s behind the newest change: one of the two was made with a wrong clock");
        findings.add(State::Warning, "clock", what);
    } else {
        findings.add(State::Well, "clock", "not behind the newest change");
    }
    Ok(())
}

async fn look_at_keys(db: &dyn Db, findings: &mut Findings) -> Result<(), model::Error> {
    let now_ms = SystemClock.now_ms();
    let expiring = store::expiring(db, now_ms.saturating_add(EXPIRES_SOON_MS)).await?;
    for one in &expiring {
        let left_ms = one.expires_ms.saturating_sub(now_ms);
        let when = match left_ms {
            ..=0 => "has expired".to_owned(),
            left_ms => format!("expires in {} hours", left_ms / 3_600_000),
        };
        findings.add(State::Warning, "keys", format!("{} {when}", one.name));
    }
    if expiring.is_empty() {
        findings.add(State::Well, "keys", "no SDK key or access token expires within two weeks");
    }
    Ok(())
}

async fn look_at_history(db: &dyn Db, findings: &mut Findings) -> Result<(), model::Error> {
    let projects = store::known_projects(db).await?;
    let (mut rows, mut is_sound) = (0, true);
    for project in &projects {
        let report = store::verify_project(db, &project.row, &[]).await?;
        rows += report.rows;
        is_sound &= report.is_sound();
        if !report.is_sound() {
            let what =
                format!("project {} was tampered with; see `burgee audit verify`", project.row.identifier);
            findings.add(State::Broken, "history", what);
        }
    }
    if is_sound {
        findings.add(State::Well, "history", format!("{rows} changes of {} projects verify", projects.len()));
    }
    Ok(())
}

/// The port is free, or the server of this folder answers on it.
fn look_at_port(listen: &str, is_served: bool, findings: &mut Findings) {
    let address = match listen.to_socket_addrs().map(|mut addresses| addresses.next()) {
        Ok(Some(address)) => address,
        Ok(None) => return findings.add(State::Broken, "port", format!("{listen} has no address")),
        Err(error) => return findings.add(State::Broken, "port", format!("{listen}: {error}")),
    };
    match (is_served, ready::ask(address)) {
        (true, Ok(status)) if ready::is_success(&status) => {
            findings.add(State::Well, "port", format!("a server answers on {address} and is ready"));
        }
        (true, Ok(status)) => {
            findings.add(State::Broken, "port", format!("the server on {address} answers {status}"));
        }
        (true, Err(error)) => {
            let what = format!(
                "a server uses the folder and does not answer on {address} ({error}); is --listen right?"
            );
            findings.add(State::Warning, "port", what);
        }
        (false, _) => match TcpListener::bind(address) {
            Ok(_) => findings.add(State::Well, "port", format!("{address} is free")),
            Err(error) => findings.add(State::Broken, "port", format!("{address} cannot be used: {error}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_judged_by_what_the_next_writes_and_a_backup_take() {
        const GIB: u64 = 1 << 30;
        let judged = |free, database| judge_space(free, database).0 as usize;

        assert_eq!(judged(10 * GIB, GIB), State::Well as usize);
        assert_eq!(judged(GIB, GIB), State::Warning as usize, "a backup has no room");
        assert_eq!(judged(SPACE_NEEDED - 1, 0), State::Broken as usize);
        let (_, what) = judge_space(100 << 20, 0);
        assert_eq!(what, "100 MiB are free, and writes need 256: make room, or they are refused");
    }
}
