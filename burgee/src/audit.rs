//! `burgee audit`: whether the history is still what was written.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use model::KeyHash;
use platform::Db;
use store::{ChainReport, Known, ProjectRow, RowPlace};

use crate::data::{self, DataFolder};

/// What can be done with the history.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Recompute every hash of every project's history and name the first row that was tampered with
    Verify(Verify),
}

/// What to verify against.
#[derive(clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    data: DataFolder,
    /// A head that was noted elsewhere, which the project's history must contain; PROJECT is the project's
    /// id, its identifier, or ACCOUNT/ORGANISATION/PROJECT
    #[arg(long = "head", value_name = "PROJECT=HASH", value_parser = parse_head)]
    heads: Vec<NotedHead>,
}

/// What somebody noted of a project.
#[derive(Clone, Debug)]
struct NotedHead {
    project: String,
    hash: KeyHash,
}

/// Runs a command.
///
/// # Errors
/// If the installation cannot be opened or read. Damage is not an error: it is reported, and the exit
/// code is 1.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Verify(verify) = command;
    let mut sound = true;
    let report = data::run(async {
        let platform = verify.data.open_or_shared().await?;
        let mut text = String::new();
        for (project, report) in projects(&*platform.db, &verify.heads).await? {
            sound &= report.is_sound();
            text.push_str(&describe(&project, &report));
        }
        Ok(text)
    })?;
    let verdict = match sound {
        true => "every row is as it was written; note the heads elsewhere, and give them back with --head\n",
        false => "the history was tampered with; compare with a backup\n",
    };
    io::stdout().write_all(format!("{report}{verdict}").as_bytes())?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn projects(db: &dyn Db, heads: &[NotedHead]) -> anyhow::Result<Vec<(Known<ProjectRow>, ChainReport)>> {
    let projects = store::known_projects(db).await?;
    for head in heads {
        check_names_one(head, &projects)?;
    }
    let mut reports = Vec::with_capacity(projects.len());
    for project in projects {
        let noted = heads.iter().filter(|head| head.names(&project.row)).map(|head| head.bytes()).collect();
        let noted: anyhow::Result<Vec<_>> = noted;
        let report = store::verify_project(db, &project.row, &noted?).await?;
        reports.push((project, report));
    }
    Ok(reports)
}

fn check_names_one(head: &NotedHead, projects: &[Known<ProjectRow>]) -> anyhow::Result<()> {
    let named: Vec<_> = projects.iter().filter(|project| head.names(&project.row)).collect();
    match named.as_slice() {
        [_] => Ok(()),
        [] => bail!("--head: there is no project {:?} here", head.project),
        several => {
            let ids: Vec<_> = several.iter().map(|project| project.row.id.as_str()).collect();
            bail!("--head: {:?} may be {}; use one of these ids", head.project, ids.join(" or "))
        }
    }
}

impl NotedHead {
    fn names(&self, row: &ProjectRow) -> bool {
        self.project == row.id.as_str()
            || self.project == row.identifier.as_str()
            || self.project == path(row)
    }

    fn bytes(&self) -> anyhow::Result<Vec<u8>> {
        let digits = self.hash.as_str();
        let byte = |place| digits.get(place..place + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        (0..digits.len()).step_by(2).map(byte).collect::<Option<_>>().context("a hash has 64 digits")
    }
}

fn parse_head(text: &str) -> Result<NotedHead, String> {
    let (project, hash) = text.rsplit_once('=').ok_or("write it as PROJECT=HASH")?;
    let hash = KeyHash::parse(hash).map_err(|error| error.message)?;
    Ok(NotedHead { project: project.to_owned(), hash })
}

fn path(row: &ProjectRow) -> String {
    format!("{}/{}/{}", row.account, row.organisation, row.identifier)
}

fn describe(project: &Known<ProjectRow>, report: &ChainReport) -> String {
    let row = &project.row;
    let deleted = if project.deleted { " (deleted)" } else { "" };
    let named = match (row.identifier.as_str(), row.account.as_str()) {
        ("", "") => "the installation".to_owned(),
        ("", account) => format!("account {account}"),
        _ => format!("project {}", path(row)),
    };
    let mut text = format!("{named}{deleted}, id {}\n", row.id);
    if let Some(damage) = &report.damage {
        text.push_str(&format!("  DAMAGED at {damage}\n"));
        return text;
    }
    let erased = match report.erased {
        0 => String::new(),
        erased => format!(", {erased} with erased content"),
    };
    text.push_str(&format!("  {} changes{erased}, revision {}\n", report.rows, row.revision));
    if let Some(RowPlace { revision, position }) = report.waiting {
        text.push_str(&format!(
            "  not announced yet, from revision {revision}, position {position} on: the next server does it\n"
        ));
    }
    if let Some(damage) = &report.objects {
        text.push_str(&format!("  DAMAGED: {damage}\n"));
    }
    for head in &report.missing_heads {
        let head = hexadecimal(head);
        text.push_str(&format!("  DAMAGED: does not contain {head}: changes were removed or written anew\n"));
    }
    text.push_str(&format!("  head {}\n", hexadecimal(&report.head)));
    text
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
