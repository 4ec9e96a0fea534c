//! A private Postgres: made with `initdb` in a temporary folder, reached by a Unix socket in it.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::deadline::wait_for;
use crate::process::Process;
use crate::repository::find_program;

/// Making and starting a cluster takes a second or two on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A running cluster whose default collation is not "C": ICU's `en`, where `a` < `B`. Dropping it ends
/// the server and removes its files.
pub struct Postgres {
    server: Process,
    folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// If Postgres 15 or later is not installed, or does not start.
    pub fn start() -> Self {
        let folder = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let user = User::for_server();
        user.take_over(folder.path());
        let data = folder.path().join("data");

        let mut initdb = user.command(&program("initdb"), folder.path());
        initdb.args(["--username=burgee", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C"]);
        initdb.args(["--locale-provider=icu", "--icu-locale=en", "--pgdata"]).arg(&data);
        let made = initdb.output().unwrap_or_else(|error| panic!("cannot start initdb: {error}"));
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));

        let log = File::create(folder.path().join("log"));
        let log = log.unwrap_or_else(|error| panic!("no log for Postgres: {error}"));
        let mut postgres = user.command(&program("postgres"), folder.path());
        postgres.arg("-D").arg(&data).arg("-k").arg(folder.path()).stderr(log);
        // Nobody else can reach it, and nothing in it needs to survive a power cut.
        for setting in ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=50"] {
            postgres.args(["-c", setting]);
        }
        let mut this = Self { server: Process::start(&mut postgres), folder };
        this.wait_until_ready();
        this
    }

    /// How to reach database `name`, in the form that libpq and tokio-postgres read.
    pub fn url(&self, name: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgresql://burgee@{folder}/{name}")
    }

    /// The database that every cluster has; `CREATE DATABASE` there makes one for each test.
    pub fn default_url(&self) -> String {
        self.url("postgres")
    }

    fn wait_until_ready(&mut self) {
        let log = self.folder.path().join("log");
        // The server says so itself in its lock file, once it accepts connections.
        let lock = self.folder.path().join("data/postmaster.pid");
        wait_for("Postgres to accept connections", START_LIMIT, || {
            if let Some(status) = self.server.ended() {
                panic!("Postgres ended with {status}: {}", fs::read_to_string(&log).unwrap_or_default());
            }
            let lock = fs::read_to_string(&lock).unwrap_or_default();
            lock.lines().any(|line| line.trim() == "ready").then_some(())
        });
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT ends sessions and stops; a killed server would leave shared memory behind.
        self.server.end(Signal::INT, STOP_LIMIT);
    }
}

/// Who runs the server: Postgres refuses to run as root, so root becomes Debian's `postgres`.
struct User {
    becomes: Option<String>,
}

impl User {
    fn for_server() -> Self {
        Self { becomes: geteuid().is_root().then(|| "postgres".to_owned()) }
    }

    fn take_over(&self, folder: &Path) {
        let Some(name) = &self.becomes else { return };
        let output = Command::new("id").args(["-u", name]).output();
        let uid = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok());
        let uid = uid.unwrap_or_else(|| panic!("root cannot run Postgres, and there is no user {name}"));
        chown(folder, Some(uid), None)
            .unwrap_or_else(|error| panic!("cannot give {} to {name}: {error}", folder.display()));
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = match &self.becomes {
            Some(name) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={name}")).arg(format!("--regid={name}"));
                command.args(["--clear-groups", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).env_remove("LC_ALL").current_dir(folder);
        command
    }
}

/// Debian keeps the server's programs in a folder per version that is not on the PATH.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    // Newest first, for as long as versions have two digits.
    folders.sort_unstable_by(|one, other| other.cmp(one));
    find_program(name, &folders)
        .unwrap_or_else(|| panic!("{name} is not installed: `cargo xtask test` installs Postgres"))
}
