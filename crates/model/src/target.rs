//! Targets: whom a flag is evaluated for.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::id::TargetId;
use crate::lenient::null_as_default;

/// A target named in a list. In files of other tools it may carry more fields, which are ignored, or be
/// the identifier alone.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct TargetName {
    /// Compared exactly, upper and lower case differ.
    pub identifier: TargetId,
    /// For people. Python insists on it.
    pub name: Box<str>,
}

impl<'de> Deserialize<'de> for TargetName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TargetNameVisitor)
    }
}

struct TargetNameVisitor;

impl<'de> Visitor<'de> for TargetNameVisitor {
    type Value = TargetName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a target's identifier, or an object with one")
    }

    fn visit_str<E>(self, identifier: &str) -> Result<TargetName, E> {
        Ok(TargetName::unnamed(TargetId::from_wire(identifier)))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<TargetName, A::Error> {
        /// The fields of a [`TargetName`] that are read.
        #[derive(Deserialize)]
        struct Fields {
            #[serde(default, deserialize_with = "null_as_default")]
            identifier: TargetId,
            #[serde(default, deserialize_with = "null_as_default")]
            name: Box<str>,
        }
        let Fields { identifier, name } = Fields::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(TargetName { identifier, name })
    }
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
