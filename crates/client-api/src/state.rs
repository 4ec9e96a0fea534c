//! What the routes need from whoever serves them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use api::TokenKeys;
use async_trait::async_trait;
use model::{Error, KeyRecord, Target};
use platform::Clock;

use crate::Source;

/// Everything that the client routes stand on. Cheap to clone.
#[derive(Clone)]
pub struct ClientState {
    /// Keys and environments.
    pub source: Arc<dyn Source>,
    /// Signs and verifies tokens.
    pub tokens: Arc<TokenKeys>,
    /// Time, and the limit on registering a target.
    pub clock: Arc<dyn Clock>,
    /// Targets that are too large for a token.
    pub targets: Arc<dyn TargetStore>,
    /// The list of targets that were seen.
    pub registrar: Arc<dyn TargetRegistrar>,
    /// How many targets were not registered because that failed or took too long.
    pub registrations_lost: Arc<AtomicU64>,
}

/// Keeps targets that do not fit into a token, under the SHA-256 of their JSON.
#[async_trait]
pub trait TargetStore: Send + Sync {
    /// Keeps `json` under `hash`. Repeating it does no harm.
    ///
    /// # Errors
    /// `Unavailable`: the token must not be handed out.
    async fn put(&self, hash: &str, json: &str) -> Result<(), Error>;

    /// What was kept under `hash`.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn get(&self, hash: &str) -> Result<Option<String>, Error>;
}

/// Notes which targets were seen, for people to choose from. Never used to answer a request.
#[async_trait]
pub trait TargetRegistrar: Send + Sync {
    /// Notes that the holder of `key` authenticated for `target`. Whoever calls waits 20 ms at most and
    /// goes on without it, so nothing may depend on it.
    ///
    /// # Errors
    /// Counted, otherwise ignored.
    async fn register(&self, key: &KeyRecord, target: &Target) -> Result<(), Error>;
}
