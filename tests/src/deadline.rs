//! Waiting for a condition: tests do not sleep, they look again until a deadline.

use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The first `Some` of `look`, or `None` after `limit`.
pub fn wait_until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        let found = look();
        if found.is_some() || Instant::now() >= deadline {
            return found;
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// The first `Some` of `look`.
///
/// # Panics
/// If `look` gave none within `limit`; the message names `what` was awaited.
pub fn wait_for<T>(what: &str, limit: Duration, look: impl FnMut() -> Option<T>) -> T {
    wait_until(limit, look).unwrap_or_else(|| panic!("waited {limit:?} for {what}"))
}
