//! Ports of installations that have a database and nothing else.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Cache, CacheError, ChangeFeed, Cursor, FeedError, FeedPage};

/// A cache that forgets at once, so that everything is read from the database.
#[derive(Clone, Copy, Debug)]
pub struct NoCache;

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

    async fn begin(&self, _: &str) -> Result<(), CacheError> {
        Ok(())
    }

    /// There is nothing that could be told an older number.
    async fn advance(&self, _: &str, _: i64, value: i64) -> Result<Option<i64>, CacheError> {
        Ok(Some(value))
    }
}

/// A feed that keeps nothing: what changed is in the database, and whoever follows it asks there.
#[derive(Clone, Copy, Debug)]
pub struct NoFeed;

#[async_trait]
impl ChangeFeed for NoFeed {
    async fn append(&self, _: Bytes) -> Result<(), FeedError> {
        Ok(())
    }

    async fn position(&self) -> Result<Cursor, FeedError> {
        Err(keeps_nothing())
    }

    async fn read_after(&self, _: &Cursor, _: usize, _: Duration) -> Result<FeedPage, FeedError> {
        Err(keeps_nothing())
    }

    fn keeps_entries(&self) -> bool {
        false
    }
}

fn keeps_nothing() -> FeedError {
    FeedError("this installation has no feed; ask the database what changed".to_owned())
}
