//! One version of an environment as streams are told of it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use client_api::FlagEvaluation;
use model::{Domain, EventKind, StreamEvent, Version};
use sse::EncodeError;
use tracing::error;

use crate::answers::Answers;
use crate::frame::Frame;

/// One event, encoded. Shared by all streams.
#[derive(Debug)]
pub(crate) struct Notice {
    /// The event.
    pub(crate) event: StreamEvent,
    /// As it goes over the wire.
    pub(crate) frame: Frame,
    /// Everything up to this version was sent with it.
    id: Version,
    /// When the relay learnt of it (Unix milliseconds).
    arrived_ms: i64,
}

/// Several notices in the order in which they are sent.
pub(crate) type Notices = Arc<[Arc<Notice>]>;

/// What is sent to bring a stream from one version to a later one.
#[derive(Debug)]
pub(crate) struct Step {
    /// The version that is reached with the last notice.
    pub(crate) version: Version,
    /// For server SDKs, in order.
    pub(crate) notices: Notices,
    /// For client SDKs whose target is not known, or whose answers are not.
    pub(crate) for_clients: Notices,
    /// When the relay learnt of it (Unix milliseconds).
    pub(crate) arrived_ms: i64,
    /// Whether it follows what every stream that is sent it has heard of. A replay does not: nobody
    /// knows what its client holds.
    pub(crate) is_next: bool,
    /// What it means to targets, once that is decided; `None` inside if it cannot be known. Those who
    /// decide keep it for a while.
    pub(crate) answers: OnceLock<Option<Weak<Answers>>>,
}

impl Notice {
    /// Encodes an event with the answer that it leads to, if it is to be embedded.
    ///
    /// # Errors
    /// When no SDK could read it.
    pub(crate) fn new(
        event: StreamEvent,
        answer: Option<FlagEvaluation<'_>>,
        id: Version,
        arrived_ms: i64,
    ) -> Result<Self, EncodeError> {
        let frame = Frame::event(&event, answer, id)?;
        Ok(Self { event, frame, id, arrived_ms })
    }

    fn object(&self) -> (Domain, &str) {
        (self.event.domain, &self.event.identifier)
    }

    /// Browsers act on a changed segment, but not on one that came or went.
    fn is_lost_on_clients(&self) -> bool {
        self.event.domain == Domain::Segment && self.event.event != EventKind::Patch
    }

    fn as_patch(&self) -> Option<Self> {
        let event = StreamEvent { event: EventKind::Patch, ..self.event.clone() };
        Self::new(event, None, self.id, self.arrived_ms).ok()
    }
}

impl Step {
    /// The step to `version`. Events that no SDK could read are left out.
    ///
    /// Only the last event carries the version as its id, the others that of the version before: a
    /// client that is cut off between two events of a version must get the second when it returns.
    fn new(version: Version, events: Vec<StreamEvent>, now_ms: i64) -> Self {
        let last = events.len().saturating_sub(1);
        let notices = events.into_iter().enumerate().filter_map(|(index, event)| {
            let id = if index == last { version } else { before(version) };
            match Notice::new(event, None, id, now_ms) {
                Ok(notice) => Some(Arc::new(notice)),
                Err(error) => {
                    error!(error = %error, "an event of version {version} cannot be sent: {error}");
                    None
                }
            }
        });
        Self { is_next: true, ..Self::replay(version, notices.collect(), now_ms) }
    }

    /// What a client may have missed up to `version`.
    pub(crate) fn replay(version: Version, notices: Notices, arrived_ms: i64) -> Self {
        let for_clients = for_clients(&notices);
        Self { version, notices, for_clients, arrived_ms, is_next: false, answers: OnceLock::new() }
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

/// The id of an event of `version` after which more events of it follow.
pub(crate) fn before(version: Version) -> Version {
    Version(version.0.saturating_sub(1))
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

fn for_clients(notices: &Notices) -> Notices {
    if !notices.iter().any(|notice| notice.is_lost_on_clients()) {
        return Arc::clone(notices);
    }
    let told = notices.iter().filter_map(|notice| match notice.is_lost_on_clients() {
        true => notice.as_patch().map(Arc::new),
        false => Some(Arc::clone(notice)),
    });
    told.collect()
}

#[cfg(test)]
pub(crate) mod tests {
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

    /// One step.
    pub(crate) fn step(events: Vec<StreamEvent>) -> Step {
        Step::split(events, 0).pop().expect("an event")
    }

    /// Identifier and version of each notice.
    pub(crate) fn named(notices: &[Arc<Notice>]) -> Vec<(&str, i64)> {
        notices.iter().map(|notice| (&*notice.event.identifier, notice.event.version.0)).collect()
    }

    /// What each notice is on the wire: its id, and its data.
    pub(crate) fn wire(notices: &[Arc<Notice>]) -> Vec<(String, serde_json::Value)> {
        let read = |notice: &Arc<Notice>| {
            let text = String::from_utf8(notice.frame.bytes(Framing::Plain).to_vec()).unwrap();
            let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            (line("id: ").to_owned(), serde_json::from_str(line("data: ")).unwrap())
        };
        notices.iter().map(read).collect()
    }

    #[test]
    fn only_the_last_event_of_a_version_says_that_the_version_is_complete() {
        let steps = Step::split(vec![patch("a", 7), patch("b", 7), patch("c", 7), patch("d", 9)], 0);

        let ids = |step: &Step| wire(&step.notices).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(&steps[0]), ["6", "6", "7"]);
        assert_eq!(ids(&steps[1]), ["9"]);
    }

    #[test]
    fn two_events_of_one_object_in_one_version_are_both_kept() {
        let step = step(vec![event(EventKind::Delete, "a", 4), patch("a", 4)]);

        assert_eq!(named(&newest(step.notices.iter(), 0)), [("a", 4), ("a", 4)]);
    }

    #[test]
    fn clients_are_told_of_every_segment_as_changed_because_they_ignore_its_coming_and_going() {
        let segment = |event, version| StreamEvent { domain: Domain::Segment, event, ..patch("s", version) };

        for event in [EventKind::Create, EventKind::Patch, EventKind::Delete] {
            let step = step(vec![patch("a", 4), segment(event, 4)]);

            let told: Vec<_> = step.for_clients.iter().map(|notice| notice.event.clone()).collect();
            assert_eq!(told, [patch("a", 4), segment(EventKind::Patch, 4)], "{event:?}");
            assert_eq!(wire(&step.for_clients)[1].0, "4");
            assert_eq!(step.notices[1].event.event, event, "server SDKs hold segments");
        }
    }
}
