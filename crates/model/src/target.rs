//! Targets: whom a flag is evaluated for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::TargetId;
use crate::lenient::null_as_default;

/// A target named in a list. In files of other tools it may carry more fields; they are ignored.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct TargetName {
    /// Compared exactly, upper and lower case differ.
    pub identifier: TargetId,
    /// For people. Python insists on it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: Box<str>,
}

impl TargetName {
    /// A target of which only the identifier is known: its name is the same.
    pub fn unnamed(identifier: TargetId) -> Self {
        let name = identifier.as_str().into();
        Self { identifier, name }
    }
}

/// Whom a flag is evaluated for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Empty means "no target".
    #[serde(default, deserialize_with = "null_as_default")]
    pub identifier: Box<str>,
    /// For people; rules may use it too.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: Box<str>,
    /// Not to be registered. Evaluates like any other target.
    #[serde(default, deserialize_with = "null_as_default")]
    pub anonymous: bool,
    /// Text, numbers, booleans, arrays, objects. Only text is evaluated alike by every SDK.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attributes: Map<String, Value>,
}

impl Target {
    /// A target without attributes, named as it is identified.
    pub fn bare(identifier: impl Into<Box<str>>) -> Self {
        let identifier = identifier.into();
        Self { name: identifier.clone(), identifier, ..Self::default() }
    }
}
