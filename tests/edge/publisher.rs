//! `burgee publish` as its own process.

use std::fs::File;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tests::burgee::burgee;
use tests::deadline::wait_for;
use tests::process::Process;
use tests::secrets;

use crate::kv::{ACCOUNT, Kv, NAMESPACE, TOKEN};

const LIMIT: Duration = Duration::from_secs(30);

/// How it is started: from where, with which keys, to which KV.
pub(crate) struct Launch(Command);

impl Launch {
    /// Publishes the environments in `keys` (UUIDs with server keys) of a server.
    pub(crate) fn new(origin: &str, keys: &Value, kv: &Kv) -> Self {
        secrets::note(TOKEN);
        let mut command = burgee();
        command.arg("publish").env("BURGEE_ORIGIN", origin).env("BURGEE_SERVER_KEYS", keys.to_string());
        command.env("BURGEE_CLOUDFLARE_URL", format!("http://{}", kv.address()));
        command.env("BURGEE_CLOUDFLARE_ACCOUNT", ACCOUNT).env("BURGEE_CLOUDFLARE_NAMESPACE", NAMESPACE);
        command.env("BURGEE_CLOUDFLARE_TOKEN", TOKEN);
        Self(command)
    }

    /// Sets an environment variable.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Adds an argument.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.0.arg(argument);
        self
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Publisher {
        let folder = TempDir::new().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        self.0.stdout(Stdio::null()).stderr(log);
        Publisher { process: Process::start(&mut self.0), folder }
    }
}

/// A running `burgee publish`; killed when dropped.
pub(crate) struct Publisher {
    process: Process,
    folder: TempDir,
}

impl Publisher {
    /// What it wrote to its log and as its last word.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Asks it to end.
    pub(crate) fn ask_to_end(&mut self) {
        self.process.signal(Signal::TERM);
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.ended().is_some()
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait_for("the publisher to end", LIMIT, || self.process.ended())
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let log = self.log();
        if std::thread::panicking() {
            eprintln!("burgee publish wrote:\n{log}");
        } else if let Some(line) = secrets::leak(&log) {
            panic!("a secret is in the log: {line}");
        }
    }
}
