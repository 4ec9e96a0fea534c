//! SDK keys in memory, for as long as nobody would notice.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{Error, KeyHash, KeyRecord};
use platform::{Lifetime, Platform};

/// A revoked key is refused within two seconds: this long from memory, the rest for the stream to close.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// Unknown keys are remembered longer, so that a client that retries a bad key costs nothing.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

/// Entries, so that guessing keys does not fill memory.
const ENTRIES_MAX: usize = 20_000;

#[derive(Default)]
pub(crate) struct Keys {
    entries: Mutex<HashMap<KeyHash, Entry>>,
}

#[derive(Clone)]
struct Entry {
    record: Option<KeyRecord>,
    lifetime: Lifetime,
}

impl Keys {
    /// The key, if it is there and not expired.
    pub(crate) async fn get(&self, platform: &Platform, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        let now_ms = platform.clock.now_ms();
        let known = self.entries().get(hash).filter(|entry| entry.lifetime.covers(now_ms)).cloned();
        let entry = match known {
            Some(entry) => entry,
            None => self.read(platform, hash, now_ms).await?,
        };
        Ok(entry.record.filter(|record| record.expires_ms.is_none_or(|expires_ms| expires_ms > now_ms)))
    }

    async fn read(&self, platform: &Platform, hash: &KeyHash, now_ms: i64) -> Result<Entry, Error> {
        let record = store::key_record(&*platform.db, hash).await?;
        let duration = if record.is_some() { KNOWN_FOR } else { UNKNOWN_FOR };
        let entry = Entry { record, lifetime: Lifetime::starting(now_ms, duration) };
        let mut entries = self.entries();
        if entries.len() >= ENTRIES_MAX {
            entries.retain(|_, entry| entry.lifetime.covers(now_ms));
        }
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(hash.clone(), entry.clone());
        Ok(entry)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<KeyHash, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
