//! The write protocol, the outbox, delivery, the relay and the counting of reports, in a world where a seed decides
//! what is slow, what fails and who dies between any two steps.
//!
//! A failure prints its `BURGEE_SEED`; with that variable the same run is made again, alone. `BURGEE_SOAK=1` makes
//! 10,000 runs.
#![cfg(test)]

mod simulation {
    pub(crate) mod client;
    pub(crate) mod fleet;
    pub(crate) mod run;
    pub(crate) mod truth;
}

use std::panic::{AssertUnwindSafe, catch_unwind};

use simulation::run::{Report, run};
use tests::seed::{is_soak, named_seed, seed};

/// Runs of a short test, and of a long one.
const RUNS: u64 = 200;
const SOAK: u64 = 10_000;

#[test]
fn whatever_fails_or_dies_no_reader_goes_back_and_everybody_ends_at_the_latest_version() {
    let count = match (named_seed(), is_soak()) {
        (Some(_), _) => 1,
        (None, true) => SOAK,
        (None, false) => RUNS,
    };
    let first = seed();
    let mut sum = Report::default();
    for seed in (0..count).map(|number| first.wrapping_add(number)) {
        let ran = catch_unwind(AssertUnwindSafe(|| run(seed)));
        match ran {
            Ok(report) => sum.add(&report),
            Err(failure) => {
                eprintln!("BURGEE_SEED={seed} makes this run again");
                std::panic::resume_unwind(failure);
            }
        }
    }
    println!("{count} runs: {sum:?}");
    let is_eventful =
        sum.crashes > 0 && sum.written > 0 && sum.refused > 0 && sum.events > 0 && sum.counted > 0;
    assert!(count == 1 || is_eventful, "these runs show little");
}

#[test]
fn the_same_seed_makes_the_same_run() {
    let seed = seed();

    for seed in (0..5).map(|number| seed.wrapping_add(number)) {
        assert_eq!(run(seed), run(seed), "BURGEE_SEED={seed}");
    }
}
