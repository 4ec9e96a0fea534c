//! Functions as Lambda runs them: real processes that ask a runtime API for events, which a test gives them.

mod connection;
mod front;
mod runtime_api;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary;
use crate::deadline::wait_until;
use crate::exchange::{Asked, Told};
use crate::process::Process;
pub use front::{Front, sample};
use runtime_api::RuntimeApi;

/// No invocation of a test takes this long.
const INVOCATION_LIMIT: Duration = Duration::from_secs(20);

/// How an invocation ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// With an answer in one piece.
    Answer(Value),
    /// With an answer piece by piece: what comes before the body, and the body.
    Stream(Value, Vec<u8>),
    /// With an error, which Lambda hands to whoever invoked.
    Error(Value),
}

/// One instance of a function; killed when dropped.
pub struct Lambda {
    process: Process,
    api: RuntimeApi,
    logs: TempDir,
    started: Instant,
}

impl Lambda {
    /// Starts the program of that name with these settings and nothing else of ours.
    pub fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        Self::run(&binary::built(program), settings)
    }

    /// Starts the program at `path`.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn run(path: &Path, settings: &[(&str, &str)]) -> Self {
        let logs = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let api = RuntimeApi::start();
        let mut command = binary::command(path);
        set_up(&mut command, &api.address().to_string());
        command.envs(settings.iter().copied());
        let log = File::create(logs.path().join("log")).unwrap_or_else(|error| panic!("no log: {error}"));
        let started = Instant::now();
        let process = Process::start(command.stderr(log));
        Self { process, api, logs, started }
    }

    /// Hands it an event and waits for what comes of it.
    ///
    /// # Panics
    /// If nothing does within 20 s; the message shows what it wrote.
    pub fn invoke(&mut self, event: &Value) -> Outcome {
        self.invoke_within(event, INVOCATION_LIMIT)
    }

    /// The same with so much time until Lambda's deadline.
    pub fn invoke_within(&mut self, event: &Value, left: Duration) -> Outcome {
        let outcome = self.api.invoke(event, left, INVOCATION_LIMIT);
        outcome.unwrap_or_else(|| panic!("no answer to {event}\n{}", self.log()))
    }

    /// Sends a request through `front` and reads its answer as a client would.
    ///
    /// # Panics
    /// If the invocation ends with an error.
    pub fn ask(&mut self, front: Front, asked: &Asked) -> Told {
        match self.invoke(&front.event(asked)) {
            Outcome::Error(error) => panic!("{asked:?}: {error}\n{}", self.log()),
            outcome => front.told(outcome),
        }
    }

    /// Waits until it asks for an event and has none: Lambda may freeze it then.
    ///
    /// # Panics
    /// If it does not within 20 s.
    pub fn wait_until_idle(&mut self) {
        let idle = wait_until(INVOCATION_LIMIT, || self.api.is_asked().then_some(()));
        assert!(idle.is_some(), "it asks for no event\n{}", self.log());
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// If it does not within 20 s.
    pub fn wait_until_ended(&mut self) -> ExitStatus {
        let ended = wait_until(INVOCATION_LIMIT, || self.process.ended());
        ended.unwrap_or_else(|| panic!("it goes on\n{}", self.log()))
    }

    /// When its process was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Its process's id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        fs::read_to_string(self.logs.path().join("log")).unwrap_or_default()
    }
}

/// What Lambda tells a process about itself.
fn set_up(command: &mut Command, runtime_api: &str) {
    command.envs([
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_LAMBDA_FUNCTION_NAME", "burgee"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "burgee"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "burgee"),
    ]);
}
