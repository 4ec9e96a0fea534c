//! How much memory a ruleset takes. The only test of its binary, so that nothing else allocates.

#![cfg(test)]

#[path = "../benches/evaluation/environments.rs"]
#[expect(dead_code, reason = "the benches measure with more of it")]
mod environments;

use std::alloc::System;

use model::Snapshot;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn ruleset_of_many_flags_takes_less_than_its_json_and_a_half() {
    let json = environments::typical(10_000);
    let snapshot: Snapshot = serde_json::from_str(&json).unwrap();

    let region = Region::new(ALLOCATOR);
    let (ruleset, warnings) = eval::compile(&snapshot);
    let change = region.change();

    let taken = change.bytes_allocated - change.bytes_deallocated;
    println!("{} bytes of JSON, {taken} bytes compiled, {} allocations", json.len(), change.allocations);
    assert_eq!((ruleset.len(), warnings.len()), (10_000, 0));
    assert!(taken * 2 < json.len() * 3, "{taken} bytes for {} bytes of JSON", json.len());
}
