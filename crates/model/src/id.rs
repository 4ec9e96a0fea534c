//! Identifiers as types of their own, so that two strings never travel side by side.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::FieldError;
use crate::limits;

/// Declares one identifier type. `parse` applies the rule of the admin API; `from_wire` trusts text
/// that was checked when it was written, or that comes from an import whose reader must be lenient.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $field:literal, $rule:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks `text` against the identifier rule.
            ///
            /// # Errors
            /// A `FieldError` that names the rule when `text` does not fit it.
            pub fn parse(text: &str) -> Result<Self, FieldError> {
                match $rule(text) {
                    Ok(()) => Ok(Self(text.into())),
                    Err(rule) => Err(FieldError::new($field, format!("{text:?} {rule}"))),
                }
            }

            /// Takes text that is already known to be an identifier.
            pub fn from_wire(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

identifier!(
    /// A flag's identifier; unique in its project, never changes.
    FlagId, "identifier", object_identifier
);
identifier!(
    /// A segment's (target group's) identifier; unique in its environment.
    SegmentId, "identifier", object_identifier
);
identifier!(
    /// A variation's identifier; unique in its flag.
    VariationId, "variation", object_identifier
);
identifier!(
    /// A project's identifier; unique in its organisation.
    ProjectId, "projectIdentifier", object_identifier
);
identifier!(
    /// An environment's identifier; unique in its project.
    EnvironmentId, "environmentIdentifier", object_identifier
);
identifier!(
    /// An organisation's identifier; unique in its account.
    OrganisationId, "orgIdentifier", object_identifier
);
identifier!(
    /// An account's identifier. Any is accepted: an account is a name space, not a customer record.
    AccountId, "accountIdentifier", object_identifier
);
identifier!(
    /// A target's identifier: letters, digits and `. @ _ -`.
    TargetId, "identifier", target_identifier
);
identifier!(
    /// A project's own id: a UUID made at creation, never used again after deletion.
    ProjectUuid, "project", object_identifier
);
identifier!(
    /// An environment's own id: the UUID that SDK tokens and paths carry, never used again.
    EnvironmentUuid, "environment", object_identifier
);
identifier!(
    /// The SHA-256 of an SDK key or access token, 64 lower-case hexadecimal digits.
    KeyHash, "key", sha256_hex
);

/// A version of an environment (or revision of a project): counts up from 1, fits 31 bits because
/// Java SDKs read it into an `int`.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub i64);

impl Version {
    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn object_identifier(text: &str) -> Result<(), &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if text.is_empty() || text.len() > limits::IDENTIFIER_BYTES_MAX || !text.chars().all(fits) {
        return Err("is not an identifier: use 1 to 128 letters, digits, '_', '-' or '.'");
    }
    if text.chars().all(|c| c == '.') {
        return Err("is not an identifier: it needs a letter, a digit, '_' or '-'");
    }
    Ok(())
}

fn target_identifier(text: &str) -> Result<(), &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '_' | '-');
    if text.is_empty() || text.len() > limits::TARGET_IDENTIFIER_BYTES_MAX || !text.chars().all(fits) {
        return Err("is not a target identifier: use 1 to 256 letters, digits, '.', '@', '_' or '-'");
    }
    Ok(())
}

fn sha256_hex(text: &str) -> Result<(), &'static str> {
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    Err("is not a SHA-256 digest: use 64 lower-case hexadecimal digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_keep_to_the_portable_alphabet() {
        for good in ["dark_mode", "a", "release-2.1", "A.B"] {
            assert_eq!(FlagId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "dark mode", "ü", "a/b", "..", &"x".repeat(129)] {
            assert!(FlagId::parse(bad).is_err(), "{bad:?} must be refused");
        }
        assert!(TargetId::parse("ann@example.com").is_ok());
        assert!(TargetId::parse("ann smith").is_err());
    }

    #[test]
    fn a_refused_identifier_is_quoted_with_the_rule() {
        let error = FlagId::parse("dark mode").unwrap_err();

        assert_eq!(error.field, "identifier");
        assert!(error.message.starts_with("\"dark mode\" is not an identifier: use 1 to 128"));
    }
}
