//! The world in one process: SQLite in a file, everything else in memory.

use std::path::Path;
use std::sync::Arc;

use platform::memory::{MemoryCache, MemoryFeed};
use platform::{Clock, Db, Platform};

use crate::{OpenError, Options, Sqlite, SystemClock, SystemRandom};

/// A platform on the database in `file`, which is created if it is not there.
///
/// # Errors
/// See [`OpenError`].
pub fn embedded(file: &Path) -> Result<Platform, OpenError> {
    let sqlite = Sqlite::open(file, Options::default())?;
    Ok(embedded_on(Arc::new(sqlite)))
}

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
