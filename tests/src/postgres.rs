//! A private Postgres: made with `initdb` in a temporary folder, reached by a Unix socket in it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::deadline::wait_for;
use crate::repository::find_program;
use crate::server::Server;

/// Making and starting a cluster takes a second or two on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Nobody else can reach it, and nothing in it needs to survive a power cut.
const SETTINGS: [&str; 4] = ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=300"];

/// A certificate for `localhost` that vouches for itself.
const CERTIFICATE: [&str; 16] = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost",
    "-addext",
    "basicConstraints=critical,CA:FALSE",
    "-batch",
];

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

    /// The same on a TCP port, with TLS, and the port.
    ///
    /// # Panics
    /// As `start`; if there is no openssl, which Debian's Postgres brings.
    pub fn start_encrypted() -> (Self, u16) {
        let owner = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let folder = owner.path().to_owned();
        make_cluster(&folder);
        let mut openssl = User::for_server().command(Path::new("openssl"), &folder);
        openssl
            .args(CERTIFICATE)
            .args(["-keyout", "data/server.key", "-out", "data/server.crt"])
            .stderr(Stdio::null());
        assert!(openssl.status().is_ok_and(|status| status.success()), "openssl makes no certificate");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.unwrap_or_else(|error| panic!("no free port: {error}")).port();
        let settings = ["ssl=on".to_owned(), "listen_addresses=127.0.0.1".to_owned(), format!("port={port}")];
        (Self { server: serve(&folder, &settings, None), folder, _owner: Some(owner) }, port)
    }

    /// The file with the certificate of an encrypted one.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("data/server.crt")
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
    let user = User::for_server();
    user.take_over(folder);
    let mut initdb = user.command(&program("initdb"), folder);
    initdb.args(["--username=burgee", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C"]);
    initdb.args(["--locale-provider=icu", "--icu-locale=en", "--pgdata"]).arg(folder.join("data"));
    let made = initdb.output().unwrap_or_else(|error| panic!("cannot start initdb: {error}"));
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
}

/// Starts the server of a cluster and waits until it can be used.
fn serve(folder: &Path, more: &[String], remove: Option<&Path>) -> Server {
    let mut postgres = User::for_server().command(&program("postgres"), folder);
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
