//! From a report to counts per hour.

use std::collections::BTreeMap;

use model::MetricsJob;
use store::EvaluationCount;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// How far an SDK's clock may be ahead of ours before we go by our own.
const AHEAD_MS_MAX: i64 = HOUR_MS;

/// How old a count may be: SDKs that were offline report late.
const LATE_MS_MAX: i64 = 24 * HOUR_MS;

/// When the hour of a time began.
pub(crate) const fn hour_of(at_ms: i64) -> i64 {
    at_ms - at_ms.rem_euclid(HOUR_MS)
}

/// The counts of a report, one for each flag, variation and hour.
pub(crate) fn counts(report: &MetricsJob) -> Vec<EvaluationCount> {
    let mut sums: BTreeMap<(&str, &str, i64), i64> = BTreeMap::new();
    for one in &report.evaluations {
        let key = (&*one.flag, &*one.variation, hour_of(plausible(one.at_ms, report.received_ms)));
        let sum = sums.entry(key).or_default();
        *sum = sum.saturating_add(one.count);
    }
    let count = |((flag, variation, hour_ms), evaluations): ((&str, &str, i64), i64)| EvaluationCount {
        environment: report.environment.clone(),
        flag: flag.to_owned(),
        variation: variation.to_owned(),
        hour_ms,
        evaluations,
    };
    sums.into_iter().map(count).collect()
}

fn plausible(at_ms: i64, received_ms: i64) -> i64 {
    let earliest = received_ms.saturating_sub(LATE_MS_MAX);
    let latest = received_ms.saturating_add(AHEAD_MS_MAX);
    if (earliest..=latest).contains(&at_ms) { at_ms } else { received_ms }
}

#[cfg(test)]
mod tests {
    use model::{EnvironmentUuid, KeyHash, ReportedEvaluations};

    use super::*;

    const NOW_MS: i64 = 1_000 * HOUR_MS + 5;

    fn reported(flag: &str, count: i64, at_ms: i64) -> ReportedEvaluations {
        ReportedEvaluations { flag: flag.into(), variation: "true".into(), count, at_ms }
    }

    fn report(evaluations: Vec<ReportedEvaluations>) -> MetricsJob {
        MetricsJob {
            environment: EnvironmentUuid::from_wire("environment"),
            key: KeyHash::from_wire("key"),
            received_ms: NOW_MS,
            evaluations,
            targets: Vec::new(),
        }
    }

    #[test]
    fn counts_of_one_hour_are_added_up() {
        let report = report(vec![
            reported("a", 2, NOW_MS),
            reported("a", 3, NOW_MS + 1),
            reported("a", 5, NOW_MS - HOUR_MS),
            reported("b", 7, NOW_MS),
        ]);

        let counts: Vec<_> = counts(&report)
            .into_iter()
            .map(|count| (count.flag, count.hour_ms / HOUR_MS, count.evaluations))
            .collect();

        assert_eq!(
            counts,
            [("a".to_owned(), 999, 5), ("a".to_owned(), 1_000, 5), ("b".to_owned(), 1_000, 7)]
        );
    }

    #[test]
    fn a_clock_that_cannot_be_right_is_not_believed() {
        let report = report(vec![reported("a", 1, NOW_MS + 3 * HOUR_MS), reported("b", 1, 1_700)]);

        let hours: Vec<_> = counts(&report).into_iter().map(|count| count.hour_ms / HOUR_MS).collect();

        assert_eq!(hours, [1_000, 1_000]);
    }
}
