//! What compiling coped with.

use std::fmt::{self, Display};

/// Something in a snapshot that cannot mean what its author meant, and what is done instead.
///
/// For the log: evaluation goes on, one bad flag never takes down the others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning(pub String);

impl Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Collects what is to be said about one object.
#[derive(Default)]
pub(crate) struct Notes(Vec<String>);

impl Notes {
    pub(crate) fn add(&mut self, note: impl Display) {
        self.0.push(note.to_string());
    }

    /// The warnings, now that it is known which object they are about.
    pub(crate) fn about(self, kind: &str, id: &str) -> impl Iterator<Item = Warning> {
        self.0.into_iter().map(move |note| Warning(format!("{kind} {id:?}: {note}")))
    }
}
