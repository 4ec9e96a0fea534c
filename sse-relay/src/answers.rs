//! What a step means to one target: which of its answers changed, and what they are now.
//!
//! A browser that is told the answer does not fetch it, so a flag that is switched for thousands costs
//! no request at all. An answer is encoded once for all targets that get it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use client_api::{Dependants, Environment, FlagEvaluation};
use eval::Ruleset;
use model::{Domain, EventKind, StreamEvent, Target, Version};

use crate::limits::{BURST_EVENTS, EMBEDDED_FRAME_BYTES_MAX, EVALUATED_FLAGS_MAX};
use crate::step::{self, Notice, Notices, Step};

/// The rulesets around a step, and the flags whose answers it may have changed.
#[derive(Debug)]
pub(crate) struct Answers {
    /// What clients hold; `None` if that is not known, and nothing may be left out.
    before: Option<Ruleset>,
    after: Ruleset,
    /// In the order of their versions.
    concerned: Box<[Concerned]>,
    /// Makes a client fetch everything anew, which is less than hundreds of answers.
    reload: Option<Notices>,
    arrived_ms: i64,
}

/// One flag.
#[derive(Debug)]
struct Concerned {
    event: StreamEvent,
    encoded: Mutex<Vec<Encoded>>,
}

/// One of the notices that a flag's targets get.
#[derive(Debug)]
struct Encoded {
    /// The embedded variation's identifier.
    variation: Option<Box<str>>,
    id: Version,
    notice: Arc<Notice>,
}

/// What a target is told of a flag.
#[derive(Clone, Copy)]
enum Word<'a> {
    /// Its answer.
    Answer(FlagEvaluation<'a>),
    /// That it changed, and is to be fetched.
    Changed,
    /// That it is gone.
    Gone,
}

impl Answers {
    /// Brings together what can be said of `step` in an environment that has reached its version.
    /// `before` is the ruleset that clients heard of last, if that is certain.
    ///
    /// `None` if it concerns too many flags to ask each of them for each target.
    pub(crate) fn new(step: &Step, before: Option<Ruleset>, environment: &Environment) -> Option<Self> {
        let concerned = concerned(step, environment);
        if concerned.len() > EVALUATED_FLAGS_MAX {
            return None;
        }
        let has_segments = step.notices.iter().any(|notice| notice.event.domain == Domain::Segment);
        Some(Self {
            before,
            after: environment.ruleset.clone(),
            concerned: concerned.into_iter().map(Concerned::new).collect(),
            reload: has_segments.then(|| Arc::clone(&step.for_clients)),
            arrived_ms: step.arrived_ms,
        })
    }

    /// What a target is to be told; nothing if its answers are what they were.
    pub(crate) fn of(&self, target: &Target) -> Notices {
        let words = self.concerned.iter().filter_map(|flag| Some((flag, self.word(&flag.event, target)?)));
        let words: Vec<_> = words.collect();
        if let Some(reload) = self.reload.as_ref().filter(|_| words.len() > BURST_EVENTS) {
            return Arc::clone(reload);
        }
        let next = words.iter().skip(1).map(|(flag, _)| Some(flag.event.version)).chain([None]);
        let told = words.iter().zip(next).filter_map(|((flag, word), next)| {
            let version = flag.event.version;
            let id = if next == Some(version) { step::before(version) } else { version };
            flag.notice(*word, id, self.arrived_ms)
        });
        told.collect()
    }

    fn word(&self, event: &StreamEvent, target: &Target) -> Option<Word<'_>> {
        let flag = &*event.identifier;
        let answer = FlagEvaluation::named(&self.after, flag, target);
        let exists = self.after.flag(flag).is_some();
        if let Some(before) = &self.before
            && before.flag(flag).is_some() == exists
            && FlagEvaluation::named(before, flag, target) == answer
        {
            return None;
        }
        match answer {
            Some(answer) => Some(Word::Answer(answer)),
            None if exists => Some(Word::Changed),
            // A flag that went later than this step says so in a step of its own.
            None => (event.event == EventKind::Delete).then_some(Word::Gone),
        }
    }
}

