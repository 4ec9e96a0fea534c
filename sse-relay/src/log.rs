//! What happened in one environment lately: a bounded log that every stream of it reads.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use model::{Domain, StreamEvent, Version};
use tracing::error;

use crate::frame::Frame;
use crate::limits::{LOG_EVENTS_MAX, LOG_STEPS_MAX};

/// One event, encoded. Shared by all streams.
#[derive(Debug)]
pub(crate) struct Notice {
    /// The event.
    pub(crate) event: StreamEvent,
    /// As it goes over the wire.
    pub(crate) frame: Frame,
    /// When the relay learnt of it (Unix milliseconds).
    arrived_ms: i64,
}

/// Several notices in the order in which they are sent.
pub(crate) type Notices = Arc<[Arc<Notice>]>;

/// One version of an environment: what is sent to bring a stream from the one before to this one.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The version that is reached with the last notice.
    pub(crate) version: Version,
    /// In order.
    pub(crate) notices: Notices,
    arrived_ms: i64,
}

/// A reader asks for what follows a version that the log no longer reaches back to.
#[derive(Debug)]
pub(crate) struct FellBehind;

/// The newest steps in the order of their versions.
#[derive(Debug)]
pub(crate) struct Log {
    steps: VecDeque<Step>,
    events: usize,
    /// Nothing is missing after this version …
    floor: Version,
    /// … nor after this time.
    complete_since_ms: i64,
}

impl Step {
    /// The step to `version`. Events that no SDK could read are left out.
    ///
    /// Only the last event carries the version as its id, the others that of the version before: a
    /// client that is cut off between two events of a version must get the second when it returns.
    fn new(version: Version, events: Vec<StreamEvent>, now_ms: i64) -> Self {
        let last = events.len().saturating_sub(1);
        let before = Version(version.0.saturating_sub(1));
        let notices = events.into_iter().enumerate().filter_map(|(index, event)| {
            match Frame::event(&event, if index == last { version } else { before }) {
                Ok(frame) => Some(Arc::new(Notice { event, frame, arrived_ms: now_ms })),
                Err(error) => {
                    error!(error = %error, "an event of version {version} cannot be sent: {error}");
                    None
                }
            }
        });
        Self { version, notices: notices.collect(), arrived_ms: now_ms }
    }

    /// Steps from events in the order of their versions.
    pub(crate) fn split(events: Vec<StreamEvent>, now_ms: i64) -> Vec<Self> {
        let mut steps = Vec::new();
        let mut events = events.into_iter().peekable();
        while let Some(first) = events.next() {
            let version = first.version;
            let mut same = vec![first];
            while let Some(event) = events.next_if(|event| event.version == version) {
                same.push(event);
            }
            steps.push(Self::new(version, same, now_ms));
        }
        steps
    }
}

impl Log {
    /// An empty log that begins after `floor`.
    pub(crate) fn new(floor: Version, now_ms: i64) -> Self {
        Self { steps: VecDeque::new(), events: 0, floor, complete_since_ms: now_ms }
    }

    /// Adds the newest step and forgets the oldest ones beyond the limits.
    pub(crate) fn push(&mut self, step: Step) {
        self.events += step.notices.len();
        self.steps.push_back(step);
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
    pub(crate) fn next_after(&self, version: Version) -> Result<Option<&Step>, FellBehind> {
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
    pub(crate) fn after(&self, version: Version) -> impl Iterator<Item = &Step> {
        self.steps.range(self.steps.partition_point(|step| step.version <= version)..)
    }
}

/// The newest of several notices of each object. `notices` are in the order of their versions; those of
/// one version stay together. What arrived before `since_ms` is left out.
pub(crate) fn newest<'a>(notices: impl Iterator<Item = &'a Arc<Notice>>, since_ms: i64) -> Notices {
    let notices: Vec<_> = notices.filter(|notice| notice.arrived_ms >= since_ms).collect();
    let mut versions: HashMap<(Domain, &str), Version> = HashMap::new();
    for notice in &notices {
        versions.insert(notice.object(), notice.event.version);
    }
    let is_newest = |notice: &&Arc<Notice>| versions.get(&notice.object()) == Some(&notice.event.version);
    notices.into_iter().filter(is_newest).cloned().collect()
}

impl Notice {
    fn object(&self) -> (Domain, &str) {
        (self.event.domain, &self.event.identifier)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use model::EventKind;

    use super::*;
    use crate::frame::Framing;

    /// An event about a flag.
    pub(crate) fn event(event: EventKind, identifier: &str, version: i64) -> StreamEvent {
        let identifier = identifier.to_owned();
        StreamEvent { event, domain: Domain::Flag, identifier, version: Version(version) }
    }

    pub(crate) fn patch(identifier: &str, version: i64) -> StreamEvent {
        event(EventKind::Patch, identifier, version)
    }

    /// Identifier and version of each notice.
    pub(crate) fn named(notices: &[Arc<Notice>]) -> Vec<(&str, i64)> {
        notices.iter().map(|notice| (&*notice.event.identifier, notice.event.version.0)).collect()
    }

    fn log(events: &[(&str, i64)]) -> Log {
        let mut log = Log::new(Version(0), 0);
        let events = events.iter().map(|(identifier, version)| patch(identifier, *version)).collect();
        Step::split(events, 0).into_iter().for_each(|step| log.push(step));
        log
    }

    fn ids(step: &Step) -> Vec<String> {
        let text = |notice: &Arc<Notice>| {
            String::from_utf8_lossy(notice.frame.bytes(Framing::Plain)).lines().next().unwrap().to_owned()
        };
        step.notices.iter().map(text).collect()
    }

    #[test]
    fn only_the_last_event_of_a_version_says_that_the_version_is_complete() {
        let steps = Step::split(vec![patch("a", 7), patch("b", 7), patch("c", 7), patch("d", 9)], 0);

        assert_eq!(ids(&steps[0]), ["id: 6", "id: 6", "id: 7"]);
        assert_eq!(ids(&steps[1]), ["id: 9"]);
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
            log.push(Step::new(Version(version), vec![patch("a", version)], version));
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

        log.push(Step::new(Version(1), big(1), 0));
        log.push(Step::new(Version(2), big(2), 0));

        assert!(!log.reaches_back_to(Version(0)));
        assert_eq!(log.after(Version(1)).count(), 1);
    }

    #[test]
    fn the_newest_of_each_object_keeps_the_order_of_versions() {
        let log = log(&[("a", 1), ("b", 2), ("c", 2), ("a", 3)]);

        let newest = newest(log.after(Version(0)).flat_map(|step| &*step.notices), 0);

        assert_eq!(named(&newest), [("b", 2), ("c", 2), ("a", 3)]);
    }

    #[test]
    fn two_events_of_one_object_in_one_version_are_both_kept() {
        let step = Step::new(Version(4), vec![event(EventKind::Delete, "a", 4), patch("a", 4)], 0);

        assert_eq!(named(&newest(step.notices.iter(), 0)), [("a", 4), ("a", 4)]);
    }
}
