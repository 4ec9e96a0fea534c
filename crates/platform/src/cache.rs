//! The cache port: small values under names, shared by every instance of every function.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// The cache did not answer. Callers go to the database instead.
#[derive(Debug, thiserror::Error)]
#[error("the cache does not answer: {0}")]
pub struct CacheError(pub String);

/// A cache that may forget at any time.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The value under `key`, unless forgotten.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError>;

    /// Remembers `value` under `key` for at most `ttl`.
    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), CacheError>;

    /// Forgets `key`.
    async fn remove(&self, key: &str) -> Result<(), CacheError>;

    /// Puts the number 0 under `key` unless there is a number. Atomic; a number never expires.
    async fn begin(&self, key: &str) -> Result<(), CacheError>;

    /// Raises the number under `key` to `value` unless it is already higher; returns what it is now.
    /// `None`, and nothing is changed, if it is below `least` or not there. Atomic, because a late writer
    /// must not take an announced version back.
    async fn advance(&self, key: &str, least: i64, value: i64) -> Result<Option<i64>, CacheError>;
}
