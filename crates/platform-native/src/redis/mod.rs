//! Redis behind the cache, feed and queue ports, in the form of [`platform::redis`]. Nothing is connected until
//! something is asked.

mod cache;
mod feed;
mod limits;
mod link;
mod queue;

use std::sync::Arc;

use platform::redis::{CHANGES, FIELD, JOBS};
use platform::{Cache, ChangeFeed, WorkQueue};
use redis::Value;
use redis::streams::StreamId;

pub use limits::RedisLimits;

use cache::RedisCache;
use feed::RedisFeed;
use link::Link;
use queue::RedisQueue;

/// A Redis or Valkey server, version 7 or later, without cluster mode. Cheap to clone.
#[derive(Clone)]
pub struct Redis {
    link: Arc<Link>,
    prefix: Arc<str>,
    limits: RedisLimits,
}

impl Redis {
    /// The server that the setting `variable` names: `redis://`, `rediss://` (with TLS, checked against the
    /// system's authorities) or `redis+unix://`.
    ///
    /// # Errors
    /// If the URL cannot be read: one sentence that names the variable and repeats no password.
    pub fn new(variable: &'static str, url: &str, prefix: &str) -> anyhow::Result<Self> {
        let link = Arc::new(Link::new(variable, url)?);
        Ok(Self { link, prefix: Arc::from(prefix), limits: RedisLimits::default() })
    }

    /// The same with other limits.
    #[must_use]
    pub fn limited(self, limits: RedisLimits) -> Self {
        Self { limits, ..self }
    }

    /// Whether both are the same server, whatever database of it.
    pub fn is_same_server(&self, other: &Self) -> bool {
        self.link.address() == other.link.address()
    }

    /// Small values under names.
    pub fn cache(&self) -> Arc<dyn Cache> {
        Arc::new(RedisCache::new(Arc::clone(&self.link), Arc::clone(&self.prefix)))
    }

    /// The stream `changes`.
    pub fn feed(&self) -> Arc<dyn ChangeFeed> {
        Arc::new(RedisFeed::new(Arc::clone(&self.link), self.key(CHANGES), self.limits.feed_entries_max))
    }

    /// The stream `jobs`.
    pub fn queue(&self) -> Arc<dyn WorkQueue> {
        Arc::new(RedisQueue::new(Arc::clone(&self.link), self.key(JOBS), self.limits.jobs_max))
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// The payload of an entry; empty for one that is not ours, which its reader then reports.
fn payload(entry: StreamId) -> Vec<u8> {
    let mut fields = entry.map;
    match fields.remove(FIELD) {
        Some(Value::BulkString(payload)) => payload,
        _ => Vec::new(),
    }
}
