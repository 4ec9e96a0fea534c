//! What happened, as streams and the change feed tell it.

use serde::{Deserialize, Serialize};

use crate::id::{EnvironmentUuid, Version};

/// What kind of object an event is about.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub enum Domain {
    /// A flag in one environment.
    #[serde(rename = "flag")]
    Flag,
    /// A segment.
    #[serde(rename = "target-segment")]
    Segment,
    /// An SDK key, by its hash. Never sent to SDKs: streams of a deleted key are closed.
    #[serde(rename = "key")]
    Key,
    /// The environment itself. Never sent to SDKs: streams of a deleted environment are closed.
    #[serde(rename = "environment")]
    Environment,
}

/// What happened to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// It is new, or back.
    Create,
    /// It is different.
    Patch,
    /// It is gone.
    Delete,
}

/// One event as SDKs read it in a stream's `data` line.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct StreamEvent {
    /// What happened.
    pub event: EventKind,
    /// To what kind of object.
    pub domain: Domain,
    /// To which.
    pub identifier: String,
    /// The environment's version at which it happened. SDKs drop what is not above what they hold.
    pub version: Version,
}

/// One step of one environment: what the change feed carries, one entry per version.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct FeedEntry {
    /// Which environment.
    pub environment: EnvironmentUuid,
    /// Its new version.
    pub version: Version,
    /// Unix milliseconds of the write.
    pub at_ms: i64,
    /// All events of this version, in the order in which they are to be sent.
    pub events: Vec<StreamEvent>,
}
