//! A world for tests: SQLite in memory, a clock that tests move, and a network that breaks.

mod clock;
mod network;
pub mod simulation;

use std::sync::Arc;

use platform::Platform;
use platform_native::{Sqlite, embedded_on};

pub use clock::TestClock;
pub use network::{Network, Weather};

/// A platform on an empty SQLite database in memory, with the system's clock. Every call makes another.
///
/// # Panics
/// If SQLite cannot be opened in memory.
#[expect(clippy::expect_used, reason = "a test cannot go on without a database")]
pub fn platform() -> Platform {
    embedded_on(Arc::new(Sqlite::in_memory().expect("SQLite opens in memory")))
}

/// The same with a clock that stands still until it is moved.
pub fn platform_at(clock: &TestClock) -> Platform {
    let clock = Arc::new(clock.clone());
    Platform {
        cache: Arc::new(platform::memory::MemoryCache::new(clock.clone())),
        feed: Arc::new(platform::memory::MemoryFeed::new(clock.clone())),
        clock,
        ..platform()
    }
}
