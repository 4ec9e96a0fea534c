//! What stands behind the ports of an installation without Redis.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use platform::{Cache, CacheError, ChangeFeed, Cursor, FeedError, FeedPage};

/// Remembers nothing: readers ask the database.
pub(crate) struct NoCache;

#[async_trait]
impl Cache for NoCache {
    async fn get(&self, _: &str) -> Result<Option<Bytes>, CacheError> {
        Ok(None)
    }

    async fn set(&self, _: &str, _: Bytes, _: Duration) -> Result<(), CacheError> {
        Ok(())
    }

    async fn remove(&self, _: &str) -> Result<(), CacheError> {
        Ok(())
    }

    async fn advance(&self, _: &str, value: i64) -> Result<i64, CacheError> {
        Ok(value)
    }
}

/// Takes entries and keeps none: a relay beside such a database asks that for changes.
pub(crate) struct NoFeed;

#[async_trait]
impl ChangeFeed for NoFeed {
    async fn append(&self, _: Bytes) -> Result<(), FeedError> {
        Ok(())
    }

    async fn position(&self) -> Result<Cursor, FeedError> {
        Err(nothing())
    }

    async fn read_after(&self, _: &Cursor, _: usize, _: Duration) -> Result<FeedPage, FeedError> {
        Err(nothing())
    }
}

fn nothing() -> FeedError {
    FeedError("an installation without BURGEE_REDIS_URL has no feed to read".to_owned())
}
