//! One stream's progress through its environment's log: a pure state machine.

use std::sync::Arc;
use std::time::Duration;

use model::{KeyHash, Version};

use crate::answers::Answers;
use crate::audience::Audience;
use crate::end::End;
use crate::frame::Frame;
use crate::hub::Topic;
use crate::limits::{BURST_EVENTS, PACE_PORTIONS, PACE_WAIT, PORTION_EVENTS_MAX};
use crate::log::FellBehind;
use crate::replay::Start;
use crate::rules::Outlook;
use crate::step::{Notices, Step};

/// To whom a stream speaks.
#[derive(Clone, Debug)]
pub(crate) enum Listener {
    /// A server SDK: it holds the rules.
    Server,
    /// A client SDK: it holds answers, nobody knows whose.
    Client,
    /// A client SDK that holds the answers of this target.
    Target(Arc<Audience>),
}

/// What a stream does next.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Send this in one write, then ask again.
    Send(Frame),
    /// Find out what the target is [told](Audience::told) by these, hand it to [`Reader::tell`], and ask
    /// again. Not done here, where all streams of the environment wait for each other.
    Evaluate(Arc<Audience>, Arc<Answers>),
    /// Wait to be woken, at most so long; then report [`Reader::time_is_up`] and ask again.
    Wait(Duration),
    /// Close.
    End(End),
}

/// One stream.
#[derive(Debug)]
pub(crate) struct Reader {
    key: Arc<KeyHash>,
    listener: Listener,
    /// What is to be sent first, until it is.
    replay: Option<Arc<Step>>,
    /// Everything up to this version was sent, once `burst` is through.
    version: Version,
    burst: Option<Burst>,
    /// The longest silence of this stream.
    heartbeat_every: Duration,
    heartbeat_due: bool,
    /// Unix milliseconds.
    ends_ms: i64,
    end: End,
    last_words: Option<Frame>,
}

/// Notices on their way out.
#[derive(Debug)]
struct Burst {
    notices: Notices,
    sent: usize,
    /// How many may be sent before the next wait.
    allowed: usize,
}

impl Reader {
    /// A stream that begins at `start`, is never silent for longer than `heartbeat_every`, and ends at
    /// `ends_ms` (Unix milliseconds) because of `end`.
    pub(crate) fn new(
        key: Arc<KeyHash>,
        listener: Listener,
        start: Start,
        heartbeat_every: Duration,
        (ends_ms, end): (i64, End),
    ) -> Self {
        Self {
            key,
            listener,
            version: start.version(),
            replay: Some(start.replay),
            burst: None,
            heartbeat_every,
            heartbeat_due: false,
            ends_ms,
            end,
            last_words: None,
        }
    }

    /// What to do now.
    pub(crate) fn next(&mut self, topic: &mut Topic, now_ms: i64) -> Action {
        if let Some(end) = topic.over() {
            return Action::End(end);
        }
        if topic.is_revoked(self.key.as_str()) {
            return Action::End(End::KeyRevoked);
        }
        if now_ms >= self.ends_ms {
            return self.last_words.take().map_or(Action::End(self.end), Action::Send);
        }
        loop {
            if let Some(burst) = &mut self.burst {
                if let Some(action) = burst.next() {
                    return action;
                }
                self.burst = None;
            }
            match self.next_step(topic) {
                Err(FellBehind) => return Action::End(End::TooSlow),
                Ok(None) => return self.idle(now_ms),
                Ok(Some(step)) => {
                    if let Some(action) = self.take(&step, topic, now_ms) {
                        return action;
                    }
                }
            }
        }
    }

    /// What to go on with: the replay first, then the log.
    fn next_step(&self, topic: &Topic) -> Result<Option<Arc<Step>>, FellBehind> {
        match &self.replay {
            Some(replay) => Ok(Some(Arc::clone(replay))),
            None => Ok(topic.next_after(self.version)?.cloned()),
        }
    }

    /// Goes on to `step`, or says what has to be done first.
    fn take(&mut self, step: &Step, topic: &mut Topic, now_ms: i64) -> Option<Action> {
        let notices = match &self.listener {
            Listener::Server => &step.notices,
            Listener::Client => &step.for_clients,
            Listener::Target(_) if step.notices.is_empty() => &step.notices,
            Listener::Target(audience) => match topic.outlook(step) {
                Outlook::Awaited => return Some(self.idle(now_ms)),
                Outlook::Unknown => &step.for_clients,
                Outlook::Known(answers) => {
                    let audience = Arc::clone(audience);
                    self.begin(step.version, Notices::default());
                    return Some(Action::Evaluate(audience, answers));
                }
            },
        };
        self.begin(step.version, Arc::clone(notices));
        None
    }

    /// What [`Action::Evaluate`] found.
    pub(crate) fn tell(&mut self, notices: Notices) {
        self.begin(self.version, notices);
    }

