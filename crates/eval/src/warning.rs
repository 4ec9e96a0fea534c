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

/// Collects the warnings about one object.
pub(crate) struct Notes<'w> {
    kind: &'static str,
    id: &'w str,
    warnings: &'w mut Vec<Warning>,
}

impl<'w> Notes<'w> {
    /// About the flag or segment (`kind`) of that identifier.
    pub(crate) fn new(kind: &'static str, id: &'w str, warnings: &'w mut Vec<Warning>) -> Self {
        Self { kind, id, warnings }
    }

    pub(crate) fn add(&mut self, message: impl Display) {
        self.warnings.push(Warning(format!("{} {:?}: {message}", self.kind, self.id)));
    }
}
