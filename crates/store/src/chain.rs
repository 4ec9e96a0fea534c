//! The hash chain over a project's change rows.
//!
//! Each row's hash covers the previous row's hash and everything the row says; bodies enter by their
//! own digest, so that they can be erased (personal data) while the chain still verifies. All parts are
//! length-prefixed: no two different rows have the same bytes.

use sha2::{Digest, Sha256};

/// SHA-256 over what an object was and became.
pub type BodyDigest = [u8; 32];

/// What one change row says, except for the bodies themselves.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// The project's revision that this row belongs to.
    pub revision: i64,
    /// Its place among the rows of that revision.
    pub position: i64,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Who.
    pub actor: &'a str,
    /// What was done.
    pub action: &'a str,
    /// Why.
    pub comment: &'a str,
    /// The environment's id, or empty.
    pub environment: &'a str,
    /// Version of the environment, or revision of the project.
    pub version: i64,
    /// Kind of object.
    pub kind: &'a str,
    /// Which object.
    pub identifier: &'a str,
    /// `create`, `patch` or `delete`.
    pub event: &'a str,
    /// Digest of the bodies.
    pub body: &'a [u8],
}

/// The digest of an object's bodies before and after; absent and empty differ.
pub fn body_digest(before: Option<&str>, after: Option<&str>) -> BodyDigest {
    let mut hasher = Sha256::new();
    for body in [before, after] {
        match body {
            Some(body) => part(&mut hasher, body.as_bytes()),
            None => hasher.update(u64::MAX.to_be_bytes()),
        }
    }
    hasher.finalize().into()
}

/// The hash of a row that follows a row with hash `previous` (empty for a project's first row).
pub fn next_hash(previous: &[u8], link: &Link<'_>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    part(&mut hasher, previous);
    for number in [link.revision, link.position, link.at_ms, link.version] {
        part(&mut hasher, &number.to_be_bytes());
    }
    let texts =
        [link.actor, link.action, link.comment, link.environment, link.kind, link.identifier, link.event];
    for text in texts {
        part(&mut hasher, text.as_bytes());
    }
    part(&mut hasher, link.body);
    hasher.finalize().into()
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
        assert_ne!(body_digest(None, Some("")), body_digest(Some(""), None));
        assert_ne!(body_digest(None, None), body_digest(Some(""), Some("")));
    }

    #[test]
    fn moving_a_letter_between_fields_changes_the_hash() {
        let link = Link {
            revision: 1,
            position: 0,
            at_ms: 5,
            actor: "ann",
            action: "created",
            comment: "",
            environment: "",
            version: 1,
            kind: "flag",
            identifier: "a",
            event: "create",
            body: &[],
        };

        let hash = next_hash(b"", &link);

        assert_eq!(hash, next_hash(b"", &link));
        assert_ne!(hash, next_hash(b"", &Link { actor: "an", action: "ncreated", ..link }));
        assert_ne!(hash, next_hash(b"x", &link));
    }
}
