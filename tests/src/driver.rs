//! A program that a test talks to in lines of JSON: calls to its stdin, answers and events from its stdout.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::deadline::wait_for;
use crate::process::Process;

/// A line that the program printed by itself.
pub struct Event {
    /// When the line had been read here.
    pub at: Instant,
    /// The line.
    pub body: Value,
}

/// A running program; ended when dropped.
pub struct Driver {
    process: Process,
    /// `None` once closed.
    stdin: Option<ChildStdin>,
    lines: Receiver<Event>,
    events: VecDeque<Event>,
    errors: Arc<Mutex<String>>,
    calls: u64,
}

impl Driver {
    /// Starts the program.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(command);
        let (Some(stdin), Some(stdout), Some(stderr)) = process.take_pipes() else {
            panic!("{command:?} was started without pipes")
        };
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let at = Instant::now();
                let body = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(Event { at, body }).is_err() {
                    return;
                }
            }
        });
        let errors = Arc::new(Mutex::new(String::new()));
        let kept = errors.clone();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Self { process, stdin: Some(stdin), lines, events: VecDeque::new(), errors, calls: 0 }
    }

    /// Calls a method of what the program drives and waits for its answer: `Err` is what it threw.
    ///
    /// # Panics
    /// If no answer comes within `limit`.
    pub fn call(&mut self, method: &str, arguments: &Value, limit: Duration) -> Result<Value, String> {
        self.calls += 1;
        let id = self.calls;
        let call = json!({ "id": id, "call": method, "arguments": arguments });
        let sent = self.stdin.as_mut().is_some_and(|stdin| writeln!(stdin, "{call}").is_ok());
        assert!(sent, "{method} cannot be called, the program has ended\n{}", self.errors());
        let deadline = Instant::now() + limit;
        loop {
            let line = self.next_line(deadline, &format!("an answer to {method}"));
            if line.body.get("id").and_then(Value::as_u64) != Some(id) {
                self.events.push_back(line);
            } else if let Some(error) = line.body.get("error") {
                return Err(error.as_str().unwrap_or("no text").to_owned());
            } else {
                return Ok(line.body.get("result").cloned().unwrap_or(Value::Null));
            }
        }
    }

    /// The next event for which `wanted` holds; those before it are forgotten.
    ///
    /// # Panics
    /// If none comes within `limit`; the message names `what` was awaited.
    pub fn event(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Event {
        let deadline = Instant::now() + limit;
        loop {
            let event = self.events.pop_front().unwrap_or_else(|| self.next_line(deadline, what));
            if wanted(&event.body) {
                return event;
            }
        }
    }

    /// Forgets the events so far.
    pub fn forget_events(&mut self) {
        self.events.clear();
        while self.lines.try_recv().is_ok() {}
    }

    /// Closes the program's stdin and waits for it to end by itself.
    ///
    /// # Panics
    /// If it does not end within `limit`, or not with success.
    pub fn finish(mut self, limit: Duration) {
        self.stdin = None;
        let status = wait_for("the program to end", limit, || self.process.ended());
        assert!(status.success(), "the program ended with {status}\n{}", self.errors());
    }

    fn next_line(&self, deadline: Instant, what: &str) -> Event {
        match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("no {what} in time\n{}", self.errors()),
            Err(RecvTimeoutError::Disconnected) => panic!("the program ended\n{}", self.errors()),
        }
    }

    fn errors(&self) -> String {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
