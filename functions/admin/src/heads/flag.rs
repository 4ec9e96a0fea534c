//! A flag as far as filters and sorting look at it.

use model::{Error, Flag, FlagKind};
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

impl Head for FlagHead {
    const KIND: Kind = Kind::Flag;

    fn read(object: &CurrentObject, body: &str) -> Result<Self, Error> {
        let flag: Flag = store::read_body(body)?;
        Ok(Self {
            identifier: object.identifier.clone(),
            name: flag.name,
            kind: flag.kind,
            archived: flag.archived,
            permanent: flag.permanent,
            tags: flag.tags.into_iter().map(|tag| tag.identifier).collect(),
            created_ms: flag.created_at,
            modified_ms: flag.modified_at,
        })
    }

    fn identifier(&self) -> &str {
        &self.identifier
    }
}
