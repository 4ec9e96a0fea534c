//! The cache: plain keys that expire, and numbers that only grow.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use platform::{Cache, CacheError, redis as layout};
use redis::{Script, cmd};

use super::link::{Failure, Link};

static ADVANCE: LazyLock<Script> = LazyLock::new(|| Script::new(layout::ADVANCE));

pub(super) struct RedisCache {
    link: Arc<Link>,
    prefix: Arc<str>,
}

impl RedisCache {
    pub(super) const fn new(link: Arc<Link>, prefix: Arc<str>) -> Self {
        Self { link, prefix }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn away(&self, failure: Failure) -> CacheError {
        CacheError(self.link.tell(failure))
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        let mut get = cmd("GET");
        get.arg(self.key(key));
        let found: Option<Vec<u8>> = self.link.ask(&get).await.map_err(|failure| self.away(failure))?;
        Ok(found.map(Bytes::from))
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), CacheError> {
        let mut set = cmd("SET");
        // Redis refuses to keep something for no time.
        set.arg(self.key(key)).arg(&value[..]).arg("PX").arg(milliseconds(ttl).max(1));
        self.link.ask(&set).await.map_err(|failure| self.away(failure))
    }

    async fn remove(&self, key: &str) -> Result<(), CacheError> {
        let mut remove = cmd("DEL");
        remove.arg(self.key(key));
        self.link.ask(&remove).await.map_err(|failure| self.away(failure))
    }

    async fn begin(&self, key: &str) -> Result<(), CacheError> {
        let mut begin = cmd("SET");
        begin.arg(self.key(key)).arg(0).arg("NX");
        self.link.ask(&begin).await.map_err(|failure| self.away(failure))
    }

    async fn advance(&self, key: &str, least: i64, value: i64) -> Result<Option<i64>, CacheError> {
        let key = self.key(key);
        let advanced = self.link.repeat(|mut connection| {
            let mut advance = ADVANCE.prepare_invoke();
            advance.key(&key).arg(least).arg(value);
            async move { advance.invoke_async(&mut connection).await }
        });
        advanced.await.map_err(|failure| self.away(failure))
    }
}

/// The whole milliseconds of a time.
pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
