//! What programs on one Redis must agree on, whichever client library speaks for them: names, scripts, sizes.
//!
//! Keys, after a prefix that keeps installations apart: what the cache's callers name (`v:…`, `k:…`), and the
//! streams [`CHANGES`] and [`JOBS`]. Each stream entry has one field, [`FIELD`], with the payload.

/// The stream of the change feed.
pub const CHANGES: &str = "changes";

/// Entries that the change feed keeps, in steps of about 100.
pub const CHANGES_MAX: u32 = 100_000;

/// The stream of the work queue.
pub const JOBS: &str = "jobs";

/// Jobs that may wait or be worked on.
pub const JOBS_MAX: u32 = 100_000;

/// The one field of an entry.
pub const FIELD: &str = "p";

/// The consumer group of [`JOBS`].
pub const GROUP: &str = "workers";

/// All workers go by one name: leases are by time, and a name for each Lambda instance would be left behind.
pub const CONSUMER: &str = "worker";

/// Before the first entry of a stream.
pub const START: &str = "0-0";

/// `advance` of the cache: key; least, value. Numbers are doubles in Lua, so this holds for versions below 2^53.
pub const ADVANCE: &str = "local found = redis.call('GET', KEYS[1])
    if not found or tonumber(found) < tonumber(ARGV[1]) then return nil end
    if tonumber(found) >= tonumber(ARGV[2]) then return found end
    redis.call('SET', KEYS[1], ARGV[2])
    return ARGV[2]";

/// Adds a job unless there are as many as there may be, in one step: stream; the most, field, payload. Returns
/// 1 if it was added, else 0.
pub const PUSH: &str = "if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
    redis.call('XADD', KEYS[1], '*', ARGV[2], ARGV[3])
    return 1";
