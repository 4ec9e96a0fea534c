//! The work queue: a stream with one consumer group.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use platform::redis::{self as layout, CONSUMER, FIELD, GROUP, START};
use platform::{Job, QueueError, WorkQueue};
use redis::streams::{StreamAutoClaimReply, StreamId, StreamReadReply};
use redis::{RedisError, Script, cmd, pipe};

use super::cache::milliseconds;
use super::link::{Failure, Link};
use super::payload;

static PUSH: LazyLock<Script> = LazyLock::new(|| Script::new(layout::PUSH));

pub(super) struct RedisQueue {
    link: Arc<Link>,
    key: String,
    jobs_max: u64,
    /// Where the next look for leases that ended begins. A look is a bounded step; over many claims they go
    /// round.
    looked: Mutex<String>,
}

impl RedisQueue {
    pub(super) fn new(link: Arc<Link>, key: String, jobs_max: u64) -> Self {
        Self { link, key, jobs_max, looked: Mutex::new(START.to_owned()) }
    }

    /// Jobs whose lease ended.
    async fn overdue(&self, limit: usize, lease: Duration) -> Result<Vec<StreamId>, Failure> {
        let from = self.looked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(&self.key).arg(GROUP).arg(CONSUMER).arg(milliseconds(lease)).arg(from);
        claim.arg("COUNT").arg(limit);
        let claimed: StreamAutoClaimReply = self.link.ask(&claim).await?;
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = claimed.next_stream_id;
        Ok(claimed.claimed)
    }

    /// Jobs that nobody has had.
    async fn fresh(&self, limit: usize, wait: Duration) -> Result<Vec<StreamId>, Failure> {
        let mut read = pipe();
        read.cmd("XREADGROUP").arg("GROUP").arg(GROUP).arg(CONSUMER).arg("COUNT").arg(limit);
        if !wait.is_zero() {
            // No time would mean for ever.
            read.arg("BLOCK").arg(milliseconds(wait).max(1));
        }
        read.arg("STREAMS").arg(&self.key).arg(">");
        let (read,): (Option<StreamReadReply>,) = self.link.ask_waiting(wait, &read).await?;
        Ok(read.and_then(|read| read.keys.into_iter().next()).map(|key| key.ids).unwrap_or_default())
    }

    async fn jobs(&self, limit: usize, wait: Duration, lease: Duration) -> Result<Vec<StreamId>, Failure> {
        let mut jobs = self.overdue(limit, lease).await?;
        if jobs.len() < limit {
            let wait = if jobs.is_empty() { wait } else { Duration::ZERO };
            jobs.extend(self.fresh(limit - jobs.len(), wait).await?);
        }
        Ok(jobs)
    }

    /// Makes the group, from the first job on. Somebody else may just have done so.
    async fn make_group(&self) -> Result<(), Failure> {
        let mut make = cmd("XGROUP");
        make.arg("CREATE").arg(&self.key).arg(GROUP).arg(START).arg("MKSTREAM");
        match self.link.ask(&make).await {
            Err(Failure::Refused(error)) if error.code() == Some("BUSYGROUP") => Ok(()),
            made => made,
        }
    }

    fn away(&self, failure: Failure) -> QueueError {
        QueueError::Unavailable(self.link.tell(failure))
    }
}

#[async_trait]
impl WorkQueue for RedisQueue {
    /// Not repeated where no answer comes: a job that is there twice would be counted twice. It survives a crash of Redis as far as Redis was told to write to disk (`appendonly`).
    async fn push(&self, payload: Bytes) -> Result<(), QueueError> {
        let mut push = PUSH.prepare_invoke();
        push.key(&self.key).arg(self.jobs_max).arg(FIELD).arg(&payload[..]);
        let pushed = self.link.once(|mut connection| async move { push.invoke_async(&mut connection).await });
        match pushed.await.map_err(|failure| self.away(failure))? {
            true => Ok(()),
            false => Err(QueueError::Full { limit: self.jobs_max }),
        }
    }

    /// A job is given out again when it has been out for `lease`, that of whoever claims it then.
    async fn claim(&self, limit: usize, wait: Duration, lease: Duration) -> Result<Vec<Job>, QueueError> {
        let jobs = match self.jobs(limit, wait, lease).await {
            Err(Failure::Refused(error)) if is_no_group(&error) => {
                self.make_group().await.map_err(|failure| self.away(failure))?;
                self.jobs(limit, wait, lease).await
            }
            jobs => jobs,
        };
        let jobs = jobs.map_err(|failure| self.away(failure))?;
        let job = |entry: StreamId| Job { id: entry.id.clone(), payload: Bytes::from(payload(entry)) };
        Ok(jobs.into_iter().map(job).collect())
    }

    async fn ack(&self, ids: &[String]) -> Result<(), QueueError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut done = pipe();
        done.atomic().xack(&self.key, GROUP, ids).ignore().xdel(&self.key, ids).ignore();
        self.link.ask_all(&done).await.map_err(|failure| self.away(failure))
    }
}

fn is_no_group(error: &RedisError) -> bool {
    error.code() == Some("NOGROUP")
}