impl Concerned {
    fn new(event: StreamEvent) -> Self {
        Self { event, encoded: Mutex::default() }
    }

    /// The notice for this word, encoded when it is first asked for.
    fn notice(&self, word: Word<'_>, id: Version, arrived_ms: i64) -> Option<Arc<Notice>> {
        let variation = match word {
            Word::Answer(answer) => Some(answer.identifier),
            Word::Changed | Word::Gone => None,
        };
        let mut all = self.encoded.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().find(|one| one.id == id && one.variation.as_deref() == variation);
        if let Some(known) = known {
            return Some(Arc::clone(&known.notice));
        }
        let notice = Arc::new(self.encode(word, id, arrived_ms)?);
        all.push(Encoded { variation: variation.map(Into::into), id, notice: Arc::clone(&notice) });
        Some(notice)
    }

    fn encode(&self, word: Word<'_>, id: Version, arrived_ms: i64) -> Option<Notice> {
        let event = match (word, self.event.event) {
            (Word::Gone, _) => EventKind::Delete,
            // It went with this step and came back with a later one.
            (_, EventKind::Delete) => EventKind::Patch,
            (_, event) => event,
        };
        let event = StreamEvent { event, ..self.event.clone() };
        // An SDK that can be told of a flag at all could be told by an earlier event; what it could not
        // read was logged when the step was made.
        let encode = |answer| Notice::new(event.clone(), answer, id, arrived_ms).ok();
        let embedded = match word {
            Word::Answer(answer) if can_be_embedded(&answer) => encode(Some(answer)),
            _ => None,
        };
        let fits = |notice: &Notice| notice.frame.wire_bytes() <= EMBEDDED_FRAME_BYTES_MAX;
        embedded.filter(fits).or_else(|| encode(None))
    }
}

/// Browsers take an answer with an empty part for none, and with it all others of its event.
fn can_be_embedded(answer: &FlagEvaluation<'_>) -> bool {
    !answer.flag.is_empty() && !answer.value.is_empty() && !answer.identifier.is_empty()
}

/// The flags that a step is about, then those that depend on them, each once.
fn concerned(step: &Step, environment: &Environment) -> Vec<StreamEvent> {
    let events = || step.notices.iter().map(|notice| &notice.event);
    let mut flags: HashMap<&str, &StreamEvent> = HashMap::new();
    for event in events().filter(|event| event.domain == Domain::Flag) {
        flags.insert(&event.identifier, event);
    }
    let is_last = |event: &&StreamEvent| flags.get(&*event.identifier).is_some_and(|last| last == event);
    let mut concerned: Vec<StreamEvent> =
        events().filter(|event| event.domain == Domain::Flag).filter(is_last).cloned().collect();
    // The dependants of flags that were only changed are among the events already.
    let roots: Vec<_> = events().filter(|event| is_root(event)).collect();
    if roots.is_empty() {
        return concerned;
    }
    let dependants = Dependants::new(environment);
    let mut owed: HashMap<&str, Version> = HashMap::new();
    for event in roots {
        let found = match event.domain {
            Domain::Segment => dependants.of_segment(&event.identifier),
            _ => dependants.of_flag(&event.identifier),
        };
        for flag in found.into_iter().filter(|flag| !flags.contains_key(flag)) {
            owed.insert(flag, event.version);
        }
    }
    concerned.extend(owed.into_iter().map(|(flag, version)| StreamEvent {
        event: EventKind::Patch,
        domain: Domain::Flag,
        identifier: flag.to_owned(),
        version,
    }));
    concerned.sort_by(|one, other| {
        one.version.cmp(&other.version).then_with(|| one.identifier.cmp(&other.identifier))
    });
    concerned
}

fn is_root(event: &StreamEvent) -> bool {
    event.domain == Domain::Segment || event.event != EventKind::Patch
}

#[cfg(test)]
mod tests;
