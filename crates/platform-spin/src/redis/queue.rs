//! The work queue: a stream with one consumer group.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use platform::redis::{CONSUMER, FIELD, GROUP, JOBS_MAX, PUSH, START};
use platform::{Job, QueueError, WorkQueue};

use super::{Link, Word, number, words};
use crate::entries::{Entry, entries};

pub(super) struct RedisQueue {
    link: Arc<Link>,
    key: String,
}

impl RedisQueue {
    pub(super) const fn new(link: Arc<Link>, key: String) -> Self {
        Self { link, key }
    }

    async fn jobs(&self, limit: i64, lease_ms: i64) -> Result<Vec<Entry>, String> {
        let overdue = [
            Word::Text(&self.key),
            Word::Text(GROUP),
            Word::Text(CONSUMER),
            Word::Number(lease_ms),
            Word::Text(START),
            Word::Text("COUNT"),
            Word::Number(limit),
        ];
        let mut jobs = entries(words(self.link.call("XAUTOCLAIM", &overdue).await?));
        let left = limit.saturating_sub(i64::try_from(jobs.len()).unwrap_or(limit));
        if left > 0 {
            let fresh = [
                Word::Text("GROUP"),
                Word::Text(GROUP),
                Word::Text(CONSUMER),
                Word::Text("COUNT"),
                Word::Number(left),
                Word::Text("STREAMS"),
                Word::Text(&self.key),
                Word::Text(">"),
            ];
            jobs.extend(entries(words(self.link.call("XREADGROUP", &fresh).await?)));
        }
        Ok(jobs)
    }

    /// Makes the group, from the first job on. Somebody else may just have done so.
    async fn make_group(&self) -> Result<(), String> {
        let make = [
            Word::Text("CREATE"),
            Word::Text(&self.key),
            Word::Text(GROUP),
            Word::Text(START),
            Word::Text("MKSTREAM"),
        ];
        match self.link.call("XGROUP", &make).await {
            Err(error) if !error.contains("BUSYGROUP") => Err(error),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl WorkQueue for RedisQueue {
    /// A job survives a crash of Redis as far as Redis was told to write to disk (`appendonly`).
    async fn push(&self, payload: Bytes) -> Result<(), QueueError> {
        let push = [
            Word::Text(PUSH),
            Word::Number(1),
            Word::Text(&self.key),
            Word::Number(i64::from(JOBS_MAX)),
            Word::Text(FIELD),
            Word::Bytes(&payload),
        ];
        match number(self.link.call("EVAL", &push).await.map_err(QueueError::Unavailable)?) {
            Some(1) => Ok(()),
            _ => Err(QueueError::Full { limit: u64::from(JOBS_MAX) }),
        }
    }

    /// Never waits: a command that does would hold up what others send over Spin's connection.
    async fn claim(&self, limit: usize, _: Duration, lease: Duration) -> Result<Vec<Job>, QueueError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let jobs = match self.jobs(limit, lease_ms).await {
            Err(error) if error.contains("NOGROUP") => {
                self.make_group().await.map_err(QueueError::Unavailable)?;
                self.jobs(limit, lease_ms).await
            }
            jobs => jobs,
        };
        let job = |entry: Entry| Job { id: entry.id, payload: Bytes::from(entry.payload) };
        Ok(jobs.map_err(QueueError::Unavailable)?.into_iter().map(job).collect())
    }

    async fn ack(&self, ids: &[String]) -> Result<(), QueueError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids = ids.iter().map(|id| Word::Text(id));
        let acknowledge: Vec<_> =
            [Word::Text(&self.key), Word::Text(GROUP)].into_iter().chain(ids.clone()).collect();
        let forget: Vec<_> = [Word::Text(&self.key)].into_iter().chain(ids).collect();
        self.link.call("XACK", &acknowledge).await.map_err(QueueError::Unavailable)?;
        self.link.call("XDEL", &forget).await.map(drop).map_err(QueueError::Unavailable)
    }
}
