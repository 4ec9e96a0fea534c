//! An SDK as the published ones are: it loads everything once, then believes its stream.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use client_api::Environment;
use model::{EventKind, StreamEvent, Version};
use sse::{Item, Parser};
use testkit::simulation::Universe;

use super::fleet::{Fleet, Instance};
use super::truth::{Flags, Truth};

/// How long an SDK waits before it connects again, and before it asks again.
const RECONNECT_MS_MAX: u64 = 5_000;
const RETRY: Duration = Duration::from_millis(500);

/// One SDK.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: &'static str,
    pub(crate) universe: Universe,
    pub(crate) fleet: Fleet,
    pub(crate) truth: Truth,
    /// Whether it says where it was when it connects again, as browsers do.
    pub(crate) remembers: bool,
    /// Whether the cache takes whatever it is told in this run.
    is_cache_reliable: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    held: Flags,
    /// The newest version that it has heard of, from whomever.
    heard: Version,
    /// The newest version that each process has answered with.
    answered: BTreeMap<u64, Version>,
    /// The newest version that its streams have sent.
    streamed: Option<Version>,
}

impl Client {
    pub(crate) fn new(name: &'static str, universe: &Universe, fleet: &Fleet, truth: &Truth) -> Self {
        Self {
            name,
            universe: universe.clone(),
            fleet: fleet.clone(),
            truth: truth.clone(),
            remembers: universe.below(3) == 0,
            is_cache_reliable: universe.faults().fail == 0,
            state: Arc::default(),
        }
    }

    /// The flags that it would evaluate with.
    pub(crate) fn held(&self) -> Flags {
        self.state().held.clone()
    }

    /// Lives for ever.
    pub(crate) async fn run(self) {
        let environment = self.ask("at first").await;
        let flags = environment.flags.iter();
        self.state().held = flags.map(|(id, flag)| (id.to_string(), flag.version)).collect();
        loop {
            self.stream().await;
            self.universe.sleep(Duration::from_millis(self.universe.below(RECONNECT_MS_MAX))).await;
        }
    }

    async fn stream(&self) {
        let Some(instance) = self.fleet.any(&self.universe) else { return };
        let last_event_id = self.state().streamed.filter(|_| self.remembers);
        let mut stream = instance.listen(last_event_id);
        let mut parser = Parser::default();
        let mut newest = Version(0);
        while let Some(bytes) = stream.recv().await {
            for item in parser.push(&bytes).unwrap() {
                let Item::Event(event) = item else { continue };
                let id = event.id.parse().map(Version).ok();
                let event: StreamEvent = serde_json::from_str(&event.data).unwrap();
                self.truth
                    .check(event.version >= newest, || format!("{}: {event:?} after {newest}", self.name));
                newest = newest.max(event.version);
                self.hear(&event).await;
                let mut state = self.state();
                state.streamed = id.max(state.streamed);
            }
        }
    }

    async fn hear(&self, event: &StreamEvent) {
        self.truth.known().events += 1;
        {
            let mut state = self.state();
            state.heard = state.heard.max(event.version);
            if event.event == EventKind::Delete {
                // Whatever its version: this is why a late delete is worse than a late patch.
                state.held.remove(&event.identifier);
                return;
            }
            if state.held.get(&event.identifier).is_some_and(|held| *held >= event.version) {
                return;
            }
        }
        let environment = self.ask(&event.identifier).await;
        let found = environment.flags.get(event.identifier.as_str());
        if let Some(flag) = found {
            self.state().held.insert(event.identifier.clone(), flag.version);
        }
    }

    /// Asks any instance until one answers. What it says must not be older than what was heard before.
    async fn ask(&self, what: &str) -> Arc<Environment> {
        loop {
            if let Some(instance) = self.fleet.any(&self.universe)
                && let Some(environment) = instance.read().await
            {
                self.answered(&instance, environment.version, what);
                return environment;
            }
            self.universe.sleep(RETRY).await;
        }
    }

    fn answered(&self, instance: &Instance, version: Version, what: &str) {
        let mut state = self.state();
        let before = state.answered.insert(instance.id(), version).unwrap_or_default();
        // What one process read is news to the others only if it could tell the cache.
        let heard = state.heard.max(before);
        if self.is_cache_reliable {
            state.heard = state.heard.max(version);
        }
        drop(state);
        self.truth.check(version >= heard, || {
            let name = self.name;
            format!("{name} asked for {what} and was answered from {version} after it had heard of {heard}")
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
