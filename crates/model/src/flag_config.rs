//! A flag in one environment: everything that decides what is served, as server SDKs receive it.

use serde::{Deserialize, Deserializer, Serialize};

use crate::flag::{FlagKind, Prerequisite, Variation};
use crate::id::{FlagId, SegmentId, TargetId, VariationId, Version};
use crate::lenient::{self, null_as_default};
use crate::target::TargetName;

/// Whether the rules apply (`on`) or the off variation is served to everybody (`off`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlagState {
    /// Rules and default serve apply.
    On,
    /// The off variation is served.
    #[default]
    Off,
}

/// A flag is on when its state says `on`. Whatever else it says, SDKs serve the off variation.
fn on_or_off<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FlagState, D::Error> {
    let state = lenient::text(deserializer)?;
    Ok(if &*state == "on" { FlagState::On } else { FlagState::Off })
}

/// A flag in one environment. The JSON form is the wire's `FeatureConfig`, whole.
///
/// Stored as the body of an object of kind `flag_config`; its version is the environment's.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagConfig {
    /// The project's identifier.
    #[serde(default, deserialize_with = "null_as_default")]
    pub project: Box<str>,
    /// The environment's identifier (not its UUID).
    #[serde(default, deserialize_with = "null_as_default")]
    pub environment: Box<str>,
    /// The flag's identifier.
    pub feature: FlagId,
    /// On or off.
    #[serde(default, deserialize_with = "on_or_off")]
    pub state: FlagState,
    /// Type of the values.
    #[serde(default, deserialize_with = "null_as_default")]
    pub kind: FlagKind,
    /// What can be served.
    #[serde(default, deserialize_with = "lenient::list")]
    pub variations: Vec<Variation>,
    /// Served when the flag is off or a prerequisite is unmet.
    #[serde(default, deserialize_with = "null_as_default")]
    pub off_variation: VariationId,
    /// Served when nothing more specific matches.
    #[serde(default, deserialize_with = "null_as_default")]
    pub default_serve: Serve,
    /// In order of `priority`, the first that matches serves.
    #[serde(default, deserialize_with = "lenient::list")]
    pub rules: Vec<ServingRule>,
    /// Targets that get a variation by name, before all rules.
    #[serde(default, deserialize_with = "lenient::list")]
    pub variation_to_target_map: Vec<VariationMap>,
    /// Other flags that must serve certain variations.
    #[serde(default, deserialize_with = "lenient::list")]
    pub prerequisites: Vec<Prerequisite>,
    /// The environment's version at which this object last changed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub version: Version,
}

/// What to serve: a variation, or a percentage rollout over several.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Serve {
    /// Serve this variation.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Option::is_none")]
    pub variation: Option<VariationId>,
    /// Serve by bucket.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
}

impl Serve {
    /// Serves one variation to everybody.
    pub fn variation(id: VariationId) -> Self {
        Self { variation: Some(id), distribution: None }
    }

    /// Every variation that this can serve.
    pub fn variations(&self) -> impl Iterator<Item = &VariationId> {
        let weighted = self.distribution.iter().flat_map(|d| d.variations.iter().map(|w| &w.variation));
        self.variation.iter().chain(weighted)
    }
}

/// A percentage rollout: targets fall into 100 buckets by an attribute.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    /// The attribute whose text is hashed; `identifier` by default.
    #[serde(default, deserialize_with = "null_as_default")]
    pub bucket_by: Box<str>,
    /// In order; the weights sum to 100.
    #[serde(default, deserialize_with = "lenient::list")]
    pub variations: Vec<WeightedVariation>,
}

/// A variation's share of a rollout.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct WeightedVariation {
    /// What is served.
    #[serde(default, deserialize_with = "null_as_default")]
    pub variation: VariationId,
    /// Percent.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub weight: i64,
}

/// One rule of a flag: when its clauses match, it serves.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServingRule {
    /// Unique in the flag and environment.
    #[serde(default, deserialize_with = "null_as_default")]
    pub rule_id: Box<str>,
    /// Lower comes first.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub priority: i64,
    /// The admin API stores exactly one `segmentMatch` clause; imports may hold others.
    #[serde(default, deserialize_with = "lenient::list")]
    pub clauses: Vec<Clause>,
    /// What the rule serves.
    #[serde(default, deserialize_with = "null_as_default")]
    pub serve: Serve,
}

/// One condition on a target.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Clause {
    /// Unique in the segment or rule.
    #[serde(default, deserialize_with = "null_as_default")]
    pub id: Box<str>,
    /// The target's attribute; empty for `segmentMatch` (Python never matches otherwise).
    #[serde(default, deserialize_with = "null_as_default")]
    pub attribute: Box<str>,
    /// The operator: `equal`, `starts_with`, `segmentMatch` …
    #[serde(default, deserialize_with = "null_as_default")]
    pub op: Box<str>,
    /// Operands; only `in` and `segmentMatch` look beyond the first.
    #[serde(default, deserialize_with = "lenient::texts")]
    pub values: Vec<Box<str>>,
    /// Carried because Python insists on it; every SDK ignores it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub negate: bool,
}

/// Targets that are served one variation by name.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariationMap {
    /// What they are served.
    #[serde(default, deserialize_with = "null_as_default")]
    pub variation: VariationId,
    /// By identifier.
    #[serde(default, deserialize_with = "lenient::list")]
    pub targets: Vec<TargetName>,
    /// By membership. Written by imports only.
    #[serde(default, deserialize_with = "lenient::list")]
    pub target_segments: Vec<SegmentId>,
}

impl VariationMap {
    /// Whether the target is named here.
    pub fn names(&self, id: &TargetId) -> bool {
        self.targets.iter().any(|target| target.identifier == *id)
    }
}

impl FlagConfig {
    /// The variation of that identifier.
    pub fn variation(&self, id: &VariationId) -> Option<&Variation> {
        self.variations.iter().find(|variation| variation.identifier == *id)
    }

    /// Whether both say the same, whatever their versions.
    pub fn same_but_version(&self, other: &Self) -> bool {
        let mut other = other.clone();
        other.version = self.version;
        *self == other
    }
}
