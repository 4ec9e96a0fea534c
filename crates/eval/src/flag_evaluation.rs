//! One flag's answer for one target, in the form that client SDKs receive.

use model::{FlagKind, Target};
use serde::Serialize;

use crate::ruleset::{FlagRef, Ruleset};

/// What one flag serves one target, as client SDKs receive it: in answers, and embedded in streams.
/// A flag without a value for the target has no such object.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct FlagEvaluation<'a> {
    /// The flag's identifier.
    pub flag: &'a str,
    /// The variation's value, as text whatever the kind. May be empty, which streams must not embed:
    /// the browser SDK takes an empty value for none.
    pub value: &'a str,
    /// The type of the value.
    pub kind: FlagKind,
    /// The variation's identifier.
    pub identifier: &'a str,
}

impl<'a> FlagEvaluation<'a> {
    /// Evaluates one flag.
    pub fn of(ruleset: &'a Ruleset, flag: FlagRef<'a>, target: &Target) -> Option<Self> {
        let variation = ruleset.evaluate(flag.index, target).variation?;
        Some(Self {
            flag: flag.id,
            value: &variation.value,
            kind: flag.kind,
            identifier: variation.identifier.as_str(),
        })
    }

    /// Evaluates the flag of that identifier, if there is one.
    pub fn named(ruleset: &'a Ruleset, flag: &str, target: &Target) -> Option<Self> {
        Self::of(ruleset, ruleset.describe(ruleset.flag(flag)?)?, target)
    }

    /// Evaluates all flags, in the order of their identifiers.
    pub fn all(ruleset: &'a Ruleset, target: &Target) -> impl Iterator<Item = Self> {
        ruleset.flags().filter_map(move |flag| Self::of(ruleset, flag, target))
    }
}
