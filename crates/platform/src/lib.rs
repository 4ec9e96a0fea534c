//! What Burgee's code may ask of the world.
//!
//! Small object-safe ports, gathered in one [`Platform`]. `platform-native` implements them on tokio,
//! `platform-spin` on Spin; [`memory`] holds those that need nothing but memory.

mod cache;
mod clock;
pub mod config;
mod db;
mod feed;
pub mod memory;
mod queue;
mod random;
pub mod redis;

use std::sync::Arc;

pub use cache::{Cache, CacheError};
pub use clock::{Clock, Lifetime, within};
pub use db::{Db, DbError, Dialect, Row, Statement, Value};
pub use feed::{ChangeFeed, Cursor, FeedError, FeedPage};
pub use queue::{Job, QueueError, WorkQueue};
pub use random::Random;

/// The world, as far as a function may touch it. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    /// The primary database. All reads go to it: a replica could be older than the news.
    pub db: Arc<dyn Db>,
    /// May forget, may never be wrong about `v:` keys (see `delivery`).
    pub cache: Arc<dyn Cache>,
    /// One ordered log of changes, many readers.
    pub feed: Arc<dyn ChangeFeed>,
    /// Where metrics wait. `None`: in a table of `db`, which `store` knows how to use.
    pub queue: Option<Arc<dyn WorkQueue>>,
    /// Time and waiting.
    pub clock: Arc<dyn Clock>,
    /// Keys, identifiers, jitter.
    pub random: Arc<dyn Random>,
}
