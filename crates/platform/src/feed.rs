//! The change feed port: one ordered log, many readers.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// The feed did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the change feed does not answer: {0}")]
pub struct FeedError(pub String);

/// A place in the feed. Its text means something to the feed that gave it only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cursor(pub String);

/// What a reader gets.
#[derive(Clone, Debug)]
pub struct FeedPage {
    /// Entries after the cursor, oldest first.
    pub entries: Vec<Bytes>,
    /// Where to go on.
    pub next: Cursor,
    /// Entries between the cursor and the first one here were trimmed: the reader must catch up from
    /// the database.
    pub gap: bool,
}

/// An ordered log of changes. An entry may be there twice; first occurrences are in order.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// Adds an entry at the end.
    async fn append(&self, entry: Bytes) -> Result<(), FeedError>;

    /// The place after the newest entry.
    async fn position(&self) -> Result<Cursor, FeedError>;

    /// Entries after `cursor`, at most `limit`. Waits up to `wait` for the first one.
    async fn read_after(&self, cursor: &Cursor, limit: usize, wait: Duration) -> Result<FeedPage, FeedError>;

    /// Whether entries can be read. Where not, `store::change_feed` finds what changed in the database.
    fn keeps_entries(&self) -> bool {
        true
    }
}
