//! How far the rules of one environment are known, which answers for targets are found with: a pure
//! state machine.
//!
//! A version is wanted when streams are to be told of it. Reading it has a deadline; when that has passed
//! without success the version is told without answers, and clients fetch them.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use client_api::Environment;
use eval::Ruleset;
use model::Version;

use crate::answers::Answers;
use crate::limits::{DECIDED_MAX, RULES_MS_MAX};
use crate::step::Step;

/// The rules of one environment while there are targets to find answers for.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    current: Option<Arc<Environment>>,
    /// What was known before, if whoever heard of everything up to its version holds its answers.
    before: Option<Ruleset>,
    /// Versions up to this were told without answers, if later than what was known then.
    given_up: Version,
    /// What is being read, or is about to be.
    reading: Option<Wanted>,
    /// What was wanted meanwhile.
    next: Option<Wanted>,
    /// What was decided lately; steps refer to it weakly. Each holds two rulesets, which share what is the
    /// same in both, but not all there is.
    decided: VecDeque<Arc<Answers>>,
}

/// A version that streams wait for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Wanted {
    /// At least this version.
    pub(crate) version: Version,
    /// Until then (Unix milliseconds).
    pub(crate) until_ms: i64,
}

/// What is known of a step.
#[derive(Debug)]
pub(crate) enum Outlook {
    /// Nothing yet.
    Awaited,
    /// Nothing, for good.
    Unknown,
    /// All there is to know.
    Known(Arc<Answers>),
}

impl Rules {
    /// Streams are to be told of `version`. Tells whether somebody has to begin [reading](Self::wanted).
    pub(crate) fn want(&mut self, version: Version, now_ms: i64) -> bool {
        if self.is_settled(version) {
            return false;
        }
        let begins = self.reading.is_none();
        let place = if begins { &mut self.reading } else { &mut self.next };
        let until_ms = place.map_or(now_ms.saturating_add(RULES_MS_MAX), |wanted| wanted.until_ms);
        *place = Some(Wanted { version, until_ms });
        begins
    }

    /// What is to be read now. After `None` nobody reads any more, until [`Self::want`] says so.
    pub(crate) fn wanted(&mut self) -> Option<Wanted> {
        if self.reading.is_some_and(|wanted| self.is_settled(wanted.version)) {
            self.reading = self.next.take().filter(|wanted| !self.is_settled(wanted.version));
        }
        self.reading
    }

    /// The environment as it is now.
    pub(crate) fn learn(&mut self, environment: Arc<Environment>) {
        if self.current.as_ref().is_some_and(|current| current.version >= environment.version) {
            return;
        }
        // Whoever was told without answers fetched them, nobody knows from which version.
        let before = self.current.replace(environment).filter(|before| before.version >= self.given_up);
        self.before = before.map(|before| before.ruleset.clone());
    }

    /// Versions up to this are told without answers.
    pub(crate) fn give_up(&mut self, version: Version) {
        self.given_up = self.given_up.max(version);
    }

    /// What is known of a step. Once it is decided it stays so, for all streams alike, until it is so long
    /// ago that whoever has not been told yet may as well fetch.
    pub(crate) fn outlook(&mut self, step: &Step) -> Outlook {
        if let Some(decided) = step.answers.get() {
            let kept = decided.as_ref().and_then(Weak::upgrade);
            return kept.map_or(Outlook::Unknown, Outlook::Known);
        }
        if !self.is_settled(step.version) {
            return Outlook::Awaited;
        }
        let answers = self.decide(step).map(Arc::new);
        // It was not decided before: whoever decides holds the environment's lock.
        let _ = step.answers.set(answers.as_ref().map(Arc::downgrade));
        let Some(answers) = answers else { return Outlook::Unknown };
        if self.decided.len() >= DECIDED_MAX {
            self.decided.pop_front();
        }
        self.decided.push_back(Arc::clone(&answers));
        Outlook::Known(answers)
    }

    fn decide(&self, step: &Step) -> Option<Answers> {
        let current = self.current.as_ref().filter(|current| current.version >= step.version)?;
        // Several versions may have been read at once. An answer that only one of the first held could
        // have been fetched by a client meanwhile: only the last of them is compared with what was
        // before, and the others are told whatever they are.
        let is_exact = step.is_next && current.version == step.version;
        let before = self.before.as_ref().filter(|before| is_exact && before.version() < step.version);
        Answers::new(step, before.cloned(), current)
    }

    fn is_settled(&self, version: Version) -> bool {
        self.given_up >= version || self.current.as_ref().is_some_and(|current| current.version >= version)
    }
}

#[cfg(test)]
mod tests;
