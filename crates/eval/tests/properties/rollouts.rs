//! Percentage rollouts: fair, and steady when weights grow.

use model::{Snapshot, Target};
use proptest::collection::vec;
use proptest::prelude::*;

/// A flag that serves `v0`, `v1` … by these weights, with a remainder for the last.
fn rollout(weights: &[i64]) -> eval::Ruleset {
    let ids = (0..weights.len()).map(|number| format!("v{number}"));
    let variations: Vec<_> =
        ids.clone().map(|id| serde_json::json!({"identifier": id, "value": id})).collect();
    let shares = ids.zip(weights).map(|(id, weight)| serde_json::json!({"variation": id, "weight": weight}));
    let flag = serde_json::json!({
        "feature": "flag", "state": "on", "kind": "string", "variations": variations, "offVariation": "v0",
        "defaultServe": {"distribution": {"bucketBy": "identifier", "variations": shares.collect::<Vec<_>>()}},
    });
    let snapshot: Snapshot = serde_json::from_value(serde_json::json!({"flags": [flag]})).unwrap();
    eval::compile(&snapshot).0
}

fn served(ruleset: &eval::Ruleset, target: &str) -> usize {
    let flag = ruleset.flag("flag").unwrap();
    let variation = ruleset.evaluate(flag, &Target::bare(target)).variation.unwrap();
    variation.identifier.as_str().trim_start_matches('v').parse().unwrap()
}

/// Weights that sum to 100.
fn weights() -> impl Strategy<Value = Vec<i64>> {
    vec(0..=100_i64, 1..5).prop_map(|mut cuts| {
        cuts.push(0);
        cuts.push(100);
        cuts.sort_unstable();
        cuts.windows(2).map(|pair| pair[1] - pair[0]).collect()
    })
}

proptest! {
    #[test]
    fn growing_a_weight_moves_nobody_out_of_it_or_those_before_it(
        weights in weights(), grown in any::<prop::sample::Index>(), by in 1..=100_i64
    ) {
        let grown = grown.index(weights.len());
        let mut after = weights.clone();
        let by = by.min(weights[grown + 1..].iter().sum());
        after[grown] += by;
        // Taken from those behind it, first come, first served.
        let mut owed = by;
        for weight in &mut after[grown + 1..] {
            let taken = owed.min(*weight);
            *weight -= taken;
            owed -= taken;
        }
        let (before, after) = (rollout(&weights), rollout(&after));

        for number in 0..300 {
            let target = format!("target-{number}");
            let (was, is) = (served(&before, &target), served(&after, &target));
            prop_assert!(was > grown || is == was, "{target} moved from {was} to {is}");
        }
    }
}

#[test]
fn shares_of_many_targets_are_within_half_a_point_of_the_weights() {
    for weights in [vec![50, 50], vec![1, 99], vec![10, 20, 30, 40], vec![33, 33, 34], vec![0, 100]] {
        let ruleset = rollout(&weights);
        let mut counts = vec![0_u32; weights.len()];
        for number in 0..100_000 {
            counts[served(&ruleset, &format!("user-{number}@example.com"))] += 1;
        }

        for (count, weight) in counts.iter().zip(&weights) {
            let percent = f64::from(*count) / 1_000.0;
            let difference = (percent - *weight as f64).abs();
            assert!(difference <= 0.5, "{weight} % of {weights:?} is {percent} %");
        }
    }
}
