//! Our client routes, on a port of this process, over scenarios.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use api::{TokenKeys, credentials};
use async_trait::async_trait;
use axum::Router;
use client_api::{Changes, ClientState, Environment, Source, TargetRegistrar, TargetStore};
use model::{
    AccountId, EnvironmentId, EnvironmentUuid, Error, KeyHash, KeyKind, KeyRecord, ObjectKind,
    OrganisationId, ProjectId, ProjectUuid, Snapshot, Target, Version,
};
use testkit::TestClock;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

const TOKEN_KEYS: &str = "k1:b25lIHNlY3JldCBvZiB0aGlydHktdHdvIGJ5dGVzLi4=";

/// A running server; ended when dropped.
pub(crate) struct Server {
    url: String,
    /// Kept because the server runs on it.
    _runtime: Runtime,
}

impl Server {
    /// Serves each snapshot as an environment of its own.
    pub(crate) fn start<'s>(snapshots: impl Iterator<Item = &'s Snapshot>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = client_api::routes(state(Scenarios::new(snapshots)));
        let router = Router::new().nest("/api/1.0", routes.clone()).merge(routes);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { url, _runtime: runtime }
    }

    /// What an application sets its SDK to.
    pub(crate) fn sdk_url(&self) -> String {
        format!("{}/api/1.0", self.url)
    }

    /// The path below which the environment of that number is read.
    pub(crate) fn environment_url(&self, number: usize) -> String {
        format!("{}/client/env/{}", self.url, environment(number).as_str())
    }

    pub(crate) fn auth_url(&self) -> String {
        format!("{}/client/auth", self.url)
    }
}

/// The clear server key of the environment of that number.
pub(crate) fn key(number: usize) -> String {
    format!("server-key-of-environment-{number}")
}

fn environment(number: usize) -> EnvironmentUuid {
    EnvironmentUuid::from_wire(format!("00000000-0000-4000-8000-{number:012}"))
}

fn state(scenarios: Scenarios) -> ClientState {
    ClientState {
        source: Arc::new(scenarios),
        tokens: Arc::new(TokenKeys::parse(TOKEN_KEYS).unwrap()),
        clock: Arc::new(TestClock::at(1_700_000_000_000)),
        targets: Arc::new(Nowhere),
        registrar: Arc::new(Nowhere),
        registrations_lost: Arc::new(AtomicU64::new(0)),
    }
}

/// Environments by number.
struct Scenarios {
    keys: HashMap<KeyHash, KeyRecord>,
    environments: HashMap<EnvironmentUuid, Arc<Environment>>,
}

impl Scenarios {
    fn new<'s>(snapshots: impl Iterator<Item = &'s Snapshot>) -> Self {
        let mut scenarios = Self { keys: HashMap::new(), environments: HashMap::new() };
        for (number, snapshot) in snapshots.enumerate() {
            let record = record(number);
            scenarios.keys.insert(record.hash.clone(), record);
            let (loaded, _) = Environment::new(snapshot.clone());
            scenarios.environments.insert(environment(number), Arc::new(loaded));
        }
        scenarios
    }
}

fn record(number: usize) -> KeyRecord {
    KeyRecord {
        hash: credentials::secret_hash(&key(number)),
        kind: KeyKind::Server,
        expires_ms: None,
        account: AccountId::from_wire("acme"),
        organisation: OrganisationId::from_wire("default"),
        project: ProjectId::from_wire("differential"),
        project_uuid: ProjectUuid::from_wire("00000000-0000-4000-9000-000000000000"),
        environment: EnvironmentId::from_wire("random"),
        environment_uuid: environment(number),
    }
}

#[async_trait]
impl Source for Scenarios {
    async fn key(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        Ok(self.keys.get(hash).cloned())
    }

    async fn environment(&self, id: &EnvironmentUuid, _: Version) -> Result<Arc<Environment>, Error> {
        let found = self.environments.get(id).cloned();
        found.ok_or_else(|| Error::not_found(ObjectKind::Environment, id))
    }

    async fn changes_after(&self, _: &EnvironmentUuid, _: Version) -> Result<Changes, Error> {
        unreachable!("client routes do not ask for changes")
    }

    async fn changes_since(&self, _: &EnvironmentUuid, _: i64) -> Result<Changes, Error> {
        unreachable!("client routes do not ask for changes")
    }
}

/// Targets are sent with each request here, so none is kept.
struct Nowhere;

#[async_trait]
impl TargetStore for Nowhere {
    async fn put(&self, _: &str, _: &str) -> Result<(), Error> {
        unreachable!("nobody authenticates with a target")
    }

    async fn get(&self, _: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

#[async_trait]
impl TargetRegistrar for Nowhere {
    async fn register(&self, _: &KeyRecord, _: &Target) -> Result<(), Error> {
        unreachable!("nobody authenticates with a target")
    }
}
