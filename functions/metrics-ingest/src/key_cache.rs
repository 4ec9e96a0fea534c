//! SDK keys, remembered longer than for reading: a report sent with a key revoked a minute ago does no
//! harm, and a flood of reports must not become a flood of look-ups.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use client_api::Source;
use model::{Error, KeyHash, KeyRecord};
use platform::{Clock, Lifetime};

const KNOWN_FOR: Duration = Duration::from_secs(60);

/// A key that was made a moment ago must not be refused for a minute.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

/// Entries, so that guessing keys does not fill memory.
const ENTRIES_MAX: usize = 10_000;

pub(crate) struct KeyCache {
    source: Arc<dyn Source>,
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<KeyHash, Entry>>,
}

#[derive(Clone)]
struct Entry {
    key: Option<KeyRecord>,
    lifetime: Lifetime,
}

impl KeyCache {
    pub(crate) fn new(source: Arc<dyn Source>, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, entries: Mutex::default() }
    }

    /// The key with that hash, if it was alive a minute ago and has not expired since.
    pub(crate) async fn get(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        let now_ms = self.clock.now_ms();
        let known = self.entries().get(hash).filter(|entry| entry.lifetime.covers(now_ms)).cloned();
        let key = match known {
            Some(entry) => entry.key,
            None => self.look_up(hash, now_ms).await?,
        };
        Ok(key.filter(|key| key.expires_ms.is_none_or(|expires_ms| expires_ms > now_ms)))
    }

    async fn look_up(&self, hash: &KeyHash, now_ms: i64) -> Result<Option<KeyRecord>, Error> {
        let key = self.source.key(hash).await?;
        let duration = if key.is_some() { KNOWN_FOR } else { UNKNOWN_FOR };
        let mut entries = self.entries();
        if entries.len() >= ENTRIES_MAX {
            entries.retain(|_, entry| entry.lifetime.covers(now_ms));
        }
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        let lifetime = Lifetime::starting(now_ms, duration);
        entries.insert(hash.clone(), Entry { key: key.clone(), lifetime });
        Ok(key)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<KeyHash, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
