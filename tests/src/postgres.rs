//! A private Postgres: made with `initdb` in a temporary folder, reached by a Unix socket in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::deadline::wait_for;
use crate::repository::find_program;
use crate::server::{Server, free_port};
use crate::service_user::ServiceUser;

/// Making and starting a cluster takes a second or two on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Nobody else can reach it, and nothing in it needs to survive a power cut.
const SETTINGS: [&str; 4] = ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=300"];

/// A running cluster whose default collation is not "C": ICU's `en`, where `a` < `B`. Dropping it ends
/// the server and removes its files.
pub struct Postgres {
    server: Server,
    folder: PathBuf,
    /// Removes it; `None` where the server's end does.
    _owner: Option<TempDir>,
}

impl Postgres {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// If Postgres 15 or later is not installed, or does not start.
    pub fn start() -> Self {
        let owner = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let folder = owner.path().to_owned();
        make_cluster(&folder);
        Self { server: serve(&folder, &[], None), folder, _owner: Some(owner) }
    }

    /// The same, and what it acknowledged survives a power cut: for figures that others can compare with theirs.
    ///
    /// # Panics
    /// As `start`.
    pub fn start_durable() -> Self {
        let owner = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let folder = owner.path().to_owned();
        make_cluster(&folder);
        let settings = ["fsync=on".to_owned(), "full_page_writes=on".to_owned()];
        Self { server: serve(&folder, &settings, None), folder, _owner: Some(owner) }
    }

    /// The same on a TCP port of `localhost`, and the port; with TLS where there are certificates.
    ///
    /// # Panics
    /// As `start`.
    pub fn start_on_port(certificates: Option<&Certificates>) -> (Self, u16) {
        let owner = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let folder = owner.path().to_owned();
        make_cluster(&folder);
        let port = free_port();
        let mut settings = vec!["listen_addresses=127.0.0.1".to_owned(), format!("port={port}")];
        if let Some(certificates) = certificates {
            certificates.put(&folder.join("data"));
            ServiceUser::new().take_over(&folder.join("data"));
            settings.push("ssl=on".to_owned());
        }
        (Self { server: serve(&folder, &settings, None), folder, _owner: Some(owner) }, port)
    }

    /// From now on takes connections over TCP with TLS only.
    ///
    /// # Panics
    /// If the server cannot be told.
    pub fn demand_encryption(&self) {
        let rules = self.folder.join("data/pg_hba.conf");
        let written = fs::write(rules, "local all all trust\nhostssl all all all trust\n");
        written.unwrap_or_else(|error| panic!("cannot write pg_hba.conf: {error}"));
        self.signal(Signal::HUP);
    }

    /// One for all tests of this process, which ends with it.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Postgres> = LazyLock::new(|| {
            let owner = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
            let folder = owner.keep();
            make_cluster(&folder);
            Postgres { server: serve(&folder, &[], Some(&folder)), folder, _owner: None }
        });
        &SHARED
    }

    /// Ends the server and starts it again on the same data.
    pub fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Ends the server; its data stay.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Ends the server as a crash does: connections are cut off, and what is not on disk yet stays off it.
    ///
    /// # Panics
    /// If it does not end.
    pub fn crash(&mut self) {
        self.signal(Signal::QUIT);
        self.server.stop();
    }

    fn signal(&self, signal: Signal) {
        let lock = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
        let pid = lock.lines().next().and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        let pid = pid.unwrap_or_else(|| panic!("Postgres does not run"));
        kill_process(pid, signal).unwrap_or_else(|error| panic!("Postgres gets no signal: {error}"));
    }

    /// The folder with its socket.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the server that was stopped.
    pub fn start_again(&mut self) {
        self.server = serve(&self.folder, &[], None);
    }

    /// How to reach database `name`, in the form that libpq and tokio-postgres read.
    pub fn url(&self, name: &str) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgresql://burgee@{folder}/{name}")
    }

    /// The database that every cluster has; `CREATE DATABASE` there makes one for each test.
    pub fn default_url(&self) -> String {
        self.url("postgres")
    }
}

/// Makes a cluster in `folder/data`.
fn make_cluster(folder: &Path) {
    let user = ServiceUser::new();
    user.take_over(folder);
    let mut initdb = user.command(&program("initdb"), folder);
    initdb.args(["--username=burgee", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C"]);
    initdb.args(["--locale-provider=icu", "--icu-locale=en", "--pgdata"]).arg(folder.join("data"));
    let made = initdb.output().unwrap_or_else(|error| panic!("cannot start initdb: {error}"));
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
}

/// Starts the server of a cluster and waits until it can be used.
fn serve(folder: &Path, more: &[String], remove: Option<&Path>) -> Server {
    let mut postgres = ServiceUser::new().command(&program("postgres"), folder);
    postgres.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    let log = ["log_destination=stderr", "logging_collector=on", "log_directory=.", "log_filename=log"];
    for setting in SETTINGS.iter().chain(&log).copied().chain(more.iter().map(String::as_str)) {
        postgres.args(["-c", setting]);
    }
    // SIGINT ends sessions and stops; a killed server would leave shared memory behind.
    let mut server = Server::start(&postgres, Signal::INT, remove);
    // The server says so itself in its lock file, once it accepts connections.
    let lock = folder.join("data/postmaster.pid");
    wait_for("Postgres to accept connections", START_LIMIT, || {
        if let Some(status) = server.ended() {
            let log = fs::read_to_string(folder.join("data/log")).unwrap_or_default();
            panic!("Postgres ended with {status}: {log}");
        }
        let lock = fs::read_to_string(&lock).unwrap_or_default();
        lock.lines().any(|line| line.trim() == "ready").then_some(())
    });
    server
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
