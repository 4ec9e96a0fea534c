//! The application for Spin, run by the host that stands in for it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::exchange::{Asked, Told};
use crate::process::Process;
use crate::repository::root;

/// A running application; ended when dropped.
pub struct Spin {
    _process: Process,
    /// Where it listens.
    pub url: String,
}

impl Spin {
    /// Runs `infra/spin/spin.toml` with its SQLite databases in a folder (`default.db` is the one it uses),
    /// values for its variables, and more arguments of the host. The host is told to let requests end their
    /// instance.
    ///
    /// # Panics
    /// If host or components are not built, or it does not start.
    pub fn start(databases: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let host = host();
        let built = host.ancestors().nth(2).unwrap_or(Path::new("")).join("compiled");
        let mut command = Command::new(&host);
        command.current_dir(root()).args(["--listen", "127.0.0.1:0", "--faults"]);
        command.arg("--databases").arg(databases).arg("--compiled").arg(built).args(arguments);
        for (name, value) in variables {
            command.arg("--variable").arg(format!("{}={value}", name.to_lowercase()));
        }
        let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()));
        let (_, output, _) = process.take_pipes();
        let mut url = String::new();
        let read = output.map(|output| BufReader::new(output).read_line(&mut url));
        assert!(matches!(read, Some(Ok(1..))), "the host for Spin did not start; it says why above");
        Self { _process: process, url: url.trim().to_owned() }
    }

    /// Sends a request.
    ///
    /// # Panics
    /// If no answer comes.
    pub fn ask(&self, asked: &Asked) -> Told {
        asked.at(&self.url)
    }
}

/// What `cargo xtask test spin` builds, beside the folder that this test was built in.
fn host() -> PathBuf {
    let this = std::env::current_exe().unwrap_or_else(|error| panic!("where am I? {error}"));
    let built = this.ancestors().nth(3).unwrap_or(Path::new("")).join("spin-host/debug/spin-host");
    assert!(built.is_file(), "{} is not built: run `cargo xtask test spin`", built.display());
    built
}
