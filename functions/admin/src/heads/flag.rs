//! A flag as far as filters and sorting look at it.

use std::borrow::Cow;

use model::{Error, FlagKind};
use serde::Deserialize;
use store::{CurrentObject, Kind};

use super::Head;

/// A flag, archived or not.
#[derive(Debug)]
pub(crate) struct FlagHead {
    pub(crate) identifier: String,
    pub(crate) name: String,
    pub(crate) kind: FlagKind,
    pub(crate) archived: bool,
    pub(crate) permanent: bool,
    /// Their identifiers.
    pub(crate) tags: Vec<String>,
    /// Unix milliseconds.
    pub(crate) created_ms: i64,
    /// Unix milliseconds of the last change of what it is everywhere.
    pub(crate) modified_ms: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    kind: FlagKind,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    permanent: bool,
    #[serde(borrow, default)]
    tags: Vec<Tag<'a>>,
    created_at: i64,
    modified_at: i64,
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow, default)]
    identifier: Cow<'a, str>,
}

impl Head for FlagHead {
    const KIND: Kind = Kind::Flag;

    fn read(object: &CurrentObject, body: &str) -> Result<Self, Error> {
        let body: Body<'_> = serde_json::from_str(body).map_err(Error::internal)?;
        Ok(Self {
            identifier: object.identifier.clone(),
            name: body.name.into_owned(),
            kind: body.kind,
            archived: body.archived,
            permanent: body.permanent,
            tags: body.tags.into_iter().map(|tag| tag.identifier.into_owned()).collect(),
            created_ms: body.created_at,
            modified_ms: body.modified_at,
        })
    }

    fn identifier(&self) -> &str {
        &self.identifier
    }
}
