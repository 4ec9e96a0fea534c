//! A relay with everything that it stands on, serving on a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use api::{SdkClaims, TokenKeys};
use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use model::{Domain, EnvironmentUuid, EventKind, FeedEntry, KeyKind, KeyRecord, Target};
use platform::memory::MemoryFeed;
use platform::{ChangeFeed, Clock, Cursor, FeedError, FeedPage, Random};
use sse_relay::{Limits, Parts, Relay, run};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{Client, HEARTBEAT};
use crate::source::FakeSource;
use crate::time::{HandClock, until, within};

/// The key that most tests use, and its environment.
pub(crate) const KEY: &str = "the-key-of-the-tests";
pub(crate) const ENVIRONMENT: &str = "e-1";

/// The longest silence of a stream. Each has its own, a little shorter than ten seconds, and so does not
/// speak in the same moment as the others; the first stream of a [`World`] has this one.
pub(crate) const SILENCE: Duration = Duration::from_millis(9_998);

/// Limits whose times are all different, so that a test can tell who sleeps.
pub(crate) fn limits() -> Limits {
    Limits {
        head_time: Duration::from_secs(6),
        write_time: Duration::from_millis(8_500),
        drain_window: Duration::from_secs(3),
        drain_grace: Duration::from_secs(4),
        ..Limits::default()
    }
}

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) source: Arc<FakeSource>,
    pub(crate) feed: Arc<TestFeed>,
    pub(crate) relay: Arc<Relay>,
    tokens: Arc<TokenKeys>,
    shutdown: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(limits()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let clock = Arc::new(HandClock::default());
        let feed = Arc::new(TestFeed::new(clock.clone()));
        Self::over(clock, feed, limits).await
    }

    /// A relay whose feed is away when it starts.
    pub(crate) async fn without_feed() -> Self {
        let clock = Arc::new(HandClock::default());
        let feed = Arc::new(TestFeed::new(clock.clone()));
        feed.set_away(true);
        Self::over(clock, feed, limits()).await
    }

    async fn over(clock: Arc<HandClock>, feed: Arc<TestFeed>, limits: Limits) -> Self {
        let source = Arc::new(FakeSource::default());
        source.add_key(KEY, ENVIRONMENT);
        let tokens = Arc::new(TokenKeys::parse("k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap());
        let relay = Relay::new(Parts {
            source: source.clone(),
            tokens: tokens.clone(),
            targets: source.clone(),
            feed: feed.clone(),
            clock: clock.clone(),
            random: Arc::new(Counting::default()),
            limits,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, stopped) = oneshot::channel::<()>();
        let stopped = async move { drop(stopped.await) };
        let rest = Router::new().route("/hello", get(async || "hello\n"));
        let server = tokio::spawn(run(listener, relay.clone(), rest, stopped));
        Self { address, clock, source, feed, relay, tokens, shutdown: Some(shutdown), server }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Sends a request and returns the whole answer; the server must close.
    pub(crate) async fn ask(&self, request: &str) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        let answer = client.head().await;
        if answer.contains("200 OK") {
            return answer;
        }
        answer + &client.read_to_end().await
    }

    /// Opens a stream and reads the head and the first heartbeat.
    pub(crate) async fn stream(&self) -> Client {
        self.stream_with("").await
    }

    /// The same with more header lines, each with its line break.
    pub(crate) async fn stream_with(&self, headers: &str) -> Client {
        let mut client = self.connect().await;
        client.send(&request(headers)).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(client.chunk().await, HEARTBEAT);
        client
    }

    /// A token for a key, as `/client/auth` hands it out.
    pub(crate) fn token(&self, record: &KeyRecord) -> String {
        self.tokens.sign(&SdkClaims::new(record, 0)).unwrap()
    }

    /// A token of a client key for a target, as `/client/auth` hands it out. The key is new.
    pub(crate) async fn client_token(&self, key: &str, target: &Target) -> String {
        let record = KeyRecord { kind: KeyKind::Client, ..self.source.add_key(key, ENVIRONMENT) };
        self.source.put_key(record.clone());
        let mut claims = SdkClaims::new(&record, 0);
        client_api::target::into_token(target, &mut claims, &*self.source).await.unwrap();
        self.tokens.sign(&claims).unwrap()
    }

    /// Opens a stream for a target, with a client key of its own.
    pub(crate) async fn browser(&self, target: &Target) -> Client {
        let token = self.client_token(&format!("the-client-key-of-{}", target.identifier), target).await;
        self.browser_with(&format!("Authorization: Bearer {token}\r\n")).await
    }

    /// Opens a stream with these header lines and no others, each with its line break.
    pub(crate) async fn browser_with(&self, headers: &str) -> Client {
        let mut client = self.connect().await;
        client.send(&format!("GET /api/1.0/stream HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(client.chunk().await, HEARTBEAT);
        client
    }

    /// Changes flags: commits one version, and tells the feed.
    pub(crate) async fn patch(&self, flags: &[&str]) -> i64 {
        let events: Vec<_> = flags.iter().map(|flag| (EventKind::Patch, Domain::Flag, *flag)).collect();
        self.publish(ENVIRONMENT, &events).await
    }

    /// Commits one version of an environment, and tells the feed.
    pub(crate) async fn publish(&self, environment: &str, events: &[(EventKind, Domain, &str)]) -> i64 {
        let entry = self.commit(environment, events);
        self.feed.append(entry.clone()).await.unwrap();
        serde_json::from_slice::<FeedEntry>(&entry).unwrap().version.0
    }

    /// Commits one version of an environment; returns what the feed is to be told.
    pub(crate) fn commit(&self, environment: &str, events: &[(EventKind, Domain, &str)]) -> Bytes {
        let at_ms = self.clock.now_ms();
        let (version, events) = self.source.commit(environment, at_ms, events);
        let environment = EnvironmentUuid::from_wire(environment);
        serde_json::to_vec(&FeedEntry { environment, version, at_ms, events }).unwrap().into()
    }

    /// The value of a metric.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = self.relay.metrics_text();
        let value = text.lines().find_map(|line| line.strip_prefix(&format!("burgee_relay_{name} ")));
        value.unwrap_or_else(|| panic!("{name} is not in {text}")).parse().unwrap()
    }

    /// Waits until a metric has a value.
    pub(crate) async fn metric_is(&self, name: &str, value: u64) {
        until(&format!("{name} = {value}"), || self.metric(name) == value).await;
    }

    /// Begins the shutdown.
    pub(crate) fn shut_down(&mut self) {
        self.shutdown.take().unwrap().send(()).unwrap();
    }

    /// Waits until the server is done.
    pub(crate) async fn stopped(self) {
        within("the server's end", self.server).await.unwrap();
    }
}

/// A request for a stream with more header lines, each with its line break.
pub(crate) fn request(headers: &str) -> String {
    format!("GET /stream?cluster=1 HTTP/1.1\r\nHost: x\r\nAPI-Key: {KEY}\r\n{headers}\r\n")
}

/// Chance that tests can foresee: 1, 2, 3 …
#[derive(Default)]
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let next = (self.0.fetch_add(1, Ordering::SeqCst) + 1).to_le_bytes();
        for (byte, next) in bytes.iter_mut().zip(next.into_iter().chain(std::iter::repeat(0))) {
            *byte = next;
        }
    }
}

/// A feed in memory that can be taken away.
pub(crate) struct TestFeed {
    feed: MemoryFeed,
    is_away: AtomicBool,
}

impl TestFeed {
    fn new(clock: Arc<HandClock>) -> Self {
        Self { feed: MemoryFeed::new(clock), is_away: AtomicBool::new(false) }
    }

    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), FeedError> {
        let is_away = self.is_away.load(Ordering::SeqCst);
        if is_away { Err(FeedError("the test took it away".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl ChangeFeed for TestFeed {
    async fn append(&self, entry: Bytes) -> Result<(), FeedError> {
        self.feed.append(entry).await
    }

    async fn position(&self) -> Result<Cursor, FeedError> {
        self.check()?;
        self.feed.position().await
    }

    async fn read_after(&self, cursor: &Cursor, limit: usize, wait: Duration) -> Result<FeedPage, FeedError> {
        self.check()?;
        let page = self.feed.read_after(cursor, limit, wait).await?;
        self.check()?;
        Ok(page)
    }
}
