//! What the chain keeps of an erasure: which rows it touched, and a digest of what it left of each.
//!
//! With it, a row that is marked as erased can still be verified, and nobody can hide a change behind
//! the mark.

use model::{Error, EventKind};
use serde::{Deserialize, Serialize};

use crate::chain::ContentDigest;
use crate::chain_rows::{ChangeRow, RowPlace};
use crate::objects::Kind;
use crate::write::{ObjectStep, Scope};

/// How audit spells an erasure.
const ACTION: &str = "TargetErased";

/// Stands where an identifier was. No target has it.
pub(crate) const ERASED: &str = "";

/// The body of the change row that tells of an erasure.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct ErasureNote {
    rows: Vec<ErasedRow>,
}

#[derive(Debug, Deserialize, Serialize)]
struct ErasedRow {
    revision: i64,
    position: i64,
    /// Hexadecimal digits.
    content: String,
}

impl ErasureNote {
    /// The note that this row holds, if it tells of an erasure.
    pub(crate) fn of(row: &ChangeRow) -> Option<Result<Self, serde_json::Error>> {
        if row.action != ACTION || row.kind != Kind::Target.as_str() {
            return None;
        }
        Some(serde_json::from_str(row.after.as_deref().unwrap_or_default()))
    }

    /// Adds a row and what was left of it.
    pub(crate) fn add(&mut self, place: RowPlace, left: &ContentDigest) {
        let content = left.iter().map(|byte| format!("{byte:02x}")).collect();
        self.rows.push(ErasedRow { revision: place.revision, position: place.position, content });
    }

    /// Each row with the digest of what was left of it.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (RowPlace, ContentDigest)> {
        self.rows.iter().map(|row| {
            let place = RowPlace { revision: row.revision, position: row.position };
            // What cannot be read is the digest of nothing.
            (place, read(&row.content).unwrap_or_default())
        })
    }

    /// The step that puts the note into the chain.
    pub(crate) fn step(&self) -> Result<ObjectStep, Error> {
        Ok(ObjectStep {
            scope: Scope::Project,
            kind: Kind::Target,
            identifier: ERASED.to_owned(),
            action: ACTION,
            event: EventKind::Delete,
            before: None,
            after: Some(serde_json::to_string(self).map_err(Error::internal)?),
            references: Vec::new(),
            dependants: Vec::new(),
        })
    }
}

fn read(hexadecimal: &str) -> Option<ContentDigest> {
    let mut digest = ContentDigest::default();
    if hexadecimal.len() != digest.len() * 2 {
        return None;
    }
    for (byte, place) in digest.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(hexadecimal.get(place..place + 2)?, 16).ok()?;
    }
    Some(digest)
}
