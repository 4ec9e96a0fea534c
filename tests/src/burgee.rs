//! The real `burgee` binary as its own process, on a free port and a data folder of its own.

use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::admin::Admin;
use crate::binary;
use crate::deadline::wait_until;
use crate::process::Process;
use crate::secrets;

/// The admin token of every server that tests start.
pub const ADMIN_TOKEN: &str = "a-token-for-the-tests-0123456789-abcdef";

const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const READY: &str = "burgee is ready: ";

/// `burgee` with nothing of this process's settings.
pub fn burgee() -> Command {
    binary::command(&binary::built("burgee"))
}

/// What the first start finds or makes.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Demo {
    /// A project with flags to play with, and keys for it.
    Yes,
    /// Nothing.
    No,
}

/// How a server is started.
#[derive(Clone)]
pub struct Launch {
    data: PathBuf,
    demo: Demo,
    settings: Vec<(String, String)>,
    launcher: Vec<String>,
}

impl Launch {
    /// A server on the data folder, with the settings that it has by itself.
    pub fn new(data: &Path, demo: Demo) -> Self {
        Self { data: data.to_owned(), demo, settings: Vec::new(), launcher: Vec::new() }
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it by a program that executes its last arguments in its own place.
    #[must_use]
    pub fn through(mut self, launcher: &[&str]) -> Self {
        self.launcher = launcher.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// The command that serves on `listen`.
    pub fn command(&self, listen: &str) -> Command {
        let mut command = burgee();
        if let Some((program, arguments)) = self.launcher.split_first() {
            let burgee = command;
            command = Command::new(program);
            command.args(arguments).arg(burgee.get_program()).stdin(Stdio::null());
            for (name, _) in burgee.get_envs() {
                command.env_remove(name);
            }
        }
        command.args(["serve", "--listen", listen, "--data"]).arg(&self.data);
        command.env("BURGEE_ADMIN_TOKEN", ADMIN_TOKEN).envs(self.settings.iter().cloned());
        if self.demo == Demo::No {
            command.arg("--no-demo");
        }
        command
    }

    /// Starts it and waits until it says that it is ready.
    ///
    /// # Panics
    /// If it does not within 20 s; the message shows what it wrote.
    pub fn start(self) -> Burgee {
        let logs = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let (server, address, started_in) = launch(&mut self.command("127.0.0.1:0"), logs.path());
        Burgee { server, address, started_in, logs, launch: self }
    }
}

/// A running server; killed when dropped.
pub struct Burgee {
    server: Process,
    address: String,
    started_in: Duration,
    logs: TempDir,
    launch: Launch,
}

impl Burgee {
    /// Starts a server on the data folder and waits until it says that it is ready.
    ///
    /// # Panics
    /// If it does not within 20 s; the message shows what it wrote.
    pub fn start(data: &Path, demo: Demo) -> Self {
        Launch::new(data, demo).start()
    }

    /// Starts it again on the same data folder and port, killed or not before.
    ///
    /// # Panics
    /// As `start`.
    pub fn restart(&mut self) {
        self.kill();
        let started = launch(&mut self.launch.command(&self.address), self.logs.path());
        (self.server, self.address, self.started_in) = started;
    }

    /// Ends the process at once, as a power cut would.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Asks the process to end (SIGTERM) and waits for it.
    ///
    /// # Panics
    /// If it does not within 20 s.
    pub fn terminate(&mut self) -> ExitStatus {
        let ended = self.server.end(Signal::TERM, STOP_LIMIT);
        ended.unwrap_or_else(|| panic!("SIGTERM did not end burgee\n{}", written(self.logs.path())))
    }

    /// Sends the process a signal and does not wait.
    pub fn signal(&mut self, signal: Signal) {
        self.server.signal(signal);
    }

    /// How the process ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.server.ended()
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    ///
    /// # Panics
    /// If it did not say so.
    pub fn address(&self) -> SocketAddr {
        self.address.parse().unwrap_or_else(|error| panic!("{:?} is no address: {error}", self.address))
    }

    /// From the start of the process to the line that says it is ready.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// The folder with its data.
    pub fn data(&self) -> &Path {
        &self.launch.data
    }

    /// What it wrote to stdout since it was first started.
    pub fn stdout(&self) -> String {
        fs::read_to_string(self.logs.path().join("stdout")).unwrap_or_default()
    }

    /// What it wrote to stderr, its log, since it was first started.
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.logs.path().join("stderr")).unwrap_or_default()
    }

    /// A client of its admin API that may do everything.
    pub fn admin(&self) -> Admin {
        Admin::new(&self.url(), ADMIN_TOKEN)
    }
}

impl Drop for Burgee {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", written(self.logs.path()));
            return;
        }
        secrets::note(ADMIN_TOKEN);
        let log = self.stderr();
        if let Some(line) = secrets::leak(&log) {
            panic!("a secret is in the log: {line}");
        }
    }
}

fn launch(command: &mut Command, logs: &Path) -> (Process, String, Duration) {
    let stdout = logs.join("stdout");
    let before = fs::read(&stdout).map_or(0, |text| text.len());
    command.stdout(append(&stdout)).stderr(append(&logs.join("stderr")));
    let started = Instant::now();
    let mut server = Process::start(command);
    let address = wait_until(START_LIMIT, || {
        if let Some(status) = server.ended() {
            panic!("burgee ended with {status}\n{}", written(logs));
        }
        let text = fs::read(&stdout).unwrap_or_default();
        let text = String::from_utf8_lossy(text.get(before..)?).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix(READY))?;
        // A line without its end is still being written.
        text.contains(&format!("{line}\n")).then(|| line.trim_start_matches("http://").to_owned())
    });
    let started_in = started.elapsed();
    let address =
        address.unwrap_or_else(|| panic!("burgee was not ready after {started_in:?}\n{}", written(logs)));
    (server, address, started_in)
}

fn append(path: &Path) -> File {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()))
}

fn written(logs: &Path) -> String {
    let read = |name| fs::read_to_string(logs.join(name)).unwrap_or_default();
    format!("burgee wrote to stdout:\n{}and to stderr:\n{}", read("stdout"), read("stderr"))
}
