//! Keys, environments and changes for readers: the database, the cache and the freshness rule.
//!
//! The rule: nobody who heard of version *n* is answered from before *n*. The cache key `v:{environment}`
//! holds the newest version that anybody was told of; an environment in memory is served only if it has
//! reached that version, otherwise what changed since is read from the primary first. So memory and cache
//! can be late, never wrong.

mod dependants;
mod environments;
mod keys;

use std::sync::Arc;

use async_trait::async_trait;
use client_api::{Changes, Environment, Source};
use model::{EnvironmentUuid, Error, KeyHash, KeyRecord, ObjectKind, Version};
use platform::Platform;

use environments::Environments;
use keys::Keys;

/// Reads for SDKs, on the database and the cache of a platform. Cheap to share, one per process.
pub struct Delivery {
    platform: Platform,
    keys: Keys,
    environments: Environments,
}

impl Delivery {
    /// Readers on that platform, with nothing in memory yet.
    pub fn new(platform: Platform) -> Self {
        Self { platform, keys: Keys::default(), environments: Environments::default() }
    }
}

#[async_trait]
impl Source for Delivery {
    async fn key(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        self.keys.get(&self.platform, hash).await
    }

    async fn environment(
        &self,
        environment: &EnvironmentUuid,
        at_least: Version,
    ) -> Result<Arc<Environment>, Error> {
        self.environments.get(&self.platform, environment, at_least).await
    }

    async fn changes_after(&self, environment: &EnvironmentUuid, version: Version) -> Result<Changes, Error> {
        self.changes(environment, version, 0).await
    }

    async fn changes_since(&self, environment: &EnvironmentUuid, since_ms: i64) -> Result<Changes, Error> {
        self.changes(environment, Version(0), since_ms).await
    }
}

impl Delivery {
    async fn changes(
        &self,
        environment: &EnvironmentUuid,
        version: Version,
        since_ms: i64,
    ) -> Result<Changes, Error> {
        let changed = store::change_events(&*self.platform.db, environment, version, since_ms).await?;
        let (version, mut events) =
            changed.ok_or_else(|| Error::not_found(ObjectKind::Environment, environment))?;
        if !events.is_empty() {
            let environment = self.environments.get(&self.platform, environment, version).await?;
            dependants::add(&mut events, &environment);
        }
        Ok(Changes { version, events })
    }
}
