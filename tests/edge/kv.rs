//! Stands in for Cloudflare's KV: its HTTP API, and what a Worker's binding speaks. It keeps KV's rule of one write a
//! second for each key, notes every attempt, and has the faults that it is told to have.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

pub(crate) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const NAMESPACE: &str = "fedcba9876543210fedcba9876543210";
pub(crate) const TOKEN: &str = "a-token-of-cloudflares-0123456789";

/// KV allows one write of a key in this time.
const WRITE_INTERVAL: Duration = Duration::from_secs(1);

/// What goes wrong with a write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is answered so and not done.
    Refused(u16),
    /// It is answered 429 with as many seconds in `Retry-After` and not done.
    Busy(u64),
    /// It is not done, and the connection ends within the answer.
    Dropped,
    /// It is done, and the connection ends within the answer.
    DroppedAfterwards,
    /// It is done when the test says so.
    Held,
}

/// A running KV; ended when dropped.
pub(crate) struct Kv {
    shared: Arc<Shared>,
    address: SocketAddr,
    _runtime: Runtime,
}

struct Shared {
    kept: Mutex<Kept>,
    /// One permit for each held write that may go on.
    released: Semaphore,
}

#[derive(Default)]
struct Kept {
    values: BTreeMap<String, Entry>,
    attempts: Vec<Attempt>,
    faults: VecDeque<Fault>,
    under_way: usize,
    most_under_way: usize,
}

/// A value and what is known beside it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) text: String,
    pub(crate) metadata: Value,
}

/// A write through the API, done or not.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) key: String,
    pub(crate) metadata: Value,
    pub(crate) status: u16,
    pub(crate) at: Instant,
}

impl Kv {
    /// Starts an empty one on a port of its own.
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared { kept: Mutex::default(), released: Semaphore::new(0) });
        let api = "/client/v4/accounts/{account}/storage/kv/namespaces/{namespace}";
        let router = Router::new()
            .route(&format!("{api}/values/{{key}}"), axum::routing::put(write))
            .route(&format!("{api}/metadata/{{key}}"), get(metadata))
            .route("/{key}", get(bound_read).put(bound_write))
            .layer(DefaultBodyLimit::disable())
            .with_state(shared.clone());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { shared, address, _runtime: runtime }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The next writes go wrong, one after the other.
    pub(crate) fn break_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.kept().faults.extend(faults);
    }

    /// Lets the write that is held go on.
    pub(crate) fn release(&self) {
        self.shared.released.add_permits(1);
    }

    /// What is kept for an environment.
    pub(crate) fn snapshot(&self, environment: &str) -> Option<Entry> {
        self.shared.kept().values.get(&format!("snapshot:{environment}")).cloned()
    }

    /// Whether an SDK key is known.
    pub(crate) fn has_key(&self) -> bool {
        self.shared.kept().values.keys().any(|key| key.starts_with("key:"))
    }

    /// Puts a value there, as others do.
    pub(crate) fn put_snapshot(&self, environment: &str, text: &str, metadata: Value) {
        let entry = Entry { text: text.to_owned(), metadata };
        self.shared.kept().values.insert(format!("snapshot:{environment}"), entry);
    }

    /// Every write through the API so far, in the order in which they ended.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.shared.kept().attempts.clone()
    }

    /// The writes that are being answered now.
    pub(crate) fn under_way(&self) -> usize {
        self.shared.kept().under_way
    }

    /// The most writes that were ever being answered at once.
    pub(crate) fn most_under_way(&self) -> usize {
        self.shared.kept().most_under_way
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a write: what will go wrong with it.
    fn begin(&self) -> Option<Fault> {
        let mut kept = self.kept();
        kept.under_way += 1;
        kept.most_under_way = kept.most_under_way.max(kept.under_way);
        kept.faults.pop_front()
    }

    /// Ends a write: does it, unless KV would not.
    fn end(&self, key: &str, entry: Entry, refused: Option<u16>) -> u16 {
        let mut kept = self.kept();
        let now = Instant::now();
        let mut done = kept.attempts.iter().rev().filter(|attempt| attempt.status == 200);
        let too_soon = done.any(|attempt| attempt.key == key && now - attempt.at < WRITE_INTERVAL);
        let status = refused.unwrap_or(if too_soon { 429 } else { 200 });
        let metadata = entry.metadata.clone();
        if status == 200 {
            kept.values.insert(key.to_owned(), entry);
        }
        kept.attempts.push(Attempt { key: key.to_owned(), metadata, status, at: now });
        kept.under_way -= 1;
        status
    }
}

type Place = Path<(String, String, String)>;

async fn write(
    State(shared): State<Arc<Shared>>,
    place: Place,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let Path((account, namespace, key)) = place;
    let entry = read(form).await;
    let fault = shared.begin();
    if matches!(fault, Some(Fault::Held)) {
        shared.released.acquire().await.unwrap().forget();
    }
    let refused = match fault {
        Some(Fault::Refused(status)) => Some(status),
        Some(Fault::Busy(_)) => Some(429),
        Some(Fault::Dropped) => Some(500),
        _ if !is_known(&headers) => Some(403),
        _ if (account.as_str(), namespace.as_str()) != (ACCOUNT, NAMESPACE) => Some(404),
        _ => None,
    };
    let status = shared.end(&key, entry, refused);
    match fault {
        Some(Fault::Dropped | Fault::DroppedAfterwards) => broken_off(),
        Some(Fault::Busy(seconds)) => {
            ([("retry-after", seconds.to_string())], envelope(429, &Value::Null)).into_response()
        }
        _ => envelope(status, &Value::Null),
    }
}

async fn read(mut form: Multipart) -> Entry {
    let mut parts = BTreeMap::new();
    while let Some(part) = form.next_field().await.unwrap() {
        parts.insert(part.name().unwrap().to_owned(), part.text().await.unwrap());
    }
    let metadata = parts.remove("metadata").map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
    Entry { text: parts.remove("value").unwrap(), metadata }
}

async fn metadata(State(shared): State<Arc<Shared>>, place: Place, headers: HeaderMap) -> Response {
    let Path((.., key)) = place;
    match shared.kept().values.get(&key) {
        _ if !is_known(&headers) => envelope(403, &Value::Null),
        Some(entry) => envelope(200, &entry.metadata),
        None => envelope(404, &Value::Null),
    }
}

async fn bound_read(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    match shared.kept().values.get(&key) {
        Some(entry) => entry.text.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn bound_write(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    text: String,
) {
    let metadata =
        headers.get("cf-kv-metadata").map(|value| serde_json::from_slice(value.as_bytes()).unwrap());
    shared.kept().values.insert(key, Entry { text, metadata: metadata.unwrap_or_default() });
}

fn is_known(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value.as_bytes() == format!("Bearer {TOKEN}").as_bytes())
}

fn envelope(status: u16, result: &Value) -> Response {
    let errors =
        if status == 200 { json!([]) } else { json!([{"code": 10_000, "message": "as the test wants it"}]) };
    let body = json!({"success": status == 200, "errors": errors, "messages": [], "result": result});
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}

/// An answer whose connection ends before it does.
fn broken_off() -> Response {
    let pieces = [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("as the test wants it"))];
    Body::from_stream(futures_util::stream::iter(pieces)).into_response()
}
