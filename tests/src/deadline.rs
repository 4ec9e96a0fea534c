//! Waiting for a condition: tests do not sleep, they look again until a deadline.

use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The first `Some` of `look`.
///
/// # Panics
/// If `look` gave none within `limit`; the message names `what` was awaited.
pub fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} for {what}");
        thread::sleep(LOOK_AGAIN);
    }
}
