//! How long Postgres may take, and how much is asked of it at once.

use std::time::Duration;

/// For a TCP connection, TLS and the log-in together.
pub(super) const CONNECT_TIME: Duration = Duration::from_secs(5);

/// For a connection of the pool to become free. Longer queues only make everybody late.
pub(super) const POOL_WAIT: Duration = Duration::from_secs(2);

/// For one round trip with its statements. The server is told the same limit for each statement of a batch
/// (`BEGIN` in `session.rs`), so that it lets go of locks also where nobody can tell it to stop.
pub(super) const STATEMENT_TIME: Duration = Duration::from_secs(10);

/// For telling the server to stop a statement that took too long.
pub(super) const CANCEL_TIME: Duration = Duration::from_secs(1);

/// Statements of a batch that are on their way at once.
pub(super) const PIPELINE_MAX: usize = 64;
