//! The relay under test: everything that it stands on is in memory, so only the relay is measured.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use api::TokenKeys;
use api::credentials::secret_hash;
use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use client_api::{Changes, Environment, Source, TargetStore};
use model::{
    AccountId, Domain, EnvironmentId, EnvironmentUuid, Error, EventKind, FeedEntry, FlagConfig, KeyHash,
    KeyKind, KeyRecord, ObjectChange, OrganisationId, ProjectId, ProjectUuid, Snapshot, StreamEvent, Version,
};
use platform::memory::MemoryFeed;
use platform::{ChangeFeed, Clock, Random};
use serde_json::json;
use sse_relay::{Limits, Parts, Relay, run};
use tokio::io::{AsyncBufReadExt, BufReader};

/// The server key.
pub(crate) const KEY: &str = "the-key-of-the-bench";
/// The client key.
pub(crate) const BROWSERS_KEY: &str = "the-client-key-of-the-bench";
/// Flags that the environment has; one of them changes.
const FLAGS: usize = 100;
const ENVIRONMENT: &str = "0b9c5d0e-0000-4000-8000-000000000000";

/// Prints the port, then announces a change for each line that comes in, until there are no more.
pub(crate) async fn serve() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let feed = Arc::new(MemoryFeed::new(Arc::clone(&clock)));
    let source = Arc::new(OneEnvironment::default());
    let relay = Relay::new(Parts {
        source: source.clone(),
        tokens: Arc::new(TokenKeys::parse("k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key")),
        targets: source.clone(),
        feed: feed.clone(),
        clock,
        random: Arc::new(Zero),
        limits: Limits { streams_per_key: usize::MAX, streams_per_address: None, ..Limits::default() },
    });
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let listener = socket.listen(4_096).expect("a listener");
    println!("{}", listener.local_addr().expect("an address").port());
    let rest = Router::new().route("/hello", get(async || "hello"));
    let mut commands = BufReader::new(tokio::io::stdin()).lines();
    let publish = async {
        while let Ok(Some(_)) = commands.next_line().await {
            let entry = source.commit();
            let entry = serde_json::to_vec(&entry).expect("an entry is JSON");
            feed.append(entry.into()).await.expect("memory does not fail");
        }
    };
    run(listener, relay, rest, publish).await;
}

/// An environment in which one flag changes.
struct OneEnvironment(Mutex<Arc<Environment>>);

impl Default for OneEnvironment {
    fn default() -> Self {
        let flags = (0..FLAGS).map(|index| flag(&format!("flag-{index}"), Version(0))).collect();
        Self(Mutex::new(Arc::new(Environment::new(Snapshot { flags, ..Snapshot::default() }).0)))
    }
}

impl OneEnvironment {
    fn commit(&self) -> FeedEntry {
        let mut environment = self.0.lock().expect("nobody panics");
        let version = environment.version.next();
        let changed = flag("a_flag_with_a_name_as_long_as_they_are", version);
        let identifier = changed.feature.to_string();
        Arc::make_mut(&mut environment).apply(vec![ObjectChange::Flag(changed)], version);
        let event = StreamEvent { event: EventKind::Patch, domain: Domain::Flag, identifier, version };
        let environment = EnvironmentUuid::from_wire(ENVIRONMENT);
        FeedEntry { environment, version, at_ms: 0, events: vec![event] }
    }

    fn now(&self) -> Arc<Environment> {
        Arc::clone(&self.0.lock().expect("nobody panics"))
    }
}

/// A rollout that serves all targets one value at each second version, and the other at the others.
fn flag(identifier: &str, version: Version) -> FlagConfig {
    let weight = if version.0 % 2 == 0 { 0 } else { 100 };
    let flag = json!({
        "feature": identifier, "state": "on", "kind": "boolean", "offVariation": "off", "version": version,
        "variations": [{ "identifier": "on", "value": "true" }, { "identifier": "off", "value": "false" }],
        "defaultServe": { "distribution": { "bucketBy": "identifier", "variations": [
            { "variation": "on", "weight": weight }, { "variation": "off", "weight": 100 - weight },
        ] } },
    });
    serde_json::from_value(flag).expect("a flag")
}

#[async_trait]
impl Source for OneEnvironment {
    async fn key(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        let kinds = [(KEY, KeyKind::Server), (BROWSERS_KEY, KeyKind::Client)];
        let found = kinds.into_iter().find(|(key, _)| *hash == secret_hash(key));
        Ok(found.map(|(_, kind)| KeyRecord {
            hash: hash.clone(),
            kind,
            expires_ms: None,
            account: AccountId::from_wire("acct"),
            organisation: OrganisationId::from_wire("default"),
            project: ProjectId::from_wire("shop"),
            project_uuid: ProjectUuid::from_wire("p"),
            environment: EnvironmentId::from_wire("dev"),
            environment_uuid: EnvironmentUuid::from_wire(ENVIRONMENT),
        }))
    }

    async fn environment(&self, _: &EnvironmentUuid, _: Version) -> Result<Arc<Environment>, Error> {
        Ok(self.now())
    }

    async fn changes_after(&self, _: &EnvironmentUuid, _: Version) -> Result<Changes, Error> {
        Ok(Changes { version: self.now().version, events: Vec::new() })
    }

    async fn changes_since(&self, environment: &EnvironmentUuid, _: i64) -> Result<Changes, Error> {
        self.changes_after(environment, Version(0)).await
    }
}

#[async_trait]
impl TargetStore for OneEnvironment {
    async fn put(&self, _: &str, _: &str) -> Result<(), Error> {
        Err(Error::internal("no target of the bench is too large for a token"))
    }

    async fn get(&self, _: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        i64::try_from(since.as_millis()).expect("before the end of time")
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// No jitter: every run is the same.
struct Zero;

impl Random for Zero {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}
