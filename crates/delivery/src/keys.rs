//! SDK keys in memory, for as long as nobody would notice.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{Error, KeyHash, KeyRecord};
use platform::{Lifetime, Platform, within};
use tracing::warn;

use crate::STORES_TIME;

/// A revoked key is refused within two seconds: this long from memory, the rest for the stream to close.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// Unknown keys are remembered longer, so that a client that retries a bad key costs nothing.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

/// Entries, so that guessing keys does not fill memory.
const ENTRIES_MAX: usize = 20_000;

pub(crate) struct Keys {
    entries: Mutex<HashMap<KeyHash, Entry>>,
    /// For how long after it was read a live key is admitted while the database is away.
    age_max: Duration,
}

#[derive(Clone)]
struct Entry {
    record: Option<KeyRecord>,
    fresh: Lifetime,
    /// Better than nothing for so long.
    usable: Lifetime,
}

impl Keys {
    /// None in memory.
    pub(crate) fn new(age_max: Duration) -> Self {
        Self { entries: Mutex::default(), age_max }
    }

    /// The key, if it is there and not expired.
    pub(crate) async fn get(&self, platform: &Platform, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        let now_ms = platform.clock.now_ms();
        let known = self.entries().get(hash).cloned();
        let record = match known {
            Some(entry) if entry.fresh.covers(now_ms) => entry.record,
            Some(entry) if entry.record.is_some() && entry.usable.covers(now_ms) => {
                let read = self.read(platform, hash, now_ms);
                match within(&*platform.clock, STORES_TIME, read).await {
                    // It was alive. To take it for dead would be final for many SDKs.
                    None | Some(Err(Error::Unavailable { .. })) => {
                        warn!("the database does not answer; an SDK key is admitted as last known");
                        entry.record
                    }
                    Some(read) => read?,
                }
            }
            _ => self.read(platform, hash, now_ms).await?,
        };
        Ok(record.filter(|record| record.expires_ms.is_none_or(|expires_ms| expires_ms > now_ms)))
    }

    async fn read(
        &self,
        platform: &Platform,
        hash: &KeyHash,
        now_ms: i64,
    ) -> Result<Option<KeyRecord>, Error> {
        let record = store::key_record(&*platform.db, hash).await?;
        let known_for = if record.is_some() { KNOWN_FOR } else { UNKNOWN_FOR };
        let entry = Entry {
            record: record.clone(),
            fresh: Lifetime::starting(now_ms, known_for),
            usable: Lifetime::starting(now_ms, self.age_max),
        };
        let mut entries = self.entries();
        if entries.len() >= ENTRIES_MAX {
            entries.retain(|_, entry| entry.fresh.covers(now_ms));
        }
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(hash.clone(), entry);
        Ok(record)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<KeyHash, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
