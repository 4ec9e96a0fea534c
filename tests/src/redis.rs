//! A private Redis, reached by a Unix socket in a temporary folder. It writes nothing to disk.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::deadline::wait_for;
use crate::repository::find_program;
use crate::server::Server;

const START_LIMIT: Duration = Duration::from_secs(20);

/// A running server. Dropping it ends it.
pub struct Redis {
    server: Server,
    folder: PathBuf,
    /// Removes it; `None` where the server's end does.
    _owner: Option<TempDir>,
}

impl Redis {
    /// Starts one.
    ///
    /// # Panics
    /// If Redis 7 or later is not installed, or does not start.
    pub fn start() -> Self {
        let owner = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let folder = owner.path().to_owned();
        Self { server: serve(&folder, None), folder, _owner: Some(owner) }
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
        Self { server: serve(&folder, Some(&folder)), folder, _owner: None }
    }

    /// Ends the server; everything in it is gone.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Starts an empty server where the one that was stopped could be reached.
    pub fn start_again(&mut self) {
        self.server = serve(&self.folder, None);
    }

    /// How to reach it, in the form that the redis crate reads.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", socket(&self.folder).display())
    }
}

fn serve(folder: &Path, remove: Option<&Path>) -> Server {
    let program = find_program("redis-server", &[]);
    let program =
        program.unwrap_or_else(|| panic!("redis-server is not installed: `cargo xtask test` installs it"));
    let mut redis = Command::new(program);
    redis.current_dir(folder).args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]);
    redis.arg(socket(folder));
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
