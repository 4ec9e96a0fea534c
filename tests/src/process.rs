//! Ending processes that a test started, each by its own id.

use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Sends the signal and waits. `None` if the process did not end within `limit`.
pub fn end(child: &mut Child, signal: Signal, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself, which the loop finds out.
        let _ = kill_process(pid, signal);
    }
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
