//! What the streams of one environment share: a pure state machine.
//!
//! The feed and the database say what changed, streams subscribe; what comes out are effects for the
//! caller to perform. No clock, no socket: time is an argument.
//!
//! An environment is *announced* up to a version: everything up to it was forwarded or existed before
//! the first stream subscribed. An entry of the feed that is the next version is forwarded, an older one
//! dropped (the feed may repeat itself), and one further on shows that entries were lost: the database
//! is asked for what changed after the announced version, and its answer is forwarded instead.

use std::collections::HashMap;
use std::sync::Arc;

use client_api::{Changes, Environment};
use model::{Domain, EventKind, FeedEntry, KeyHash, StreamEvent, Version};

use crate::end::End;
use crate::limits::{BEHIND_MS_MAX, KEY_AGE_MS_MAX, REPLAY_WINDOW_MS, REVOKED_MS};
use crate::log::{FellBehind, Log};
use crate::replay::{Missed, Replays, Start};
use crate::rules::{Outlook, Rules, Wanted};
use crate::step::Step;

/// What the caller must do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Effect {
    /// Wake the streams: there is something to send, or a reason to end.
    Wake,
    /// Ask [`Topic::missing`] of the database.
    CatchUp,
    /// Read the rules that are [wanted](Topic::wanted_rules).
    ReadRules,
    /// Let go of the environment; its streams end.
    Retire,
}

/// What only the database can answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Question {
    /// What changed at or after this time (Unix milliseconds)?
    Since(i64),
    /// What changed after this version?
    After(Version),
    /// The same, asked because news were lost. `gap` counts such losses: only an answer to a question
    /// that was asked after the last one makes up for it.
    Lost {
        /// The announced version.
        after: Version,
        /// Which loss.
        gap: u64,
    },
}

/// One environment.
#[derive(Debug, Default)]
pub(crate) struct Topic {
    known: Option<Known>,
    /// The newest version that feed or database have mentioned.
    seen: Version,
    /// Since when news are missing.
    behind_since_ms: Option<i64>,
    /// How often news were lost.
    gaps: u64,
    /// Keys that were deleted or have expired lately, and when.
    revoked: HashMap<Box<str>, i64>,
    /// Keys that were changed lately, and when: their end may be another one now.
    changed_keys: HashMap<Box<str>, i64>,
    /// When keys expire that were changed while streams were open.
    expiring: HashMap<Box<str>, i64>,
    /// Followed while there are targets to find answers for.
    rules: Option<Rules>,
    over: Option<End>,
}

/// What is there once the database has been asked for the first time.
#[derive(Debug)]
struct Known {
    announced: Version,
    log: Log,
    replays: Replays,
}

impl Topic {
    /// An entry of the feed.
    pub(crate) fn change(&mut self, entry: FeedEntry, now_ms: i64) -> Vec<Effect> {
        let mut effects = self.closings(&entry.events, now_ms);
        self.seen = self.seen.max(entry.version);
        let Some(known) = &mut self.known else { return effects };
        if entry.version == known.announced.next() {
            known.forward(Step::split(for_sdks(entry.events), now_ms), entry.version);
            effects.push(Effect::Wake);
            effects.extend(self.want_rules(now_ms));
        } else if entry.version > known.announced {
            effects.extend(self.gap(now_ms));
        }
        effects
    }

    /// Entries of the feed may have been lost.
    pub(crate) fn gap(&mut self, now_ms: i64) -> Option<Effect> {
        self.known.as_ref()?;
        self.gaps += 1;
        let is_first = self.behind_since_ms.replace(self.behind_since_ms.unwrap_or(now_ms)).is_none();
        is_first.then_some(Effect::CatchUp)
    }

    /// What to ask the database in order to have all news again, if any are missing.
    pub(crate) fn missing(&self) -> Option<Question> {
        let known = self.known.as_ref().filter(|_| self.behind_since_ms.is_some() && self.over.is_none())?;
        Some(Question::Lost { after: known.announced, gap: self.gaps })
    }

