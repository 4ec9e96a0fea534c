//! What happened in one environment lately: a bounded log that every stream of it reads.

use std::collections::VecDeque;
use std::sync::Arc;

use model::Version;

use crate::limits::{LOG_EVENTS_MAX, LOG_STEPS_MAX};
use crate::step::Step;

/// A reader asks for what follows a version that the log no longer reaches back to.
#[derive(Debug)]
pub(crate) struct FellBehind;

/// The newest steps in the order of their versions.
#[derive(Debug)]
pub(crate) struct Log {
    steps: VecDeque<Arc<Step>>,
    events: usize,
    /// Nothing is missing after this version …
    floor: Version,
    /// … nor after this time.
    complete_since_ms: i64,
}

impl Log {
    /// An empty log that begins after `floor`.
    pub(crate) fn new(floor: Version, now_ms: i64) -> Self {
        Self { steps: VecDeque::new(), events: 0, floor, complete_since_ms: now_ms }
    }

    /// Adds the newest step and forgets the oldest ones beyond the limits.
    pub(crate) fn push(&mut self, step: Step) {
        self.events += step.notices.len();
        self.steps.push_back(Arc::new(step));
        while self.steps.len() > LOG_STEPS_MAX || (self.events > LOG_EVENTS_MAX && self.steps.len() > 1) {
            let Some(oldest) = self.steps.pop_front() else { break };
            self.events -= oldest.notices.len();
            self.floor = oldest.version;
            self.complete_since_ms = oldest.arrived_ms.saturating_add(1);
        }
    }

    /// The first step after `version`, if there is one yet.
    ///
    /// # Errors
    /// When steps between the two were forgotten.
    pub(crate) fn next_after(&self, version: Version) -> Result<Option<&Arc<Step>>, FellBehind> {
        if !self.reaches_back_to(version) {
            return Err(FellBehind);
        }
        Ok(self.after(version).next())
    }

    /// The version after which nothing is missing.
    pub(crate) fn floor(&self) -> Version {
        self.floor
    }

    /// Whether everything after `version` is here.
    pub(crate) fn reaches_back_to(&self, version: Version) -> bool {
        version >= self.floor
    }

    /// Whether everything since that time is here.
    pub(crate) fn reaches_back_to_ms(&self, since_ms: i64) -> bool {
        self.complete_since_ms <= since_ms
    }

    /// The steps after `version`.
    pub(crate) fn after(&self, version: Version) -> impl Iterator<Item = &Arc<Step>> {
        self.steps.range(self.steps.partition_point(|step| step.version <= version)..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::newest;
    use crate::step::tests::{named, patch, step};

    fn log(events: &[(&str, i64)]) -> Log {
        let mut log = Log::new(Version(0), 0);
        let events = events.iter().map(|(identifier, version)| patch(identifier, *version)).collect();
        Step::split(events, 0).into_iter().for_each(|step| log.push(step));
        log
    }

    #[test]
    fn a_reader_walks_from_version_to_version() {
        let log = log(&[("a", 3), ("b", 3), ("a", 7)]);

        let first = log.next_after(Version(0)).unwrap().unwrap();
        let second = log.next_after(first.version).unwrap().unwrap();
        assert_eq!(named(&first.notices), [("a", 3), ("b", 3)]);
        assert_eq!(named(&second.notices), [("a", 7)]);
        assert!(log.next_after(second.version).unwrap().is_none());
    }

    #[test]
    fn the_log_forgets_the_oldest_steps_and_says_so() {
        let mut log = Log::new(Version(0), 0);
        for version in 1..=LOG_STEPS_MAX as i64 + 2 {
            log.push(Step { arrived_ms: version, ..step(vec![patch("a", version)]) });
        }

        assert!(log.next_after(Version(1)).is_err());
        assert_eq!(log.next_after(Version(2)).unwrap().unwrap().version, Version(3));
        assert!(!log.reaches_back_to_ms(2));
        assert!(log.reaches_back_to_ms(3));
    }

    #[test]
    fn the_log_is_bounded_by_events_but_keeps_the_newest_version_whole() {
        let big = |version| (0..LOG_EVENTS_MAX).map(|_| patch("a", version)).collect();
        let mut log = Log::new(Version(0), 0);

        log.push(step(big(1)));
        log.push(step(big(2)));

        assert!(!log.reaches_back_to(Version(0)));
        assert_eq!(log.after(Version(1)).count(), 1);
    }

    #[test]
    fn the_newest_of_each_object_keeps_the_order_of_versions() {
        let log = log(&[("a", 1), ("b", 2), ("c", 2), ("a", 3)]);

        let newest = newest(log.after(Version(0)).flat_map(|step| &*step.notices), 0);

        assert_eq!(named(&newest), [("b", 2), ("c", 2), ("a", 3)]);
    }
}
