//! Everything that one environment serves, at one version.

use serde::{Deserialize, Serialize};

use crate::flag_config::FlagConfig;
use crate::id::{FlagId, SegmentId, Version};
use crate::lenient::{self, null_as_default};
use crate::segment::Segment;

/// The form in which snapshots are handed out. A reader that knows this number understands every field.
pub const SNAPSHOT_FORMAT: u32 = 1;

/// All flags and segments of an environment at one version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The environment's version.
    #[serde(default, deserialize_with = "null_as_default")]
    pub version: Version,
    /// Flags that are not archived.
    #[serde(default, deserialize_with = "lenient::list")]
    pub flags: Vec<FlagConfig>,
    /// Segments.
    #[serde(default, deserialize_with = "lenient::list")]
    pub segments: Vec<Segment>,
}

/// One object that is new, different or gone: what brings a snapshot from one version to a later one.
#[derive(Clone, Debug, PartialEq)]
pub enum ObjectChange {
    /// A flag is now this.
    Flag(FlagConfig),
    /// A flag left (archived or deleted).
    FlagGone(FlagId),
    /// A segment is now this.
    Segment(Segment),
    /// A segment left.
    SegmentGone(SegmentId),
}
