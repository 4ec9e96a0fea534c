//! Keys, environments and changes for readers: the database, the cache and the freshness rule.
//!
//! The rule: nobody who heard of version *n* is answered from before *n*. The cache key `v:{environment}`
//! holds the newest version that anybody was told of; an environment in memory is served only if it has
//! reached that version, otherwise what changed since is read from the primary first. So memory and cache
//! can be late, never wrong.

mod dependants;
mod environments;
mod keys;
mod token_keys;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use client_api::{Changes, Environment, Known, Source};
use model::{EnvironmentUuid, Error, KeyHash, KeyRecord, ObjectKind, Snapshot, Version};
use platform::Platform;

pub use token_keys::{TOKEN_KEYS, token_keys};

use environments::Environments;
use keys::Keys;

/// How long the stores may take while there is something that was last known.
const STORES_TIME: Duration = Duration::from_secs(1);

const STORES_AWAY: Error = Error::Unavailable { message: "the stores do not answer", source: None };

/// Reads for SDKs, on the database and the cache of a platform. Cheap to share, one per process.
pub struct Delivery {
    platform: Platform,
    keys: Keys,
    environments: Environments,
}

impl Delivery {
    /// Readers on that platform, with nothing in memory yet. While the stores are away nothing is answered.
    pub fn new(platform: Platform) -> Self {
        Self::outliving(platform, Duration::ZERO)
    }

    /// The same, but while no store answers, keys are admitted and environments handed out as they were
    /// last known, until `age_max` after that.
    pub fn outliving(platform: Platform, age_max: Duration) -> Self {
        Self { platform, keys: Keys::new(age_max), environments: Environments::new(age_max) }
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
        let Known { environment, age_ms } = self.last_known(environment, at_least).await?;
        match age_ms {
            None => Ok(environment),
            Some(_) => Err(STORES_AWAY),
        }
    }

    async fn last_known(&self, environment: &EnvironmentUuid, at_least: Version) -> Result<Known, Error> {
        self.environments.get(&self.platform, environment, at_least).await
    }

    async fn snapshot_at(&self, environment: &EnvironmentUuid, version: Version) -> Result<Snapshot, Error> {
        store::snapshot_at(&*self.platform.db, environment, version).await
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
            // A stream will tell of these, perhaps before whoever committed them has announced them.
            store::announce(&self.platform, environment, version).await?;
            let environment = self.environment(environment, version).await?;
            dependants::add(&mut events, &environment);
        }
        Ok(Changes { version, events })
    }
}
