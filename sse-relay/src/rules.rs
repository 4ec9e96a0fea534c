//! How far the rules of one environment are known, which answers for targets are found with: a pure
//! state machine.
//!
//! A version is wanted when streams are to be told of it. Reading it has a deadline; when that has passed
//! without success the version is told without answers, and clients fetch them.

use std::sync::Arc;

use client_api::Environment;
use eval::Ruleset;
use model::Version;

use crate::answers::Answers;
use crate::limits::RULES_MS_MAX;
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

    /// What is known of a step. Once it is decided it stays so, for all streams alike.
    pub(crate) fn outlook(&self, step: &Step) -> Outlook {
        if let Some(decided) = step.answers.get() {
            return Outlook::of(decided.as_ref());
        }
        if !self.is_settled(step.version) {
            return Outlook::Awaited;
        }
        Outlook::of(step.answers.get_or_init(|| self.decide(step).map(Arc::new)).as_ref())
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

impl Outlook {
    fn of(decided: Option<&Arc<Answers>>) -> Self {
        decided.map_or(Self::Unknown, |answers| Self::Known(Arc::clone(answers)))
    }
}

#[cfg(test)]
mod tests;
