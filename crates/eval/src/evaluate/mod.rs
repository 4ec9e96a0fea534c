//! The reference algorithm: one flag for one target (spec/EVALUATION.md §2 to §7).

mod membership;
mod prerequisites;

use model::{FlagKind, FlagState, Target, Variation};
use serde::Serialize;

use crate::bucket::Hash;
use crate::explain::{self, Check};
use crate::flag::{Flag, Listing, Rollout, Rule, Serve, VariationIndex};
use crate::registry::FlagIndex;
use crate::ruleset::{FlagRef, Ruleset};
use crate::soundness::Standing;
use crate::text_set::TextSet;
use crate::trace::{Nobody, Trace};

/// The answer for one flag and one target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Evaluation<'r> {
    /// What is served. `None` where there is no value and the application's own default counts.
    pub variation: Option<&'r Variation>,
    /// Which check decided.
    pub reason: Reason,
}

/// Which check decided an evaluation.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// There is no such flag; no value.
    FlagMissing,
    /// The flag's values are of another type than asked for; no value.
    KindMismatch,
    /// The references of the flag do not end (a cycle, or too deep): the off variation.
    Unsound,
    /// A prerequisite is not met: the off variation.
    PrerequisiteUnmet,
    /// The flag is off: the off variation.
    Off,
    /// The target is listed, by name or by membership in a listed segment.
    TargetMatch,
    /// A rule matched and serves one variation.
    RuleMatch,
    /// A rule matched and serves by bucket.
    RuleRollout,
    /// Nothing matched; the default serve serves one variation.
    DefaultServe,
    /// Nothing matched; the default serve serves by bucket.
    DefaultRollout,
}

impl Ruleset {
    /// Evaluates a flag for a target.
    ///
    /// Deterministic: same ruleset, flag and target give the same answer everywhere. Does not
    /// allocate, but for `match` clauses and for attributes that are long lists or objects.
    pub fn evaluate(&self, flag: FlagIndex, target: &Target) -> Evaluation<'_> {
        Run::new(self, target, Nobody::default()).evaluate(flag)
    }

    /// Evaluates all flags for one target, in the order of their identifiers. Flags without a value for
    /// the target are among them.
    pub fn evaluate_all<'r>(
        &'r self,
        target: &Target,
    ) -> impl Iterator<Item = (FlagRef<'r>, Evaluation<'r>)> {
        let mut run = Run::new(self, target, Nobody::default());
        self.flags().map(move |flag| (flag, run.evaluate(flag.index)))
    }

    /// Evaluates a flag if its values are of the kind asked for; no value otherwise.
    pub fn evaluate_as(&self, flag: FlagIndex, kind: FlagKind, target: &Target) -> Evaluation<'_> {
        match self.flags.get(flag) {
            Some(found) if found.kind != kind => Evaluation { variation: None, reason: Reason::KindMismatch },
            _ => self.evaluate(flag, target),
        }
    }
}

/// What was decided, before it is known whether the flag has the variation. `None` is what the wire
/// spells as an empty identifier.
#[derive(Clone, Copy)]
struct Served {
    variation: Option<VariationIndex>,
    reason: Reason,
}

/// The evaluation of one flag after the other for one target. `T` listens to it.
pub(crate) struct Run<'r, 'a, T> {
    ruleset: &'r Ruleset,
    target: &'a Target,
    trace: T,
    /// The hash of the target's identifier, once a list was asked for it.
    hash: Option<u64>,
    /// The target's bucket by identifier, once a rollout was; every flag has the same.
    bucket: Option<u8>,
}

impl<'r, 'a, T: Trace> Run<'r, 'a, T> {
    pub(crate) fn new(ruleset: &'r Ruleset, target: &'a Target, trace: T) -> Self {
        Self { ruleset, target, trace, hash: None, bucket: None }
    }

    /// What listened.
    pub(crate) fn into_trace(self) -> T {
        self.trace
    }

