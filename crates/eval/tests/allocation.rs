//! Evaluating does not allocate. The only test of its binary, so that nothing else does.

#![cfg(test)]

use std::alloc::System;

use model::{Snapshot, Target};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Every part of the algorithm: prerequisites of prerequisites, the target map, segments in segments
/// in both forms, every operator but `match`, rollouts by attributes of every type.
const ENVIRONMENT: &str = include_str!("allocation.json");

#[test]
fn evaluating_allocates_nothing() {
    let snapshot: Snapshot = serde_json::from_str(ENVIRONMENT).unwrap();
    let targets: Vec<Target> = serde_json::from_str(
        r#"[{}, {"identifier": "ann"}, {"identifier": "zoe", "name": "Zoe", "attributes": {
            "text": "Straße", "number": 42, "fraction": 1e-300, "large": 1e300, "truth": true, "nothing": null,
            "list": ["a", "b", 1, [2]], "object": {"x": {"y": [1.5]}}, "plan": "Gold"}}]"#,
    )
    .unwrap();
    let (ruleset, warnings) = eval::compile(&snapshot);
    let steps: String = targets
        .iter()
        .flat_map(|target| ruleset.flags().map(|flag| ruleset.explain(flag.index, target).to_string()))
        .collect();

    let region = Region::new(ALLOCATOR);
    let mut served = 0;
    for target in &targets {
        for (_, evaluation) in ruleset.evaluate_all(target) {
            served += usize::from(evaluation.variation.is_some());
        }
    }
    let change = region.change();

    assert_eq!(change.allocations + change.reallocations, 0);
    assert_eq!(warnings, []);
    assert_eq!(served, targets.len() * ruleset.len());
    for part in
        ["prerequisite", "target map", "by rules", "rollout by large", "gt", "ends_with", "does not exist"]
    {
        assert!(steps.contains(part), "{part} is not part of what was measured:\n{steps}");
    }
}
