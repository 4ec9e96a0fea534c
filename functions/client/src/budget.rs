//! How many targets a key may register.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use model::{KeyHash, Target};

/// New targets that one key may register in a minute. Client keys are public, so whoever has one could
/// otherwise fill the list of targets and the queue before it.
const TARGETS_PER_MINUTE_MAX: usize = 600;

const MINUTE_MS: i64 = 60_000;

/// What becomes of a target that authenticated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It is to be registered.
    New,
    /// It was registered within this minute, exactly as it is.
    Repeated,
    /// Its key has registered as many as it may, and this is the first beyond that.
    FirstBeyond,
    /// The same, and not the first.
    Beyond,
}

/// The targets of the current minute.
#[derive(Default)]
pub(crate) struct Budget {
    hasher: RandomState,
    minute: Mutex<Minute>,
}

#[derive(Default)]
struct Minute {
    number: i64,
    keys: HashMap<KeyHash, Spent>,
}

#[derive(Default)]
struct Spent {
    /// Hashes of the targets, attributes included: what is different is registered again.
    targets: HashSet<u64>,
    is_beyond: bool,
}

impl Budget {
    /// Decides about a target, and notes it.
    pub(crate) fn spend(&self, key: &KeyHash, target: &Target, now_ms: i64) -> Verdict {
        let target = self.hasher.hash_one((&target.identifier, &target.name, attributes(target)));
        let number = now_ms.div_euclid(MINUTE_MS);
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number {
            *minute = Minute { number, keys: HashMap::new() };
        }
        let spent = minute.keys.entry(key.clone()).or_default();
        if spent.targets.contains(&target) {
            return Verdict::Repeated;
        }
        if spent.targets.len() < TARGETS_PER_MINUTE_MAX {
            spent.targets.insert(target);
            return Verdict::New;
        }
        match std::mem::replace(&mut spent.is_beyond, true) {
            false => Verdict::FirstBeyond,
            true => Verdict::Beyond,
        }
    }
}

/// The attributes as JSON, whose objects are in order.
fn attributes(target: &Target) -> String {
    serde_json::to_string(&target.attributes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ONE: &str = "one";
    const OTHER: &str = "other";

    fn spend(budget: &Budget, key: &str, target: &Target, now_ms: i64) -> Verdict {
        budget.spend(&KeyHash::from_wire(key), target, now_ms)
    }

    #[test]
    fn each_key_has_six_hundred_new_targets_a_minute() {
        let budget = Budget::default();
        for number in 0..TARGETS_PER_MINUTE_MAX {
            assert_eq!(spend(&budget, ONE, &Target::bare(number.to_string()), MINUTE_MS - 1), Verdict::New);
        }

        assert_eq!(spend(&budget, ONE, &Target::bare("a"), MINUTE_MS - 1), Verdict::FirstBeyond);
        assert_eq!(spend(&budget, ONE, &Target::bare("b"), MINUTE_MS - 1), Verdict::Beyond);
        assert_eq!(spend(&budget, ONE, &Target::bare("7"), MINUTE_MS - 1), Verdict::Repeated);
        assert_eq!(spend(&budget, OTHER, &Target::bare("a"), MINUTE_MS - 1), Verdict::New);
        assert_eq!(spend(&budget, ONE, &Target::bare("a"), MINUTE_MS), Verdict::New);
    }

    #[test]
    fn a_target_with_other_attributes_is_new() {
        let budget = Budget::default();
        let with = |plan: &str| Target {
            attributes: json!({ "plan": plan }).as_object().cloned().unwrap_or_default(),
            ..Target::bare("ann")
        };

        assert_eq!(spend(&budget, ONE, &with("free"), 0), Verdict::New);
        assert_eq!(spend(&budget, ONE, &with("free"), 0), Verdict::Repeated);
        assert_eq!(spend(&budget, ONE, &with("pro"), 0), Verdict::New);
    }
}
