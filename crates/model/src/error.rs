//! The one error of the domain. It knows no status codes; `api` translates it once.

use std::fmt;

use crate::id::Version;

/// What an error is about.
// A word and not a byte: with a byte an error has a hole, and is carried from `?` to `?` in eight pieces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum ObjectKind {
    /// A flag.
    Flag,
    /// A segment.
    Segment,
    /// A target.
    Target,
    /// A tag.
    Tag,
    /// A project.
    Project,
    /// An environment.
    Environment,
    /// An organisation.
    Organisation,
    /// An SDK key.
    Key,
    /// An access token of the admin API.
    Token,
    /// What an object was before or after a change.
    Snapshot,
    /// A path that nothing is served under.
    Path,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Segment => "segment",
            Self::Target => "target",
            Self::Tag => "tag",
            Self::Project => "project",
            Self::Environment => "environment",
            Self::Organisation => "organisation",
            Self::Key => "SDK key",
            Self::Token => "access token",
            Self::Snapshot => "object snapshot",
            Self::Path => "path",
        })
    }
}

/// One field of a request that cannot be accepted, and what to do about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldError {
    /// Where: a field's path such as `variations[2].value`.
    pub field: String,
    /// What is wrong with which value, and what would be right.
    pub message: String,
}

impl FieldError {
    /// An error about one field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The same error about a field further out: `value` under `variations[2]` is `variations[2].value`.
    #[must_use]
    pub fn under(self, outer: &str) -> Self {
        Self { field: format!("{outer}.{}", self.field), message: self.message }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Why something was not done. `Display` is the text for the person outside.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of that name in the scope that was asked.
    #[error("{kind} {id:?} does not exist{hint}")]
    NotFound {
        /// What was looked for.
        kind: ObjectKind,
        /// Under which identifier.
        id: String,
        /// Empty, or where else to look, beginning with a space or comma.
        hint: &'static str,
    },
    /// The identifier is taken.
    #[error("{kind} {id:?} already exists; choose another identifier")]
    Exists {
        /// What exists.
        kind: ObjectKind,
        /// Under which identifier.
        id: String,
    },
    /// The caller's `If-Match` names another version than the current one.
    #[error("the object is at version {found}, not {expected}; read it again and repeat the change")]
    Conflict {
        /// What the caller named.
        expected: Version,
        /// What is current.
        found: Version,
    },
    /// Refused because something else depends on it (409 on the wire).
    #[error("{0}")]
    InUse(String),
    /// Refused because another flag has it as prerequisite (424 on the wire).
    #[error("{0}")]
    Dependency(String),
    /// The request has mistakes; all that were found.
    #[error("{}", join(.0))]
    Invalid(Vec<FieldError>),
    /// Nobody is known by these credentials.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Known, but not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// Beyond a limit of size.
    #[error("{0}")]
    TooLarge(String),
    /// Part of the contract that is not served (yet).
    #[error("{0}")]
    NotOffered(String),
    /// A store did not answer, or not in time. Worth another try.
    #[error("{message}")]
    Unavailable {
        /// For people outside.
        message: &'static str,
        /// For the log.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A defect or damaged data. The source is logged, never sent.
    #[error("internal error; the server's log has the details")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An object that does not exist.
    pub fn not_found(kind: ObjectKind, id: impl fmt::Display) -> Self {
        Self::NotFound { kind, id: id.to_string(), hint: "" }
    }

    /// An identifier that is taken.
    pub fn exists(kind: ObjectKind, id: impl fmt::Display) -> Self {
        Self::Exists { kind, id: id.to_string() }
    }

    /// One mistake in a request.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    /// A defect; `source` goes to the log only.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// With everything behind it, outermost first. For the log only: whoever is outside gets `Display`.
    pub fn in_full(&self) -> String {
        causes(self)
    }

    /// A store that does not answer; `source` goes to the log only.
    pub fn unavailable(
        message: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable { message, source: Some(source.into()) }
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }
}

/// An error with its sources, outermost first.
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn join(errors: &[FieldError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_gets_what_is_behind_an_error() {
        let error = Error::unavailable("the database cannot be used now", "db.example.org is away");

        assert_eq!(error.to_string(), "the database cannot be used now");
        assert_eq!(error.in_full(), "the database cannot be used now: db.example.org is away");
    }

    #[test]
    fn every_mistake_is_named() {
        let error = Error::Invalid(vec![
            FieldError::new("kind", "\"number\" is not a kind; use boolean, int, string or json"),
            FieldError::new("value", "is missing").under("variations[1]"),
        ]);

        assert_eq!(
            error.to_string(),
            "kind: \"number\" is not a kind; use boolean, int, string or json; variations[1].value: is missing"
        );
    }
}
