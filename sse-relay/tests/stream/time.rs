//! A clock that stands still until a test moves it.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use platform::Clock;
use tokio::sync::{Notify, oneshot};

pub(crate) const START_MS: i64 = 1_700_000_000_000;

/// How long a test waits for what must happen. Only a broken test waits that long.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
pub(crate) struct HandClock {
    state: Mutex<State>,
    fell_asleep: Notify,
}

#[derive(Default)]
struct State {
    elapsed: Duration,
    sleepers: Vec<(Duration, oneshot::Sender<()>)>,
}

impl HandClock {
    /// Lets time pass.
    pub(crate) fn advance(&self, duration: Duration) {
        let mut state = self.state();
        state.elapsed += duration;
        let elapsed = state.elapsed;
        let (due, waiting) = state.sleepers.drain(..).partition::<Vec<_>, _>(|(until, _)| *until <= elapsed);
        state.sleepers = waiting;
        for (_, sleeper) in due {
            // Those that were dropped meanwhile do not care.
            let _ = sleeper.send(());
        }
    }

    /// Waits until somebody sleeps for exactly so long from now, then lets that time pass.
    pub(crate) async fn pass(&self, duration: Duration) {
        self.sleeping(duration, 1).await;
        self.advance(duration);
    }

    /// Waits until so many sleep for exactly so long from now.
    pub(crate) async fn sleeping(&self, duration: Duration, wanted: usize) {
        let asleep = async {
            loop {
                let fell_asleep = self.fell_asleep.notified();
                if self.count(duration) >= wanted {
                    return;
                }
                fell_asleep.await;
            }
        };
        within(&format!("{wanted} sleeping for {duration:?}"), asleep).await;
    }

    /// How many sleep for exactly so long from now.
    pub(crate) fn count(&self, duration: Duration) -> usize {
        let state = self.state();
        let until = state.elapsed + duration;
        state.sleepers.iter().filter(|(due, sleeper)| *due == until && !sleeper.is_closed()).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        START_MS + i64::try_from(self.state().elapsed.as_millis()).unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        let (sender, woken) = oneshot::channel();
        {
            let mut state = self.state();
            let until = state.elapsed + duration;
            state.sleepers.push((until, sender));
        }
        self.fell_asleep.notify_one();
        let _ = woken.await;
    }
}

/// What `future` gives, or a failed test that says what it waited for.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let limited = tokio::time::timeout(PATIENCE, future);
    limited.await.unwrap_or_else(|_| panic!("waited in vain for: {what}"))
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    within(what, met).await;
}
