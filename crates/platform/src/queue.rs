//! The work queue port: each job is done once.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// The queue did not take or give a job.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// It does not answer.
    #[error("the work queue does not answer: {0}")]
    Unavailable(String),
    /// It holds as much as it may.
    #[error("the work queue is full ({limit} jobs wait)")]
    Full {
        /// The most that may wait.
        limit: u64,
    },
}

/// A piece of work that was claimed.
#[derive(Clone, Debug)]
pub struct Job {
    /// Unique for ever. Whoever does the work records it with the result, so that a job which is
    /// claimed twice is done once.
    pub id: String,
    /// What was pushed.
    pub payload: Bytes,
}

/// Jobs wait here until one worker has done them.
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Adds a job. When this returns, the job survives a crash.
    async fn push(&self, payload: Bytes) -> Result<(), QueueError>;

    /// Takes up to `limit` jobs, oldest first, for `lease`; not acknowledged by then, they are given
    /// out again. Waits up to `wait` for the first.
    async fn claim(&self, limit: usize, wait: Duration, lease: Duration) -> Result<Vec<Job>, QueueError>;

    /// The jobs are done and may be forgotten. Repeating it does no harm.
    async fn ack(&self, ids: &[String]) -> Result<(), QueueError>;
}
