//! A database that tests fill, block and break.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use api::credentials::secret_hash;
use async_trait::async_trait;
use client_api::{Changes, Environment, Source, TargetStore};
use model::{
    AccountId, Domain, EnvironmentId, EnvironmentUuid, Error, EventKind, KeyHash, KeyKind, KeyRecord,
    ObjectKind, OrganisationId, ProjectId, ProjectUuid, StreamEvent, Version,
};
use serde_json::{Value, json};
use tokio::sync::RwLock;

/// Keys and changes in memory.
#[derive(Default)]
pub(crate) struct FakeSource {
    state: Mutex<State>,
    /// Keys that are answered although they are gone: a record may be out of date for a second.
    stale_keys: Mutex<HashMap<KeyHash, KeyRecord>>,
    is_away: AtomicBool,
    /// Held by a test that wants the database to take its time.
    pub(crate) gate: RwLock<()>,
    questions: AtomicUsize,
    rules_read: AtomicUsize,
}

#[derive(Default)]
struct State {
    keys: HashMap<KeyHash, KeyRecord>,
    /// What environments serve, as the JSON of a snapshot.
    snapshots: HashMap<EnvironmentUuid, Value>,
    /// Targets that were too large for a token.
    targets: HashMap<String, String>,
    environments: HashMap<EnvironmentUuid, Vec<(i64, StreamEvent)>>,
    versions: HashMap<EnvironmentUuid, Version>,
}

impl FakeSource {
    /// Adds a key, and its environment if it is new.
    pub(crate) fn add_key(&self, key: &str, environment: &str) -> KeyRecord {
        let record = KeyRecord {
            hash: secret_hash(key),
            kind: KeyKind::Server,
            expires_ms: None,
            account: AccountId::from_wire("acct"),
            organisation: OrganisationId::from_wire("default"),
            project: ProjectId::from_wire("shop"),
            project_uuid: ProjectUuid::from_wire("p"),
            environment: EnvironmentId::from_wire("dev"),
            environment_uuid: EnvironmentUuid::from_wire(environment),
        };
        self.put_key(record.clone());
        self.state().versions.entry(record.environment_uuid.clone()).or_insert(Version(1));
        record
    }

    pub(crate) fn put_key(&self, record: KeyRecord) {
        self.state().keys.insert(record.hash.clone(), record);
    }

    /// Commits a change; returns its version and events.
    pub(crate) fn commit(
        &self,
        environment: &str,
        at_ms: i64,
        events: &[(EventKind, Domain, &str)],
    ) -> (Version, Vec<StreamEvent>) {
        let environment = EnvironmentUuid::from_wire(environment);
        let mut state = self.state();
        let version = state.versions.get(&environment).copied().unwrap_or_default().next();
        state.versions.insert(environment.clone(), version);
        let events: Vec<_> = events
            .iter()
            .map(|(event, domain, identifier)| StreamEvent {
                event: *event,
                domain: *domain,
                identifier: (*identifier).to_owned(),
                version,
            })
            .collect();
        let changed = state.environments.entry(environment).or_default();
        for event in &events {
            changed
                .retain(|(_, other)| (other.domain, &other.identifier) != (event.domain, &event.identifier));
            changed.push((at_ms, event.clone()));
        }
        (version, events)
    }

    /// Deletes a key without telling anybody.
    pub(crate) fn remove_key(&self, key: &str) {
        self.state().keys.remove(&secret_hash(key));
    }

    /// Deletes a key, but goes on answering with its record, as a cache may.
    pub(crate) fn remove_key_behind_a_cache(&self, key: &str) {
        let record = self.state().keys.remove(&secret_hash(key)).unwrap();
        self.stale_keys.lock().unwrap().insert(record.hash.clone(), record);
    }

    pub(crate) fn remove_environment(&self, environment: &str) {
        self.state().versions.remove(&EnvironmentUuid::from_wire(environment));
    }

    /// Says what the environment serves from now on. Whoever does so tells the relay next.
    pub(crate) fn serve(&self, environment: &str, snapshot: Value) {
        self.state().snapshots.insert(EnvironmentUuid::from_wire(environment), snapshot);
    }

    /// How often the rules of an environment were read.
    pub(crate) fn rules_read(&self) -> usize {
        self.rules_read.load(Ordering::SeqCst)
    }

    /// The newest version of an environment.
    pub(crate) fn version(&self, environment: &str) -> i64 {
        self.state().versions[&EnvironmentUuid::from_wire(environment)].0
    }

    /// Whether the database answers.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    /// Questions about changes so far.
    pub(crate) fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn available(&self) -> Result<(), Error> {
        let _open = self.gate.read().await;
        if self.is_away.load(Ordering::SeqCst) {
            return Err(Error::Unavailable { message: "the test took the database away", source: None });
        }
        Ok(())
    }

    async fn changes(
        &self,
        environment: &EnvironmentUuid,
        wanted: impl Fn(i64, &StreamEvent) -> bool,
    ) -> Result<Changes, Error> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        self.available().await?;
        // No answer comes at once: others ask meanwhile.
        tokio::task::yield_now().await;
        let state = self.state();
        let version = state.versions.get(environment).copied();
        let version = version.ok_or_else(|| Error::not_found(ObjectKind::Environment, environment))?;
        let events = state.environments.get(environment).into_iter().flatten();
        let events = events.filter(|(at_ms, event)| wanted(*at_ms, event)).map(|(_, event)| StreamEvent {
            event: if event.event == EventKind::Delete { EventKind::Delete } else { EventKind::Patch },
            ..event.clone()
        });
        Ok(Changes { version, events: events.collect() })
    }
}

#[async_trait]
impl Source for FakeSource {
    async fn key(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        self.available().await?;
        let stale = self.stale_keys.lock().unwrap().get(hash).cloned();
        Ok(self.state().keys.get(hash).cloned().or(stale))
    }

    async fn environment(
        &self,
        environment: &EnvironmentUuid,
        at_least: Version,
    ) -> Result<Arc<Environment>, Error> {
        self.rules_read.fetch_add(1, Ordering::SeqCst);
        self.available().await?;
        let state = self.state();
        let version = state.versions.get(environment).copied();
        let version = version.ok_or_else(|| Error::not_found(ObjectKind::Environment, environment))?;
        assert!(version >= at_least, "the relay asks for a version that nobody committed");
        let mut snapshot = state.snapshots.get(environment).cloned().unwrap_or_else(|| json!({}));
        snapshot["version"] = json!(version.0);
        Ok(Arc::new(Environment::new(serde_json::from_value(snapshot).unwrap()).0))
    }

    async fn changes_after(&self, environment: &EnvironmentUuid, version: Version) -> Result<Changes, Error> {
        self.changes(environment, |_, event| event.version > version).await
    }

    async fn changes_since(&self, environment: &EnvironmentUuid, since_ms: i64) -> Result<Changes, Error> {
        self.changes(environment, |at_ms, _| at_ms >= since_ms).await
    }
}

#[async_trait]
impl TargetStore for FakeSource {
    async fn put(&self, hash: &str, json: &str) -> Result<(), Error> {
        self.state().targets.insert(hash.to_owned(), json.to_owned());
        Ok(())
    }

    async fn get(&self, hash: &str) -> Result<Option<String>, Error> {
        self.available().await?;
        Ok(self.state().targets.get(hash).cloned())
    }
}
