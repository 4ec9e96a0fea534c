//! What a new stream is sent first, because its client may have missed it.
//!
//! Thousands of clients come back at once when a relay or a network does. They share the answers: each
//! is made once a second at most, and asked of the database only where the log does not reach back.

use std::collections::HashMap;
use std::sync::Arc;

use model::Version;

use crate::limits::{REPLAY_FRESH_MS, REPLAY_WINDOW_MS, REPLAYS_MAX};
use crate::log::Log;
use crate::step::{Notices, Step, newest};

/// Where a stream begins: what to send first, before it goes on with the log.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// What the client may have missed: the newest event of each object, in the order of versions. With
    /// it the stream reaches the version from which it goes on. Shared by all who missed the same.
    pub(crate) replay: Arc<Step>,
}

/// What a client may have missed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Missed {
    /// It did not say. SDKs are back within [`REPLAY_WINDOW_MS`], or have polled meanwhile.
    Recently,
    /// Everything after this version.
    After(Version),
}

/// Answers that are kept for those who ask next.
#[derive(Debug, Default)]
pub(crate) struct Replays(HashMap<Missed, Replay>);

#[derive(Clone, Debug)]
struct Replay {
    start: Start,
    made_ms: i64,
}

impl Start {
    /// A stream that has missed nothing up to `version`.
    pub(crate) fn at(version: Version) -> Self {
        Self::after(Notices::default(), version, 0)
    }

    /// A stream that has everything up to `version` once it was sent `replay`.
    pub(crate) fn after(replay: Notices, version: Version, now_ms: i64) -> Self {
        Self { replay: Arc::new(Step::replay(version, replay, now_ms)) }
    }

    /// The version from which the stream goes on with the log.
    pub(crate) fn version(&self) -> Version {
        self.replay.version
    }
}

impl Replays {
    /// Keeps an answer of the database.
    pub(crate) fn keep(&mut self, missed: Missed, start: Start, now_ms: i64) {
        if self.0.len() >= REPLAYS_MAX {
            self.0.retain(|missed, _| *missed == Missed::Recently);
        }
        self.0.insert(missed, Replay { start, made_ms: now_ms });
    }

    /// Where a stream that missed this begins: a kept answer, with what happened since worked in, else
    /// one made from the log, which is complete up to `announced`. `None` if only the database can tell.
    pub(crate) fn find(
        &mut self,
        missed: Missed,
        log: &Log,
        announced: Version,
        now_ms: i64,
    ) -> Option<Start> {
        let kept = self.0.get(&missed).filter(|kept| log.reaches_back_to(kept.start.version()));
        if let Some(kept) = kept.filter(|kept| is_fresh(kept.made_ms, now_ms)) {
            return Some(kept.start.clone());
        }
        let (since_ms, begin) = match missed {
            Missed::Recently => {
                let since_ms = now_ms.saturating_sub(REPLAY_WINDOW_MS);
                (since_ms, log.reaches_back_to_ms(since_ms).then(|| log.floor()))
            }
            Missed::After(version) => (i64::MIN, log.reaches_back_to(version).then_some(version)),
        };
        let base = kept.map(|kept| kept.start.clone()).or_else(|| begin.map(Start::at))?;
        let later = log.after(base.version()).flat_map(|step| &*step.notices);
        let replay = newest(base.replay.notices.iter().chain(later), since_ms);
        let start = Start::after(replay, announced, now_ms);
        self.keep(missed, start.clone(), now_ms);
        Some(start)
    }
}

/// Whether an answer made at `made_ms` is handed out unchanged. A clock that was put back counts as old.
fn is_fresh(made_ms: i64, now_ms: i64) -> bool {
    (0..REPLAY_FRESH_MS).contains(&now_ms.saturating_sub(made_ms))
}
