//! What compiling coped with.

use std::fmt::{self, Display};

use crate::soundness::Defect;

/// Something in a snapshot that cannot mean what its author meant, and what is done instead.
///
/// For the log: evaluation goes on, one bad flag never takes down the others. Its `Display` form is a
/// sentence; it is only put together if somebody asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    kind: &'static str,
    id: Box<str>,
    note: Note,
}

/// What is wrong with an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Note {
    UnknownOperator(Box<str>),
    RefusedPattern { pattern: Box<str>, why: String },
    UnknownVariation(Box<str>),
    RuleWithoutClauses(Box<str>),
    Repeated,
    Defect(Defect),
}

impl Warning {
    pub(crate) fn new(kind: &'static str, id: &str, note: Note) -> Self {
        Self { kind, id: id.into(), note }
    }
}

impl Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}: ", self.kind, self.id)?;
        match &self.note {
            Note::UnknownOperator(name) => {
                write!(f, "operator {name:?} is unknown; its clause never matches")
            }
            Note::RefusedPattern { pattern, why } => {
                write!(f, "pattern {pattern:?} is refused, its clause never matches: {why}")
            }
            Note::UnknownVariation(id) => {
                write!(f, "it has no variation {id:?}, so serving that gives no value")
            }
            Note::RuleWithoutClauses(id) => write!(f, "rule {id:?} has no clauses and never matches"),
            Note::Repeated => f.write_str("it is there more than once; the last one counts"),
            Note::Defect(defect) => {
                write!(f, "{defect}; flags that need it serve their off variation")
            }
        }
    }
}

/// Collects what is to be said about one object.
#[derive(Default)]
pub(crate) struct Notes(Vec<Note>);

impl Notes {
    pub(crate) fn add(&mut self, note: Note) {
        self.0.push(note);
    }

    /// The warnings, now that it is known which object they are about.
    pub(crate) fn about(self, kind: &'static str, id: &str) -> impl Iterator<Item = Warning> {
        self.0.into_iter().map(move |note| Warning::new(kind, id, note))
    }
}
