//! Lambda's runtime API for one instance: a port of its own, or the open question of a killed instance would
//! swallow the next one's event.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::Outcome;
use super::connection::{Connection, Message};

/// How often a waiting connection looks whether the test goes on.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

const NEXT: &str = "/2018-06-01/runtime/invocation/next";

/// Between the bytes of a streamed answer that come before its body, and the body.
const PRELUDE_END: &[u8] = &[0; 8];

struct Invocation {
    event: String,
    deadline_ms: u128,
}

struct Shared {
    events: Mutex<Receiver<Invocation>>,
    outcomes: Mutex<Sender<Outcome>>,
    /// Questions for an event that wait.
    asked: AtomicUsize,
    ended: AtomicBool,
}

pub(super) struct RuntimeApi {
    address: SocketAddr,
    events: Sender<Invocation>,
    outcomes: Receiver<Outcome>,
    shared: Arc<Shared>,
}

impl RuntimeApi {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.unwrap_or_else(|error| panic!("no port for a runtime API: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        let (events, to_hand_out) = channel();
        let (answered, outcomes) = channel();
        let shared = Arc::new(Shared {
            events: Mutex::new(to_hand_out),
            outcomes: Mutex::new(answered),
            asked: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        // It ends when it is connected to after its test's end.
        thread::spawn(move || serve(&listener, &serving));
        Self { address, events, outcomes, shared }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn is_asked(&self) -> bool {
        self.shared.asked.load(Ordering::SeqCst) > 0
    }

    /// `None` if nothing comes of the event within `limit`.
    pub(super) fn invoke(&self, event: &Value, left: Duration, limit: Duration) -> Option<Outcome> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let invocation = Invocation { event: event.to_string(), deadline_ms: (now + left).as_millis() };
        self.events.send(invocation).ok()?;
        self.outcomes.recv_timeout(limit).ok()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // Wakes whoever accepts; it may have failed already.
    }
}

fn serve(listener: &TcpListener, shared: &Arc<Shared>) {
    for socket in listener.incoming().flatten() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let mut connection = Connection::new(socket);
            while let Some(message) = connection.read() {
                if shared.answer(&mut connection, &message).is_none() {
                    return;
                }
            }
        });
    }
}

impl Shared {
    /// `None` if the connection or the test is over.
    fn answer(&self, connection: &mut Connection, message: &Message) -> Option<()> {
        if message.path == NEXT {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let invocation = self.next();
            self.asked.fetch_sub(1, Ordering::SeqCst);
            let Invocation { event, deadline_ms } = invocation?;
            let deadline = format!("Lambda-Runtime-Deadline-Ms: {deadline_ms}");
            let head = ["Lambda-Runtime-Aws-Request-Id: 1", &deadline, "Lambda-Runtime-Trace-Id: Root=1-1"];
            return connection.write(200, &head, event.as_bytes());
        }
        let outcome = outcome(message);
        // First, or a test could invoke again before this invocation is over.
        connection.write(202, &[], b"")?;
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).send(outcome).ok()
    }

    fn next(&self) -> Option<Invocation> {
        loop {
            let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
            match events.recv_timeout(LOOK_AGAIN) {
                Ok(invocation) => return Some(invocation),
                Err(RecvTimeoutError::Timeout) if !self.ended.load(Ordering::SeqCst) => {}
                Err(_) => return None,
            }
        }
    }
}

fn outcome(message: &Message) -> Outcome {
    let json = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}: {text:?}", message.path))
    };
    if message.path.ends_with("/error") {
        return Outcome::Error(json(&message.body));
    }
    if message.header("lambda-runtime-function-response-mode") != Some("streaming") {
        return Outcome::Answer(json(&message.body));
    }
    let end = message.body.windows(PRELUDE_END.len()).position(|bytes| bytes == PRELUDE_END);
    let end = end.unwrap_or_else(|| panic!("a streamed answer without a prelude"));
    let (prelude, rest) = message.body.split_at(end);
    Outcome::Stream(json(prelude), rest.get(PRELUDE_END.len()..).unwrap_or_default().to_vec())
}
