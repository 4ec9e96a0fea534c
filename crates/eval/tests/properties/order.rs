//! Lists whose order has no meaning.

use model::Snapshot;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::environments::{snapshot, target};

/// Turns round every list whose order must not matter. What order decides stays: rules of equal
/// priority, clauses' first operands, lists of segments, target maps, shares, prerequisites.
fn reversed(mut snapshot: Snapshot) -> Snapshot {
    for segment in &mut snapshot.segments {
        segment.included.reverse();
        segment.excluded.reverse();
        segment.rules.reverse();
        segment.serving_rules.reverse();
        for rule in &mut segment.serving_rules {
            rule.clauses.reverse();
        }
        let clauses = segment.serving_rules.iter_mut().flat_map(|rule| &mut rule.clauses);
        for clause in clauses.chain(&mut segment.rules).filter(|clause| &*clause.op == "in") {
            clause.values.reverse();
        }
    }
    for flag in &mut snapshot.flags {
        for rule in &mut flag.rules {
            rule.clauses.reverse();
        }
        // The sort is stable: rules of different priority change places, equal ones do not.
        flag.rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
        for listing in &mut flag.variation_to_target_map {
            listing.targets.reverse();
        }
        for prerequisite in &mut flag.prerequisites {
            prerequisite.variations.reverse();
        }
    }
    snapshot
}

/// One object for each identifier, because of two the later counts.
fn without_repetition(mut snapshot: Snapshot) -> Snapshot {
    snapshot.flags.sort_by(|a, b| a.feature.cmp(&b.feature));
    snapshot.flags.dedup_by(|a, b| a.feature == b.feature);
    snapshot.segments.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    snapshot.segments.dedup_by(|a, b| a.identifier == b.identifier);
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn order_without_meaning_changes_nothing(snapshot in snapshot(), targets in vec(target(), 5)) {
        let snapshot = without_repetition(snapshot);
        let mut turned = reversed(snapshot.clone());
        turned.flags.reverse();
        turned.segments.reverse();
        let (one, _) = eval::compile(&snapshot);
        let (other, _) = eval::compile(&turned);

        for target in &targets {
            let answers = one.evaluate_all(target).map(|(flag, evaluation)| (flag.id, evaluation));
            let turned = other.evaluate_all(target).map(|(flag, evaluation)| (flag.id, evaluation));
            prop_assert_eq!(answers.collect::<Vec<_>>(), turned.collect::<Vec<_>>());
        }
    }
}
