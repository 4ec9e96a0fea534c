//! The world in one process: SQLite in a file, everything else in memory.

use std::sync::Arc;

use platform::memory::{MemoryCache, MemoryFeed};
use platform::{Clock, Db, Platform};

use crate::{SystemClock, SystemRandom};

/// A platform on a database that the caller opened and may keep a handle of.
pub fn embedded_on(db: Arc<dyn Db>) -> Platform {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Platform {
        db,
        cache: Arc::new(MemoryCache::new(Arc::clone(&clock))),
        feed: Arc::new(MemoryFeed::new(Arc::clone(&clock))),
        queue: None,
        clock,
        random: Arc::new(SystemRandom),
    }
}
