//! A clock that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use platform::Clock;
use tokio::sync::watch;

/// Stands still until [`TestClock::advance`]; sleepers wake when their time has come. Clones are the
/// same clock.
#[derive(Clone)]
pub struct TestClock {
    now_ms: Arc<AtomicI64>,
    moved: Arc<watch::Sender<()>>,
}

impl TestClock {
    /// A clock at `now_ms` (Unix milliseconds).
    pub fn at(now_ms: i64) -> Self {
        Self { now_ms: Arc::new(AtomicI64::new(now_ms)), moved: Arc::new(watch::Sender::new(())) }
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        self.now_ms.fetch_add(millis(by), Ordering::SeqCst);
        self.moved.send_replace(());
    }

    /// Is put back, as an administrator or a time server does. Whoever sleeps does so longer.
    pub fn put_back(&self, by: Duration) {
        self.now_ms.fetch_sub(millis(by), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    async fn sleep(&self, duration: Duration) {
        let mut moved = self.moved.subscribe();
        let until_ms = self.now_ms().saturating_add(millis(duration));
        while self.now_ms() < until_ms {
            if moved.changed().await.is_err() {
                return;
            }
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
