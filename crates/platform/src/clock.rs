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
