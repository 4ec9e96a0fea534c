//! What holds on every database, on Postgres, with the other ports in memory.
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

use std::sync::Arc;

use platform::Platform;
use platform_native::embedded_on;
use testkit::TestClock;
use tests::stores::{database_url, open};

/// How often each race is run; a round is a dozen transactions.
const ROUNDS: usize = 200;

/// A platform on a database with the newest schema and nothing else in it.
async fn platform() -> Platform {
    embedded_on(Arc::new(open(&database_url().await)))
}

/// The same with a clock that stands still until it is moved.
async fn platform_at(clock: &TestClock) -> Platform {
    Platform { db: platform().await.db, ..testkit::platform_at(clock) }
}
