//! Segments (the wire says target groups): named sets of targets in one environment.

use serde::{Deserialize, Serialize};

use crate::flag::Tag;
use crate::flag_config::Clause;
use crate::id::{SegmentId, Version};
use crate::lenient::{self, null_as_default};
use crate::target::TargetName;

/// A named set of targets: listed, excluded, or described by clauses.
///
/// Stored as the body of an object of kind `segment`; its version is the environment's.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    /// Unique in the environment; never changes.
    pub identifier: SegmentId,
    /// For people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: Box<str>,
    /// Labels.
    #[serde(default, deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// Members by name.
    #[serde(default, deserialize_with = "lenient::list")]
    pub included: Vec<TargetName>,
    /// Never members, whatever the rules say.
    #[serde(default, deserialize_with = "lenient::list")]
    pub excluded: Vec<TargetName>,
    /// Old form: any clause makes a member. Ignored when `serving_rules` is not empty.
    #[serde(default, deserialize_with = "lenient::list")]
    pub rules: Vec<Clause>,
    /// New form: any rule whose clauses all match makes a member.
    #[serde(default, deserialize_with = "lenient::list")]
    pub serving_rules: Vec<GroupRule>,
    /// Unix milliseconds.
    #[serde(default, deserialize_with = "null_as_default")]
    pub created_at: i64,
    /// Unix milliseconds.
    #[serde(default, deserialize_with = "null_as_default")]
    pub modified_at: i64,
    /// The environment's version at which this object last changed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub version: Version,
}

/// Clauses that must all match.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRule {
    /// Unique in the segment. Python insists on it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub rule_id: Box<str>,
    /// Lower comes first; any match decides, so the order only matters to people.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub priority: i64,
    /// All must match; an empty list matches nobody.
    #[serde(default, deserialize_with = "lenient::list")]
    pub clauses: Vec<Clause>,
}