    /// The database's answer to a question of [`Topic::missing`] or [`Topic::subscribe`].
    pub(crate) fn learn(&mut self, question: Question, changes: Changes, now_ms: i64) -> Vec<Effect> {
        let Changes { version, events } = changes;
        let mut effects = self.closings(&events, now_ms);
        self.seen = self.seen.max(version);
        let steps = Step::split(for_sdks(events), now_ms);
        let replay = steps.iter().flat_map(|step| &*step.notices).cloned().collect();
        let known = self.known.get_or_insert_with(|| Known::new(version, now_ms));
        let missed = match question {
            // Nothing can be forwarded from this answer: it need not hold all that is new.
            Question::Since(_) => Missed::Recently,
            Question::After(after) | Question::Lost { after, .. } => {
                if after <= known.announced && version > known.announced {
                    known.forward(steps, version);
                    effects.push(Effect::Wake);
                }
                Missed::After(after)
            }
        };
        let start = Start::after(replay, version.min(known.announced), now_ms);
        known.replays.keep(missed, start, now_ms);
        let is_current = known.announced >= self.seen;
        effects.extend(self.want_rules(now_ms));
        if is_current && matches!(question, Question::Lost { gap, .. } if gap == self.gaps) {
            self.behind_since_ms = None;
        } else if !is_current && self.behind_since_ms.is_none() {
            effects.extend(self.gap(now_ms));
        }
        effects
    }

    /// Where a new stream begins. The answer and what is forwarded later have no gap between them.
    ///
    /// `last_event_id` is the version up to which the client has everything, if it said so.
    ///
    /// # Errors
    /// What to ask the database first. Subscribe again when it was learnt.
    pub(crate) fn subscribe(
        &mut self,
        last_event_id: Option<Version>,
        now_ms: i64,
    ) -> Result<Start, Question> {
        let recently = Question::Since(now_ms.saturating_sub(REPLAY_WINDOW_MS));
        let known = self.known.as_mut().ok_or(recently)?;
        let (missed, question) = match last_event_id {
            Some(version) if version == known.announced => return Ok(Start::at(version)),
            Some(version) if version < known.announced => (Missed::After(version), Question::After(version)),
            // The client has heard of more than we have: let us hear of it too.
            Some(_) => return Err(Question::After(known.announced)),
            None => (Missed::Recently, recently),
        };
        known.replays.find(missed, &known.log, known.announced, now_ms).ok_or(question)
    }

    /// Whether that version has been announced.
    pub(crate) fn has_announced(&self, version: Version) -> bool {
        self.known.as_ref().is_some_and(|known| version <= known.announced)
    }

    /// The next step for a stream that has everything up to `version`.
    ///
    /// # Errors
    /// When the stream has fallen behind the log.
    pub(crate) fn next_after(&self, version: Version) -> Result<Option<&Arc<Step>>, FellBehind> {
        self.known.as_ref().map_or(Ok(None), |known| known.log.next_after(version))
    }

    /// From now on there are targets to find answers for.
    pub(crate) fn follow_rules(&mut self, now_ms: i64) -> Option<Effect> {
        self.rules.get_or_insert_default();
        self.want_rules(now_ms)
    }

    /// There are none any more.
    pub(crate) fn forget_rules(&mut self) {
        self.rules = None;
    }

    /// Which rules to read now. To be asked again when that was done or has failed, until it says `None`.
    pub(crate) fn wanted_rules(&mut self) -> Option<Wanted> {
        self.rules.as_mut()?.wanted()
    }

    /// The rules as they are now; `None` if they could not be read up to `wanted` in time.
    pub(crate) fn learn_rules(&mut self, wanted: Version, environment: Option<Arc<Environment>>) -> Effect {
        match (&mut self.rules, environment) {
            (Some(rules), Some(environment)) => rules.learn(environment),
            (Some(rules), None) => rules.give_up(wanted),
            (None, _) => {}
        }
        Effect::Wake
    }

