//! Explanations: the checks of an evaluation, in the order in which they were made.

mod text;

use model::{FlagKind, Target, Variation, Version};
use serde::Serialize;

use crate::attribute::Attribute;
use crate::evaluate::{Reason, Run};
use crate::flag::{Flag, Rollout, VariationIndex};
use crate::registry::FlagIndex;
use crate::ruleset::Ruleset;
use crate::trace::Trace;

/// Why a flag serves what it serves to a target. Its `Display` form is for people, one check a line.
///
/// It holds attributes of the target and operands of clauses: nothing for logs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The flag's identifier; empty if there is no such flag.
    pub flag: String,
    /// The type of the flag's values.
    pub kind: Option<FlagKind>,
    /// The environment's version at which the flag last changed.
    pub flag_version: Option<Version>,
    /// The environment's version that was evaluated.
    pub version: Version,
    /// The target's identifier.
    pub target: String,
    /// Which check decided.
    pub reason: Reason,
    /// What is served; `None` if there is no value.
    pub variation: Option<Variation>,
    /// All checks, in order.
    pub steps: Vec<Step>,
}

/// A check and the checks that it consisted of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What was checked, and how it came out.
    #[serde(flatten)]
    pub check: Check,
    /// What it took to find out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// One check of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "check", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Check {
    /// The flag's references do not end, so it serves its off variation.
    Unsound {
        /// What is wrong.
        why: String,
    },
    /// Another flag must serve one of some variations.
    Prerequisite {
        /// The other flag.
        flag: String,
        /// Identifiers of the variations that are accepted.
        accepted: Vec<String>,
        /// The variation that it serves; `None` if it does not exist or serves nothing.
        serves: Option<String>,
        /// What follows from that.
        outcome: Outcome,
    },
    /// Whether the flag is on.
    State {
        /// Whether it is.
        on: bool,
    },
    /// An entry of the target map.
    Listing {
        /// The variation for those whom it lists.
        serves: Option<String>,
        /// Whether the target is listed by name.
        named: bool,
        /// Whether the target is listed, by name or by membership.
        matches: bool,
    },
    /// A rule.
    Rule {
        /// The rule's id.
        id: String,
        /// Its priority; lower comes first.
        priority: i64,
        /// Whether all clauses hold.
        matches: bool,
    },
    /// A clause on an attribute.
    Clause {
        /// The attribute's name.
        attribute: String,
        /// The operator.
        operator: String,
        /// What the attribute is compared with; none if the clause can never hold.
        operands: Vec<String>,
        /// The attribute as text; `None` if the target does not have it.
        value: Option<String>,
        /// Whether the clause holds.
        holds: bool,
    },
    /// Membership in a segment.
    Segment {
        /// The segment's identifier.
        id: String,
        /// How it came out.
        membership: Membership,
    },
    /// A percentage rollout.
    Rollout {
        /// The attribute that was hashed, `identifier` if the target does not have the one asked for.
        bucket_by: String,
        /// Its text; `None` if the target does not even have an identifier.
        value: Option<String>,
        /// The bucket, 1..=100; `None` without a value. The last share then serves.
        bucket: Option<u8>,
        /// Which buckets get which variation.
        shares: Vec<Share>,
        /// The variation of the share; `None` if it names none.
        serves: Option<String>,
    },
    /// Nothing matched: the default serve.
    Default {
        /// The variation; `None` if it names none.
        serves: Option<String>,
    },
}

/// How a prerequisite came out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It serves an accepted variation.
    Met,
    /// It does not, so the flag serves its off variation.
    Unmet,
    /// It does not exist or serves nothing: it counts as met, and so do those after it.
    Ignored,
}

/// How membership in a segment came out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Membership {
    /// There is no such segment; the next one is asked.
    Missing,
    /// Excluded by name, whatever the segments after it say.
    Excluded,
    /// A member by name.
    Included,
    /// A member because rules of the segment match.
    ByRules,
    /// None of that; the next one is asked.
    NotMember,
}

/// A share of a rollout: the buckets above the share before it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// The variation; `None` if it names none.
    pub variation: Option<String>,
    /// The highest bucket that gets it.
    pub up_to: u8,
}

impl Ruleset {
    /// Evaluates a flag for a target and tells how, by the same code as [`evaluate`](Self::evaluate).
    pub fn explain(&self, flag: FlagIndex, target: &Target) -> Explanation {
        let mut run = Run::new(self, target, Some(Recorder::default()));
        let evaluation = run.evaluate(flag);
        let described = self.describe(flag);
        Explanation {
            flag: described.map(|flag| flag.id.to_owned()).unwrap_or_default(),
            kind: described.map(|flag| flag.kind),
            flag_version: described.map(|flag| flag.version),
            version: self.version,
            target: target.identifier.to_string(),
            reason: evaluation.reason,
            variation: evaluation.variation.cloned(),
            steps: run.into_trace().map(|recorder| recorder.steps).unwrap_or_default(),
        }
    }
}

/// Keeps what an evaluation tells.
#[derive(Default)]
pub(crate) struct Recorder {
    /// Of the check that is open, or of the evaluation.
    steps: Vec<Step>,
    /// Those of the checks around it, outermost first.
    outer: Vec<Vec<Step>>,
}

impl Trace for Recorder {
    fn open(&mut self) {
        self.outer.push(std::mem::take(&mut self.steps));
    }

    fn close(&mut self, check: impl FnOnce() -> Check) {
        let around = self.outer.pop().unwrap_or_default();
        let steps = std::mem::replace(&mut self.steps, around);
        self.steps.push(Step { check: check(), steps });
    }
}

/// The check that a rollout made.
pub(crate) fn rollout(
    flag: &Flag,
    rollout: &Rollout,
    target: &Target,
    bucket: Option<u8>,
    served: Option<VariationIndex>,
) -> Check {
    let by_attribute = rollout.bucket_by.of(target);
    let bucket_by = if by_attribute.is_some() { &rollout.bucket_by } else { &Attribute::Identifier };
    let value = by_attribute.or_else(|| Attribute::Identifier.of(target)).map(|value| {
        let mut text = String::new();
        value.write(&mut text);
        text
    });
    let shares = rollout.shares.iter();
    Check::Rollout {
        bucket_by: bucket_by.as_str().to_owned(),
        value,
        bucket,
        shares: shares
            .map(|share| Share { variation: flag.id_text(share.variation), up_to: share.up_to })
            .collect(),
        serves: flag.id_text(served),
    }
}
