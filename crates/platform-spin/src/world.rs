//! Time and randomness.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use platform::{Clock, Random};

/// Tells the host's time and waits on it.
pub(crate) struct SpinClock;

#[async_trait]
impl Clock for SpinClock {
    fn now_ms(&self) -> i64 {
        // A clock before 1970 is not set at all; 0 is as good as any wrong time.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}

/// Asks the host.
pub(crate) struct SpinRandom;

impl Random for SpinRandom {
    #[expect(clippy::panic, reason = "a key made of anything else could be guessed; no caller could go on")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the host gives no random numbers: {error}");
        }
    }
}
