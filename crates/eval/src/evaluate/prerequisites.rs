//! Prerequisites of a flag, and theirs.

use std::slice;

use arrayvec::ArrayVec;

use super::Run;
use crate::explain::{Check, Outcome};
use crate::flag::{Flag, Prerequisite};
use crate::soundness::DEPTH_MAX;
use crate::trace::Trace;

/// The prerequisites of one flag that are still to check.
type Pending<'r> = slice::Iter<'r, Prerequisite>;

impl<'r, T: Trace> Run<'r, '_, T> {
    /// Whether every prerequisite serves a variation that is accepted, and theirs do, too.
    ///
    /// A prerequisite that does not exist or serves nothing counts as met, and so do those after it in
    /// the same list. What a prerequisite serves does not depend on its own prerequisites.
    ///
    /// The walk is depth-first. Its way back is a stack of fixed size: a flag with deeper
    /// prerequisites is unsound and does not come here.
    pub(super) fn prerequisites_met(&mut self, flag: &'r Flag) -> bool {
        let mut outer = ArrayVec::<Pending<'r>, DEPTH_MAX>::new();
        let mut pending = flag.prerequisites.iter();
        loop {
            let Some(prerequisite) = pending.next() else {
                let Some(back) = outer.pop() else { return true };
                pending = back;
                continue;
            };
            match self.verdict(prerequisite) {
                Verdict::Unmet => return false,
                Verdict::Ignored => pending = [].iter(),
                Verdict::Met(next) => {
                    if outer.try_push(pending).is_err() {
                        return false;
                    }
                    pending = next.prerequisites.iter();
                }
            }
        }
    }

    fn verdict(&mut self, prerequisite: &'r Prerequisite) -> Verdict<'r> {
        self.trace.open();
        let found = self.ruleset.flags.slot(prerequisite.flag);
        let (verdict, serves) = match found.and_then(|slot| Some((slot.object.as_deref()?, slot.standing))) {
            None => (Verdict::Ignored, None),
            Some((flag, standing)) => {
                let served = self.serve_flag(flag, standing);
                match flag.variation(served.variation) {
                    None => (Verdict::Ignored, None),
                    Some(variation) if prerequisite.accepted.contains(&variation.identifier) => {
                        (Verdict::Met(flag), Some(&variation.identifier))
                    }
                    Some(variation) => (Verdict::Unmet, Some(&variation.identifier)),
                }
            }
        };
        self.trace.close(|| Check::Prerequisite {
            flag: self.ruleset.flags.id(prerequisite.flag).to_owned(),
            accepted: prerequisite.accepted.iter().map(ToString::to_string).collect(),
            serves: serves.map(ToString::to_string),
            outcome: verdict.outcome(),
        });
        verdict
    }
}

/// What one prerequisite says.
enum Verdict<'r> {
    Unmet,
    /// It and all that follow in its list count as met.
    Ignored,
    /// Met, if its own prerequisites are.
    Met(&'r Flag),
}

impl Verdict<'_> {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Unmet => Outcome::Unmet,
            Self::Ignored => Outcome::Ignored,
            Self::Met(_) => Outcome::Met,
        }
    }
}
