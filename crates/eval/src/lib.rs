//! The evaluation engine.

use model::{ObjectChange, Snapshot, Version};

/// What `compile` coped with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning(pub String);

/// A snapshot in the form that is fast to evaluate.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {}

/// Turns a snapshot into a form that is fast to evaluate. Never fails.
pub fn compile(_snapshot: &Snapshot) -> (Ruleset, Vec<Warning>) {
    (Ruleset::default(), Vec::new())
}

impl Ruleset {
    /// Brings the ruleset to `version` by applying the changed objects; equals compiling anew.
    pub fn apply(&mut self, _changes: &[ObjectChange], _version: Version) -> Vec<Warning> {
        Vec::new()
    }
}