    fn begin(&mut self, version: Version, notices: Notices) {
        self.version = version;
        self.replay = None;
        if !notices.is_empty() {
            self.heartbeat_due = false;
        }
        self.burst = Some(Burst::new(notices));
    }

    /// The wait ran out.
    pub(crate) fn time_is_up(&mut self) {
        match &mut self.burst {
            Some(burst) => burst.allow_more(),
            None => self.heartbeat_due = true,
        }
    }

    /// The relay is shutting down: end at `ends_ms`, with `last_words`.
    pub(crate) fn shut_down(&mut self, ends_ms: i64, last_words: Frame) {
        self.ends_ms = self.ends_ms.min(ends_ms);
        self.end = End::ShutDown;
        self.last_words = Some(last_words);
    }

    /// Whether [`Reader::shut_down`] was called.
    pub(crate) fn is_shutting_down(&self) -> bool {
        self.end == End::ShutDown
    }

    fn idle(&mut self, now_ms: i64) -> Action {
        if std::mem::take(&mut self.heartbeat_due) {
            return Action::Send(Frame::heartbeat());
        }
        let left_ms = u64::try_from(self.ends_ms.saturating_sub(now_ms)).unwrap_or(0);
        Action::Wait(self.heartbeat_every.min(Duration::from_millis(left_ms)))
    }
}

impl Burst {
    /// Few are sent at once, many in portions.
    fn new(notices: Notices) -> Self {
        let mut burst = Self { notices, sent: 0, allowed: BURST_EVENTS };
        if burst.notices.len() > BURST_EVENTS {
            burst.allowed = 0;
            burst.allow_more();
        }
        burst
    }

    fn allow_more(&mut self) {
        self.allowed += self.notices.len().div_ceil(PACE_PORTIONS).min(PORTION_EVENTS_MAX);
    }

    /// None when all are sent.
    fn next(&mut self) -> Option<Action> {
        let notice = self.notices.get(self.sent)?;
        if self.allowed == 0 {
            return Some(Action::Wait(PACE_WAIT));
        }
        self.allowed -= 1;
        self.sent += 1;
        Some(Action::Send(notice.frame.clone()))
    }
}

#[cfg(test)]
mod tests {
    use client_api::Changes;
    use model::{EnvironmentUuid, FeedEntry};

    use super::*;
    use crate::hub::Question;
    use crate::limits::HEARTBEAT_EVERY;
    use crate::step::tests::{event, patch};

    const NOW_MS: i64 = 1_700_000_000_000;
    const ENDS_MS: i64 = NOW_MS + 3_600_000;

    impl PartialEq for Action {
        fn eq(&self, other: &Self) -> bool {
            match (self, other) {
                (Self::Send(one), Self::Send(other)) => one == other,
                (Self::Wait(one), Self::Wait(other)) => one == other,
                (Self::End(one), Self::End(other)) => one == other,
                _ => false,
            }
        }
    }

    /// A topic at version 0 with one stream.
    fn stream(changed: usize) -> (Topic, Reader) {
        let mut topic = Topic::default();
        let events = (0..changed).map(|index| patch(&format!("f{index}"), 1)).collect();
        topic.learn(Question::Since(0), Changes { version: Version(1), events }, NOW_MS);
        let start = topic.subscribe(None, NOW_MS).unwrap();
        let key = Arc::new(KeyHash::from_wire("hash"));
        (topic, Reader::new(key, Listener::Server, start, HEARTBEAT_EVERY, (ENDS_MS, End::Lifetime)))
    }

    fn flip(topic: &mut Topic, version: i64, flags: &[&str]) {
        let environment = EnvironmentUuid::from_wire("e");
        let events = flags.iter().map(|flag| patch(flag, version)).collect();
        topic.change(FeedEntry { environment, version: Version(version), at_ms: 0, events }, NOW_MS);
    }

    /// How many frames are sent before the reader does something else, and what that is.
    fn sends(topic: &mut Topic, reader: &mut Reader) -> (usize, Action) {
        let mut sent = 0;
        loop {
            match reader.next(topic, NOW_MS) {
                Action::Send(_) => sent += 1,
                other => return (sent, other),
            }
        }
    }

    const SILENCE: Action = Action::Wait(HEARTBEAT_EVERY);

    #[test]
    fn silence_is_broken_by_a_heartbeat_when_time_is_up_and_not_before() {
        let (mut topic, mut reader) = stream(0);

        assert_eq!(reader.next(&mut topic, NOW_MS), SILENCE);
        assert_eq!(reader.next(&mut topic, NOW_MS), SILENCE, "woken for nothing");
        reader.time_is_up();

        assert_eq!(reader.next(&mut topic, NOW_MS), Action::Send(Frame::heartbeat()));
        assert_eq!(reader.next(&mut topic, NOW_MS), SILENCE);
    }