    /// What is known of a step that targets are to be told of.
    pub(crate) fn outlook(&mut self, step: &Step) -> Outlook {
        self.rules.as_mut().map_or(Outlook::Unknown, |rules| rules.outlook(step))
    }

    fn want_rules(&mut self, now_ms: i64) -> Option<Effect> {
        let announced = self.known.as_ref()?.announced;
        self.rules.as_mut()?.want(announced, now_ms).then_some(Effect::ReadRules)
    }

    /// Whether that key was deleted or has expired lately.
    pub(crate) fn is_revoked(&self, key: &str) -> bool {
        !self.revoked.is_empty() && self.revoked.contains_key(key)
    }

    /// Why all streams of the environment end, if they do.
    pub(crate) fn over(&self) -> Option<End> {
        self.over
    }

    /// Ends the environment's streams.
    pub(crate) fn close(&mut self, end: End) -> Effect {
        self.over.get_or_insert(end);
        Effect::Retire
    }

    /// To be called from time to time: gives up when news have been missing for too long, and takes note
    /// of keys that have expired.
    pub(crate) fn tick(&mut self, now_ms: i64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (key, _) in self.expiring.extract_if(|_, expires_ms| *expires_ms <= now_ms) {
            self.revoked.insert(key, now_ms);
            effects.push(Effect::Wake);
        }
        if self.behind_since_ms.is_some_and(|since_ms| now_ms.saturating_sub(since_ms) >= BEHIND_MS_MAX) {
            effects.push(self.close(End::StoresAway));
        }
        effects
    }

    /// Keys of which somebody should find out when they expire.
    pub(crate) fn changed_keys(&self) -> Vec<KeyHash> {
        self.changed_keys.keys().map(|key| KeyHash::from_wire(key.clone())).collect()
    }

    /// When a changed key expires, if it does; what was read at `now_ms` may have been known for a second.
    pub(crate) fn learn_key(&mut self, key: &KeyHash, expires_ms: Option<i64>, now_ms: i64) {
        let is_certain = |changed_ms: &i64| now_ms.saturating_sub(*changed_ms) >= KEY_AGE_MS_MAX;
        if self.changed_keys.get(key.as_str()).is_some_and(is_certain) {
            self.changed_keys.remove(key.as_str());
        }
        match expires_ms {
            Some(expires_ms) => self.expiring.insert(key.as_str().into(), expires_ms),
            None => self.expiring.remove(key.as_str()),
        };
    }

    /// Takes note of deleted keys and of the environment's own end. Not only of news: closing a stream
    /// twice does no harm, and a key may have been deleted while its first stream was being admitted.
    fn closings(&mut self, events: &[StreamEvent], now_ms: i64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for event in events {
            match (event.domain, event.event) {
                (Domain::Key, EventKind::Delete) => {
                    self.revoked.retain(|_, at_ms| now_ms.saturating_sub(*at_ms) < REVOKED_MS);
                    self.revoked.insert(event.identifier.as_str().into(), now_ms);
                    effects.push(Effect::Wake);
                }
                (Domain::Key, _) => {
                    self.revoked.remove(event.identifier.as_str());
                    self.changed_keys.insert(event.identifier.as_str().into(), now_ms);
                }
                (Domain::Environment, EventKind::Delete) => effects.push(self.close(End::EnvironmentGone)),
                _ => {}
            }
        }
        effects
    }
}

impl Known {
    fn new(version: Version, now_ms: i64) -> Self {
        Self { announced: version, log: Log::new(version, now_ms), replays: Replays::default() }
    }

    fn forward(&mut self, steps: Vec<Step>, version: Version) {
        let news = steps.into_iter().filter(|step| step.version > self.announced);
        news.filter(|step| !step.notices.is_empty()).for_each(|step| self.log.push(step));
        self.announced = version;
    }
}

/// What is sent to SDKs. They never hear of keys and environments.
fn for_sdks(mut events: Vec<StreamEvent>) -> Vec<StreamEvent> {
    events.retain(|event| matches!(event.domain, Domain::Flag | Domain::Segment));
    events
}

#[cfg(test)]
mod tests;
