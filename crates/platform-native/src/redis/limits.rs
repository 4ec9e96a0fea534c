//! How long Redis may take, and how much is kept there.

use std::time::Duration;

use platform::redis::{CHANGES_MAX, JOBS_MAX};

/// For a connection with TLS and log-in.
pub(super) const CONNECT_TIME: Duration = Duration::from_secs(2);

/// For one round trip. What asks Redis can do without it, or is asked again.
pub(super) const CALL_TIME: Duration = Duration::from_secs(1);

/// How long a connection may lie unused before it is tried: a process that was frozen, as on Lambda, or a
/// network that forgets idle connections, does not tell that it ended.
pub(super) const IDLE_TIME: Duration = Duration::from_secs(10);

/// Connections kept for calls that wait at the server.
pub(super) const WAITING_KEPT_MAX: usize = 4;

/// How much is kept in Redis.
#[derive(Clone, Copy, Debug)]
pub struct RedisLimits {
    /// Entries of the change feed. Redis trims in steps of about 100. A reader further behind is told of the
    /// gap and catches up from the database.
    pub feed_entries_max: usize,
    /// Jobs that may wait or be worked on. Beyond it, pushing is refused and SDKs keep their counts.
    pub jobs_max: u64,
}

impl Default for RedisLimits {
    fn default() -> Self {
        Self { feed_entries_max: CHANGES_MAX as usize, jobs_max: u64::from(JOBS_MAX) }
    }
}
