//! The engine against the algorithm as it is written down, and against its own explanations.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::environments::{snapshot, target};
use crate::oracle::Oracle;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn engine_answers_what_the_written_algorithm_answers(snapshot in snapshot(), targets in vec(target(), 16)) {
        let (ruleset, _) = eval::compile(&snapshot);
        let oracle = Oracle::new(&snapshot);

        for target in &targets {
            for (flag, evaluation) in ruleset.evaluate_all(target) {
                let explanation = ruleset.explain(flag.index, target);
                prop_assert_eq!(
                    evaluation.variation, oracle.evaluate(flag.id, target),
                    "flag {} for {:?}\n{}", flag.id, target, explanation
                );
            }
        }
    }
}

proptest! {
    // Some 4 different flags a snapshot and 16 targets: more than 100,000 explanations.
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn explanation_tells_what_evaluation_does(snapshot in snapshot(), targets in vec(target(), 16)) {
        let (ruleset, _) = eval::compile(&snapshot);

        for target in &targets {
            for (flag, evaluation) in ruleset.evaluate_all(target) {
                let explanation = ruleset.explain(flag.index, target);
                prop_assert_eq!(explanation.variation.as_ref(), evaluation.variation);
                prop_assert_eq!(explanation.reason, evaluation.reason);
                prop_assert_eq!(&explanation.flag, flag.id);
                prop_assert!(!explanation.steps.is_empty(), "no step for {}", flag.id);
                prop_assert!(explanation.to_string().lines().count() > 1);
            }
        }
    }
}
