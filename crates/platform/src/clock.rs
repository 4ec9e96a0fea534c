//! The clock port: what time it is, and waiting.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};

/// Time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Unix time in milliseconds. May jump; never use it to order changes.
    fn now_ms(&self) -> i64;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// What `work` returns, or `None` if it takes longer than `limit`; it is then dropped.
pub async fn within<T>(clock: &dyn Clock, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let work = pin!(work);
    match select(work, clock.sleep(limit)).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(((), _)) => None,
    }
}

/// For how long something that was read is taken for true. A clock that is put back must not make that
/// longer: before its beginning a lifetime is over too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lifetime {
    from_ms: i64,
    until_ms: i64,
}

impl Lifetime {
    /// From now (Unix milliseconds) for so long.
    pub fn starting(now_ms: i64, duration: Duration) -> Self {
        let duration_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self { from_ms: now_ms, until_ms: now_ms.saturating_add(duration_ms) }
    }

    /// Whether it holds now.
    pub fn covers(self, now_ms: i64) -> bool {
        (self.from_ms..self.until_ms).contains(&now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_ends_when_it_is_over_and_when_the_clock_is_put_back() {
        let lifetime = Lifetime::starting(1_000, Duration::from_secs(1));

        let covered: Vec<_> =
            [999, 1_000, 1_999, 2_000].into_iter().filter(|ms| lifetime.covers(*ms)).collect();

        assert_eq!(covered, [1_000, 1_999]);
    }
}
