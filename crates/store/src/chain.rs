//! The hash chain over a project's change rows.
//!
//! Each row's hash covers the previous row's hash and everything the row says. What may be erased as
//! somebody's personal data (the identifier, the comment, the bodies) enters by a digest of its own,
//! which the row keeps: after an erasure the chain still verifies. All parts are length-prefixed: no two
//! different rows have the same bytes. Only the marks `sent` and `erased` are outside of it.

use sha2::{Digest, Sha256};

/// SHA-256 over what of a change row may be erased.
pub type ContentDigest = [u8; 32];

/// What of a change row may be erased.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// Which object.
    pub identifier: &'a str,
    /// Why, in the words of the author.
    pub comment: &'a str,
    /// JSON before the change.
    pub before: Option<&'a str>,
    /// JSON after it.
    pub after: Option<&'a str>,
}

/// What one change row says, its content by digest.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// The project's revision that this row belongs to.
    pub revision: i64,
    /// Its place among the rows of that revision.
    pub position: i64,
    /// The write that made it.
    pub change_id: &'a str,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Who.
    pub actor: &'a str,
    /// What was done.
    pub action: &'a str,
    /// The environment's id, if the change concerns one.
    pub environment: Option<&'a str>,
    /// Version of the environment, or revision of the project.
    pub version: i64,
    /// Kind of object.
    pub kind: &'a str,
    /// `create`, `patch` or `delete`.
    pub event: &'a str,
    /// JSON array of flags whose answers change with it.
    pub dependants: &'a str,
    /// Digest of the content.
    pub content: &'a [u8],
}

/// The digest of a row's content; absent and empty bodies differ.
pub fn content_digest(content: &Content<'_>) -> ContentDigest {
    let mut hasher = Sha256::new();
    part(&mut hasher, content.identifier.as_bytes());
    part(&mut hasher, content.comment.as_bytes());
    optional(&mut hasher, content.before);
    optional(&mut hasher, content.after);
    hasher.finalize().into()
}

/// The hash of a row that follows a row with hash `previous` (empty for a project's first row).
pub fn next_hash(previous: &[u8], link: &Link<'_>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    part(&mut hasher, previous);
    for number in [link.revision, link.position, link.at_ms, link.version] {
        part(&mut hasher, &number.to_be_bytes());
    }
    for text in [link.change_id, link.actor, link.action, link.kind, link.event, link.dependants] {
        part(&mut hasher, text.as_bytes());
    }
    optional(&mut hasher, link.environment);
    part(&mut hasher, link.content);
    hasher.finalize().into()
}

fn optional(hasher: &mut Sha256, text: Option<&str>) {
    match text {
        Some(text) => part(hasher, text.as_bytes()),
        // No text is that long.
        None => hasher.update(u64::MAX.to_be_bytes()),
    }
}

fn part(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_empty_bodies_differ() {
        let content = Content { identifier: "a", comment: "", before: None, after: Some("") };

        let digest = content_digest(&content);

        assert_ne!(digest, content_digest(&Content { before: Some(""), after: None, ..content }));
        assert_ne!(digest, content_digest(&Content { after: None, ..content }));
    }

    #[test]
    fn moving_a_letter_between_fields_changes_the_hash() {
        let link = Link {
            revision: 1,
            position: 0,
            change_id: "c",
            at_ms: 5,
            actor: "ann",
            action: "created",
            environment: None,
            version: 1,
            kind: "flag",
            event: "create",
            dependants: "[]",
            content: &[],
        };

        let hash = next_hash(b"", &link);

        assert_eq!(hash, next_hash(b"", &link));
        assert_ne!(hash, next_hash(b"", &Link { actor: "an", action: "ncreated", ..link }));
        assert_ne!(hash, next_hash(b"", &Link { environment: Some(""), ..link }));
        assert_ne!(hash, next_hash(b"x", &link));
    }
}
