//! What holds on every database, on SQLite in memory.
#![expect(clippy::duplicate_mod, reason = "both databases run the same files")]

#[path = "announced.rs"]
mod announced;
#[path = "outbox.rs"]
mod outbox;
#[path = "queue.rs"]
mod queue;
#[path = "races.rs"]
mod races;
#[path = "repair.rs"]
mod repair;
#[path = "requests.rs"]
mod requests;
#[path = "scopes.rs"]
mod scopes;
#[path = "write.rs"]
mod write;

use platform::Platform;
use testkit::TestClock;

/// How often each race is run.
const ROUNDS: usize = 1_000;

/// A platform on an empty database.
async fn platform() -> Platform {
    testkit::platform()
}

/// The same with a clock that stands still until it is moved.
async fn platform_at(clock: &TestClock) -> Platform {
    testkit::platform_at(clock)
}
