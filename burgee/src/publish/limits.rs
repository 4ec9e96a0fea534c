//! How long, how often and how much.

use std::time::Duration;

/// The most that a value of KV can hold.
pub(super) const VALUE_BYTES_MAX: usize = 25 * 1024 * 1024;

/// Answers other than snapshots: tokens, errors, what KV knows of a value.
pub(super) const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// KV takes one write a second for each key. Counted from the end of a write, so that ways of different length
/// do not bring two of them together.
pub(super) const WRITE_INTERVAL: Duration = Duration::from_secs(1);

/// For one request and its answer, 25 MiB on a slow line included.
pub(super) const REQUEST_TIME: Duration = Duration::from_secs(60);

/// For a stream's head. Its body then takes as long as it takes.
pub(super) const STREAM_START_TIME: Duration = Duration::from_secs(15);

/// A stream says something every ten seconds; one that says nothing for so long is dead.
pub(super) const STREAM_SILENCE: Duration = Duration::from_secs(30);

/// How often the origin is asked while it sends no stream: it may have no relay.
pub(super) const POLL_EVERY: Duration = Duration::from_secs(5);

/// Before the second attempt; doubled each time, up to the next one.
pub(super) const RETRY_FIRST: Duration = Duration::from_millis(500);

/// The longest pause that nobody asked for.
pub(super) const RETRY_MAX: Duration = Duration::from_secs(30);

/// The longest pause that is believed: Cloudflare counts calls over five minutes.
pub(super) const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// Between attempts of what was refused after it had worked, which somebody has to put right.
pub(super) const REFUSED_PAUSE: Duration = Duration::from_secs(60);
