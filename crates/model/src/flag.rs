//! A flag as its project knows it: what it is, not what it serves where.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{FlagId, VariationId};
use crate::lenient::{self, null_as_default};

/// The type of a flag's values. Numbers are `int` on every wire, also fractional ones.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlagKind {
    /// `true` or `false`.
    #[default]
    Boolean,
    /// A number, integral or not.
    #[serde(alias = "number")]
    Int,
    /// Any text.
    String,
    /// A JSON object as text.
    Json,
}

impl FlagKind {
    /// The kind as it is spelt on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::String => "string",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for FlagKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One of the values that a flag can serve. The value is always text, whatever the kind.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Variation {
    /// Unique in the flag.
    #[serde(default, deserialize_with = "null_as_default")]
    pub identifier: VariationId,
    /// For people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: Box<str>,
    /// Why it exists; left out when empty.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "str::is_empty")]
    pub description: Box<str>,
    /// `"true"`, `"3.14"`, `"{\"a\":1}"`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub value: Box<str>,
}

/// Another flag that must serve one of some variations, else this flag serves its off variation.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Prerequisite {
    /// The other flag.
    #[serde(default, deserialize_with = "null_as_default")]
    pub feature: FlagId,
    /// Identifiers (not values) of its variations.
    #[serde(default, deserialize_with = "lenient::list")]
    pub variations: Vec<VariationId>,
}

/// A label for filtering.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// For people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Unique in the project. Python SDKs insist on it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub identifier: String,
}

/// A monitored service that a flag is said to concern. Kept and returned, otherwise unused.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Unique in the flag.
    pub identifier: String,
    /// For people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
}

/// A flag in its project: everything that is the same in every environment.
///
/// Stored as the body of an object of kind `flag`; its version is the project's revision.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flag {
    /// Unique in the project; never changes.
    pub identifier: FlagId,
    /// For people.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Type of the values; never changes.
    pub kind: FlagKind,
    /// At least two.
    pub variations: Vec<Variation>,
    /// What a new environment serves when the flag is on.
    pub default_on_variation: VariationId,
    /// What a new environment serves when the flag is off.
    pub default_off_variation: VariationId,
    /// Other flags that must serve certain variations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<Prerequisite>,
    /// Left out of stale-flag detection.
    #[serde(default)]
    pub permanent: bool,
    /// Left out of every client's answer.
    #[serde(default)]
    pub archived: bool,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Monitored services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds of the last change to this part of the flag.
    pub modified_at: i64,
}

impl Flag {
    /// The variation of that identifier.
    pub fn variation(&self, id: &VariationId) -> Option<&Variation> {
        self.variations.iter().find(|variation| variation.identifier == *id)
    }
}
