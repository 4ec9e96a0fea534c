//! A private Redis, reached by a Unix socket in a temporary folder. It writes nothing to disk unless it is told to.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::deadline::wait_for;
use crate::repository::find_program;
use crate::server::{Server, free_port};

const START_LIMIT: Duration = Duration::from_secs(20);

/// Everything that was answered is on disk.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

const ENCRYPTED: [&str; 8] = [
    "--tls-cert-file",
    "server.crt",
    "--tls-key-file",
    "server.key",
    "--tls-ca-cert-file",
    "server.crt",
    "--tls-auth-clients",
    "no",
];

/// A running server. Dropping it ends it.
pub struct Redis {
    server: Server,
    folder: PathBuf,
    /// Beside those of every server.
    settings: Vec<String>,
    /// Removes it; `None` where the server's end does.
    _owner: Option<TempDir>,
}

impl Redis {
    /// Starts one.
    ///
    /// # Panics
    /// If Redis 7 or later is not installed, or does not start.
    pub fn start() -> Self {
        Self::start_with(Vec::new(), |_| ())
    }

    /// Starts one that has on disk what it answered.
    ///
    /// # Panics
    /// As `start`.
    pub fn start_durable() -> Self {
        Self::start_with(DURABLE.map(str::to_owned).to_vec(), |_| ())
    }

    /// Starts one that is also reached at a port of `localhost`, and the port; with TLS where there are certificates.
    ///
    /// # Panics
    /// As `start`.
    pub fn start_on_port(certificates: Option<&Certificates>) -> (Self, u16) {
        let port = free_port();
        let settings = match certificates {
            Some(_) => {
                ["--tls-port", &port.to_string()].iter().chain(&ENCRYPTED).map(ToString::to_string).collect()
            }
            None => vec!["--port".to_owned(), port.to_string()],
        };
        let put = |folder: &Path| {
            if let Some(certificates) = certificates {
                certificates.put(folder);
            }
        };
        (Self::start_with(settings, put), port)
    }

    fn start_with(settings: Vec<String>, prepare: impl FnOnce(&Path)) -> Self {
        let owner = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let folder = owner.path().to_owned();
        prepare(&folder);
        Self { server: serve(&folder, &settings, None), folder, settings, _owner: Some(owner) }
    }

    /// One for all tests of this process, which ends with it.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Redis> = LazyLock::new(Redis::of_process);
        &SHARED
    }

    /// Another one for all tests of this process: installations have two.
    pub fn shared_for_metrics() -> &'static Self {
        static SHARED: LazyLock<Redis> = LazyLock::new(Redis::of_process);
        &SHARED
    }

    fn of_process() -> Self {
        let owner = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let folder = owner.keep();
        let server = serve(&folder, &[], Some(&folder));
        Self { server, folder, settings: Vec::new(), _owner: None }
    }

    /// Ends the server; everything in it is gone, unless it is durable.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Ends the server at once, as the system does that is out of memory.
    ///
    /// # Panics
    /// If it does not end.
    pub fn kill(&mut self) {
        let pid = fs::read_to_string(self.folder.join("pid")).unwrap_or_default();
        let pid = pid.trim().parse().ok().and_then(Pid::from_raw);
        let pid = pid.unwrap_or_else(|| panic!("Redis does not run"));
        kill_process(pid, Signal::KILL).unwrap_or_else(|error| panic!("Redis cannot be killed: {error}"));
        self.server.stop();
    }

    /// Starts a server where the one that ended could be reached.
    pub fn start_again(&mut self) {
        self.server = serve(&self.folder, &self.settings, None);
    }

    /// How to reach it, in the form that the redis crate reads.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        socket(&self.folder)
    }
}

fn serve(folder: &Path, settings: &[String], remove: Option<&Path>) -> Server {
    let program = find_program("redis-server", &[]);
    let program =
        program.unwrap_or_else(|| panic!("redis-server is not installed: `cargo xtask test` installs it"));
    let mut redis = Command::new(program);
    redis.current_dir(folder).args(["--port", "0", "--save", "", "--appendonly", "no", "--pidfile", "pid"]);
    redis.arg("--unixsocket").arg(socket(folder)).args(settings);
    let mut server = Server::start(&redis, Signal::TERM, remove);
    wait_for("Redis to accept connections", START_LIMIT, || {
        assert!(server.ended().is_none(), "Redis ended");
        UnixStream::connect(socket(folder)).ok()
    });
    server
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("redis.sock")
}
