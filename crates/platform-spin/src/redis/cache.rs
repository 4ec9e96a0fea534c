//! The cache: plain keys that expire, and numbers that only grow.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use platform::redis::ADVANCE;
use platform::{Cache, CacheError};

use super::{Link, Word, number, words};

pub(super) struct RedisCache {
    link: Arc<Link>,
    prefix: String,
}

impl RedisCache {
    pub(super) const fn new(link: Arc<Link>, prefix: String) -> Self {
        Self { link, prefix }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        let answer = self.link.call("GET", &[Word::Text(&self.key(key))]).await.map_err(CacheError)?;
        Ok(words(answer).into_iter().next().map(Bytes::from))
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), CacheError> {
        // Redis refuses to keep something for no time.
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX).max(1);
        let key = self.key(key);
        let words = [Word::Text(&key), Word::Bytes(&value), Word::Text("PX"), Word::Number(ttl_ms)];
        self.link.call("SET", &words).await.map(drop).map_err(CacheError)
    }

    async fn remove(&self, key: &str) -> Result<(), CacheError> {
        self.link.call("DEL", &[Word::Text(&self.key(key))]).await.map(drop).map_err(CacheError)
    }

    async fn begin(&self, key: &str) -> Result<(), CacheError> {
        let key = self.key(key);
        let words = [Word::Text(&key), Word::Number(0), Word::Text("NX")];
        self.link.call("SET", &words).await.map(drop).map_err(CacheError)
    }

    async fn advance(&self, key: &str, least: i64, value: i64) -> Result<Option<i64>, CacheError> {
        let key = self.key(key);
        let words = [
            Word::Text(ADVANCE),
            Word::Number(1),
            Word::Text(&key),
            Word::Number(least),
            Word::Number(value),
        ];
        self.link.call("EVAL", &words).await.map(number).map_err(CacheError)
    }
}
