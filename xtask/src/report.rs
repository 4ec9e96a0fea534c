//! What a suite gave: counts read from the test runner's own summary, and the table at the end.

use std::time::Duration;

/// Tests passed and failed. A check without tests counts as one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, timed out or could not be started.
    pub failed: u64,
}

impl Counts {
    /// The counts of a check that has no tests to count.
    pub(crate) fn of_check(succeeded: bool) -> Self {
        Self { passed: u64::from(succeeded), failed: u64::from(!succeeded) }
    }

    /// Adds a summary line of `cargo test` (one per binary) or nextest; other lines change nothing.
    pub(crate) fn read(&mut self, line: &str) {
        // nextest shows a test's own output indented, in which the line of `cargo test` stands again.
        if !line.starts_with("test result: ") && !line.trim_start().starts_with("Summary [") {
            return;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        for (count, what) in words.iter().zip(words.iter().skip(1)) {
            let Ok(count) = count.parse::<u64>() else { continue };
            match what.trim_end_matches([',', ';']) {
                "passed" => self.passed += count,
                // nextest: "1 timed out", "1 exec failed".
                "failed" | "timed" | "exec" => self.failed += count,
                _ => {}
            }
        }
    }
}

/// One line of the table.
pub(crate) struct Outcome {
    /// The suite's name.
    pub name: String,
    /// What it gave; `None` if it was not run, because a suite that it needs failed.
    pub counts: Option<Counts>,
    /// How long it ran.
    pub took: Duration,
    /// How long it should at most run on two cores with nothing built yet.
    pub budget_s: u64,
}

/// Prints the table and, alone on the last line, the sums. Returns them.
pub(crate) fn print(outcomes: &[Outcome]) -> Counts {
    println!("\n{:<14} {:>7} {:>7} {:>8} {:>7}", "suite", "passed", "failed", "seconds", "budget");
    let mut sum = Counts::default();
    for Outcome { name, counts, took, budget_s } in outcomes {
        let Some(counts) = counts else {
            println!("{name:<14} {:>7} {:>7} {:>8} {budget_s:>7}", "-", "-", "not run");
            continue;
        };
        let over = if took.as_secs() > *budget_s { "  over budget" } else { "" };
        let Counts { passed, failed } = counts;
        println!("{name:<14} {passed:>7} {failed:>7} {:>8.1} {budget_s:>7}{over}", took.as_secs_f64());
        sum.passed += passed;
        sum.failed += failed;
    }
    let total = outcomes.iter().map(|outcome| outcome.took.as_secs_f64()).sum::<f64>();
    let budget_s = outcomes.iter().map(|outcome| outcome.budget_s).sum::<u64>();
    println!("{:<14} {:>7} {:>7} {total:>8.1} {budget_s:>7}\n", "all", sum.passed, sum.failed);
    println!("{} passed, {} failed", sum.passed, sum.failed);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_both_runners_are_counted_and_other_lines_are_not() {
        let mut counts = Counts::default();

        counts.read(
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.01s",
        );
        counts.read("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.read(
            "     Summary [   0.503s] 7 tests run: 4 passed (1 slow), 1 failed, 2 timed out, 0 skipped",
        );
        counts.read("    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 20 filtered out");
        counts.read("I said 9 passed");

        assert_eq!(counts, Counts { passed: 8, failed: 5 });
    }
}
