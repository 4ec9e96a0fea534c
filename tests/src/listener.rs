//! A stream of the server's, read for as long as the test likes, across its restarts.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use model::StreamEvent;
use sse::{Item, Parser};
use ureq::Agent;

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(20);

/// What a client says about what it has, when it comes back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Memory {
    /// `Last-Event-ID`, as browsers do.
    LastEventId,
    /// Nothing, as most SDKs do.
    None,
}

/// Reads a stream in the background and connects again whenever it ends.
pub struct Listener(Arc<Shared>);

struct Shared {
    url: String,
    key: String,
    memory: Memory,
    heard: Mutex<Heard>,
    connections: AtomicU64,
    ended: AtomicBool,
}

/// What a listener has heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The newest event of each object, by identifier.
    pub newest: BTreeMap<String, StreamEvent>,
    /// What the server asked for before it closed: milliseconds until the next attempt.
    pub retries_ms: Vec<u64>,
    /// When streams ended as HTTP says, and not in the middle.
    pub ends: Vec<Instant>,
    /// Events whose version was below one before them in the same stream.
    pub backwards: Vec<StreamEvent>,
}

impl Listener {
    /// Listens to the server at `url` with an SDK key.
    pub fn start(url: &str, key: &str, memory: Memory) -> Self {
        let shared = Arc::new(Shared {
            url: format!("{url}/api/1.0/stream"),
            key: key.to_owned(),
            memory,
            heard: Mutex::default(),
            connections: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let listening = Arc::clone(&shared);
        // It ends with its listener, at the latest with the test's process.
        thread::spawn(move || listening.listen());
        Self(shared)
    }

    /// What it has heard by now.
    pub fn heard(&self) -> Heard {
        self.0.heard().clone()
    }

    /// How often a stream was opened.
    pub fn connections(&self) -> u64 {
        self.0.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    fn listen(&self) {
        let agent: Agent = Agent::config_builder().http_status_as_error(true).proxy(None).build().into();
        let mut last_event_id = String::new();
        while !self.ended.load(Ordering::SeqCst) {
            let mut request = agent.get(&self.url).header("API-Key", &self.key);
            if self.memory == Memory::LastEventId && !last_event_id.is_empty() {
                request = request.header("Last-Event-ID", &last_event_id);
            }
            if let Ok(response) = request.call() {
                self.connections.fetch_add(1, Ordering::SeqCst);
                self.read(response.into_body().into_reader(), &mut last_event_id);
            }
            thread::sleep(PAUSE);
        }
    }

    fn read(&self, mut body: impl Read, last_event_id: &mut String) {
        let mut parser = Parser::default();
        let mut newest = 0;
        let mut bytes = [0; 4096];
        while let Ok(count) = body.read(&mut bytes) {
            if count == 0 {
                self.heard().ends.push(Instant::now());
                return;
            }
            let items = parser.push(bytes.get(..count).unwrap_or_default());
            for item in items.unwrap_or_else(|error| panic!("{error}")) {
                self.hear(item, &mut newest);
            }
            if !parser.last_event_id().is_empty() {
                parser.last_event_id().clone_into(last_event_id);
            }
        }
    }

    fn hear(&self, item: Item, newest: &mut i64) {
        let mut heard = self.heard();
        match item {
            Item::Event(event) => {
                let event: StreamEvent = serde_json::from_str(&event.data)
                    .unwrap_or_else(|error| panic!("{:?} is no event: {error}", event.data));
                if event.version.0 < *newest {
                    heard.backwards.push(event.clone());
                }
                *newest = event.version.0;
                heard.newest.insert(event.identifier.clone(), event);
            }
            Item::Retry(wait) => heard.retries_ms.push(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            Item::Comment(_) => {}
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
