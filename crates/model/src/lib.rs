//! The vocabulary of Burgee: flags, variations, targets, segments, snapshots, changes.
//!
//! Values and their JSON form only. Nothing here reads a clock, a file or a socket, so every other
//! crate, the browser module included, can share these types. The reader is lenient (missing fields
//! and `null` become empty), the writer is strict (every field that a stock SDK needs is present and
//! nothing is ever `null`).

mod change;
mod error;
mod flag;
mod flag_config;
mod id;
mod json;
mod key;
mod lenient;
pub mod limits;
mod metrics;
mod segment;
mod snapshot;
mod target;

pub use change::{Domain, EventKind, FeedEntry, StreamEvent};
pub use error::{Error, FieldError, ObjectKind, causes};
pub use flag::{Flag, FlagKind, Prerequisite, Service, Tag, Variation};
pub use flag_config::{
    Clause, Distribution, FlagConfig, FlagState, Serve, ServingRule, VariationMap, WeightedVariation,
};
pub use id::{
    AccountId, EnvironmentId, EnvironmentUuid, FlagId, KeyHash, OrganisationId, ProjectId, ProjectUuid,
    SegmentId, TargetId, VariationId, Version,
};
pub use json::{JsonError, JsonWriter, Stored};
pub use key::{KeyKind, KeyRecord};
pub use metrics::{MetricsJob, ReportedEvaluations};
pub use segment::{GroupRule, Segment};
pub use snapshot::{ObjectChange, SNAPSHOT_FORMAT, Snapshot};
pub use target::{Target, TargetName};