    /// Prerequisites, then the flag itself.
    pub(crate) fn evaluate(&mut self, index: FlagIndex) -> Evaluation<'r> {
        let found = self.ruleset.flags.slot(index).and_then(|slot| Some((slot, slot.object.as_deref()?)));
        let Some((slot, flag)) = found else {
            return Evaluation { variation: None, reason: Reason::FlagMissing };
        };
        let served = if slot.standing.defect.is_none()
            && !flag.prerequisites.is_empty()
            && !self.prerequisites_met(flag)
        {
            Served { variation: flag.off, reason: Reason::PrerequisiteUnmet }
        } else {
            self.serve_flag(flag, slot.standing)
        };
        Evaluation { variation: flag.variation(served.variation), reason: served.reason }
    }

    /// The flag itself, whatever its prerequisites.
    fn serve_flag(&mut self, flag: &'r Flag, standing: Standing) -> Served {
        if let Some(defect) = standing.defect {
            self.trace.note(|| Check::Unsound { why: defect.to_string() });
            return Served { variation: flag.off, reason: Reason::Unsound };
        }
        if flag.state == FlagState::Off {
            self.trace.note(|| Check::State { on: false });
            return Served { variation: flag.off, reason: Reason::Off };
        }
        self.trace.note(|| Check::State { on: true });
        if let Some(variation) = self.listed(flag) {
            return Served { variation: Some(variation), reason: Reason::TargetMatch };
        }
        if let Some(served) = self.ruled(flag) {
            return served;
        }
        self.trace.open();
        let (variation, by_bucket) = self.serve(flag, &flag.default_serve);
        self.trace.close(|| Check::Default { serves: flag.id_text(variation) });
        Served { variation, reason: if by_bucket { Reason::DefaultRollout } else { Reason::DefaultServe } }
    }

    /// The first entry of the target map that has the target, by name or by membership.
    fn listed(&mut self, flag: &'r Flag) -> Option<VariationIndex> {
        let listing = flag.listings.iter().find(|listing| self.is_listed(flag, listing))?;
        listing.variation
    }

    fn is_listed(&mut self, flag: &Flag, listing: &'r Listing) -> bool {
        self.trace.open();
        let named = self.is_in(&listing.targets);
        let matches = named || self.hold(&listing.segments);
        self.trace.close(|| Check::Listing { serves: flag.id_text(listing.variation), named, matches });
        matches
    }

    /// The first rule that matches, if it serves anything.
    fn ruled(&mut self, flag: &'r Flag) -> Option<Served> {
        let rule = flag.rules.iter().find(|rule| self.matches(rule))?;
        let (variation, by_bucket) = self.serve(flag, &rule.serve);
        let reason = if by_bucket { Reason::RuleRollout } else { Reason::RuleMatch };
        variation.map(|variation| Served { variation: Some(variation), reason })
    }

    fn matches(&mut self, rule: &'r Rule) -> bool {
        self.trace.open();
        let matches = self.hold(&rule.conditions);
        self.trace.close(|| Check::Rule { id: rule.id.to_string(), priority: rule.priority, matches });
        matches
    }

    /// The variation, and whether a bucket decided.
    fn serve(&mut self, flag: &'r Flag, serve: &'r Serve) -> (Option<VariationIndex>, bool) {
        match serve.rollout.as_deref().and_then(|rollout| self.roll(flag, rollout)) {
            Some(variation) => (Some(variation), true),
            None => (serve.variation, false),
        }
    }

    /// The share of the target's bucket; the last one if none has it or the target has no bucket.
    fn roll(&mut self, flag: &'r Flag, rollout: &'r Rollout) -> Option<VariationIndex> {
        let bucket = self.bucket(rollout);
        // Buckets are 1..=100, so a share up to 0 has none.
        let share = rollout.shares.iter().find(|share| bucket.is_some_and(|bucket| bucket <= share.up_to));
        let variation = share.or(rollout.shares.last())?.variation;
        self.trace.note(|| explain::rollout(flag, rollout, self.target, bucket, variation));
        variation
    }

    /// The bucket by the rollout's attribute, or else by identifier; none without either.
    #[inline]
    fn bucket(&mut self, rollout: &Rollout) -> Option<u8> {
        let mut prefix = rollout.prefix;
        if !rollout.bucket_by.is_identifier() {
            if let Some(value) = rollout.bucket_by.of(self.target) {
                value.write(&mut prefix);
                return Some(prefix.bucket());
            }
            prefix = Hash::of_attribute("identifier");
        }
        let identifier = self.target.identifier.as_bytes();
        if identifier.is_empty() {
            return None;
        }
        Some(*self.bucket.get_or_insert_with(|| prefix.then(identifier).bucket()))
    }

    /// Whether a list has the target's identifier.
    #[inline]
    fn is_in(&mut self, list: &TextSet) -> bool {
        if list.is_empty() {
            return false;
        }
        let identifier = &*self.target.identifier;
        let hash = *self.hash.get_or_insert_with(|| self.ruleset.hasher.hash(identifier));
        list.contains(identifier, hash)
    }
}