    #[test]
    fn an_event_takes_the_place_of_a_heartbeat_that_is_due() {
        let (mut topic, mut reader) = stream(0);
        assert_eq!(reader.next(&mut topic, NOW_MS), SILENCE);

        reader.time_is_up();
        flip(&mut topic, 2, &["a"]);

        let Action::Send(frame) = reader.next(&mut topic, NOW_MS) else { panic!("nothing is sent") };
        assert!(!frame.is_heartbeat());
        assert_eq!(reader.next(&mut topic, NOW_MS), SILENCE);
    }

    #[test]
    fn replay_and_log_are_joined_without_gap_and_in_order() {
        let (mut topic, mut reader) = stream(2);
        flip(&mut topic, 2, &["a", "b"]);
        flip(&mut topic, 3, &["a"]);

        let sent = std::iter::from_fn(|| match reader.next(&mut topic, NOW_MS) {
            Action::Send(frame) => Some(frame),
            _ => None,
        });
        let text: Vec<_> = sent
            .map(|frame| String::from_utf8(frame.bytes(crate::frame::Framing::Plain).to_vec()).unwrap())
            .collect();

        let ids: Vec<_> = text.iter().map(|text| text.lines().next().unwrap()).collect();
        assert_eq!(ids, ["id: 0", "id: 1", "id: 1", "id: 2", "id: 3"]);
    }

    #[test]
    fn a_hundred_events_are_sent_at_once() {
        let (mut topic, mut reader) = stream(100);

        assert_eq!(sends(&mut topic, &mut reader), (100, SILENCE));
    }

    #[test]
    fn more_are_spread_over_five_seconds() {
        let (mut topic, mut reader) = stream(1_000);

        for portion in 0..49 {
            assert_eq!(sends(&mut topic, &mut reader), (20, Action::Wait(PACE_WAIT)), "portion {portion}");
            assert_eq!(reader.next(&mut topic, NOW_MS), Action::Wait(PACE_WAIT), "woken for nothing");
            reader.time_is_up();
        }

        assert_eq!(sends(&mut topic, &mut reader), (20, SILENCE));
        assert_eq!(PACE_WAIT * 50, Duration::from_secs(5));
    }

    #[test]
    fn no_portion_is_more_than_a_busy_reader_can_leave_waiting() {
        let (mut topic, mut reader) = stream(5_000);

        assert_eq!(sends(&mut topic, &mut reader), (20, Action::Wait(PACE_WAIT)));
    }

    #[test]
    fn one_version_with_many_events_is_spread_too() {
        let (mut topic, mut reader) = stream(0);
        let flags: Vec<_> = (0..150).map(|index| format!("f{index}")).collect();

        flip(&mut topic, 2, &flags.iter().map(String::as_str).collect::<Vec<_>>());

        assert_eq!(sends(&mut topic, &mut reader), (3, Action::Wait(PACE_WAIT)));
    }

    #[test]
    fn a_stream_ends_when_its_time_has_come_and_waits_no_longer() {
        let (mut topic, mut reader) = stream(0);

        assert_eq!(reader.next(&mut topic, ENDS_MS - 4_000), Action::Wait(Duration::from_secs(4)));
        assert_eq!(reader.next(&mut topic, ENDS_MS), Action::End(End::Lifetime));
    }

    #[test]
    fn a_shutdown_says_when_to_come_back_in_a_frame_of_its_own() {
        let (mut topic, mut reader) = stream(0);
        let last_words = Frame::retry(Duration::from_secs(2));

        reader.shut_down(NOW_MS + 500, last_words.clone());
        flip(&mut topic, 2, &["a"]);

        assert!(reader.is_shutting_down());
        assert_eq!(sends(&mut topic, &mut reader), (1, Action::Wait(Duration::from_millis(500))));
        assert_eq!(reader.next(&mut topic, NOW_MS + 500), Action::Send(last_words));
        assert_eq!(reader.next(&mut topic, NOW_MS + 500), Action::End(End::ShutDown));
    }

    #[test]
    fn a_revoked_key_ends_its_own_streams() {
        let (mut topic, mut reader) = stream(5);
        let deleted = |identifier: &str| {
            let mut event = event(model::EventKind::Delete, identifier, 2);
            event.domain = model::Domain::Key;
            Changes { version: Version(1), events: vec![event] }
        };

        topic.learn(Question::Since(0), deleted("another"), NOW_MS);
        assert!(matches!(reader.next(&mut topic, NOW_MS), Action::Send(_)));
        topic.learn(Question::Since(0), deleted("hash"), NOW_MS);

        assert_eq!(reader.next(&mut topic, NOW_MS), Action::End(End::KeyRevoked));
    }

    #[test]
    fn a_stream_that_fell_behind_the_log_ends() {
        let (mut topic, mut reader) = stream(0);
        for version in 2..2_000 {
            flip(&mut topic, version, &["a"]);
        }

        assert_eq!(reader.next(&mut topic, NOW_MS), Action::End(End::TooSlow));
    }
}
