//! Where client answers come from.

use std::sync::Arc;

use async_trait::async_trait;
use model::{EnvironmentUuid, Error, KeyHash, KeyRecord, ObjectKind, Snapshot, StreamEvent, Version};

use crate::Environment;

/// What changed in an environment after some version or time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changes {
    /// The environment's version, read by the same statement: nothing up to it is missing.
    pub version: Version,
    /// The newest event of each changed object (`patch` or `delete`), in the order of their versions.
    pub events: Vec<StreamEvent>,
}

/// An environment as it was last known.
#[derive(Clone, Debug)]
pub struct Known {
    /// The environment.
    pub environment: Arc<Environment>,
    /// How long ago it was known to be the newest, in milliseconds; `None` if it is.
    pub age_ms: Option<i64>,
}

/// Keys, environments and changes, never older than what was announced.
#[async_trait]
pub trait Source: Send + Sync {
    /// The key with that hash, if it is alive; at most a second old.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be known; never `None` by mistake.
    async fn key(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, Error>;

    /// The environment at `at_least` or later, and never older than what streams have announced.
    ///
    /// # Errors
    /// `NotFound` if there is no such environment, `Unavailable` if it cannot be read in time.
    async fn environment(
        &self,
        environment: &EnvironmentUuid,
        at_least: Version,
    ) -> Result<Arc<Environment>, Error>;

    /// The same; or, while no store can say what is newest, what was the newest when one last could. For
    /// readers to whom something old is better than nothing, and who pass on how old it is.
    ///
    /// # Errors
    /// As [`Source::environment`].
    async fn last_known(&self, environment: &EnvironmentUuid, at_least: Version) -> Result<Known, Error> {
        let environment = self.environment(environment, at_least).await?;
        Ok(Known { environment, age_ms: None })
    }

    /// What the environment was at a version that it has reached.
    ///
    /// # Errors
    /// As [`Source::environment`]; `NotFound` also where earlier versions are not kept.
    async fn snapshot_at(&self, _environment: &EnvironmentUuid, version: Version) -> Result<Snapshot, Error> {
        Err(Error::not_found(ObjectKind::Snapshot, version))
    }

    /// What changed after `version`, from the primary.
    ///
    /// # Errors
    /// As [`Source::environment`].
    async fn changes_after(&self, environment: &EnvironmentUuid, version: Version) -> Result<Changes, Error>;

    /// What changed at or after a time (Unix milliseconds), from the primary.
    ///
    /// # Errors
    /// As [`Source::environment`].
    async fn changes_since(&self, environment: &EnvironmentUuid, since_ms: i64) -> Result<Changes, Error>;
}
