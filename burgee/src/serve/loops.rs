//! What runs by itself: announcing changes that were left over, and counting reports.

use std::time::Duration;

use platform::Platform;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

/// How often each looks.
const EVERY: Duration = Duration::from_secs(1);

/// How long one look may take.
const BUDGET: Duration = Duration::from_secs(5);

/// Starts the loops; they end with `end`.
pub(super) fn start(platform: &Platform, end: &CancellationToken) -> TaskTracker {
    let tracker = TaskTracker::new();
    let (platform, end) = (platform.clone(), end.clone());
    tracker.spawn(async move {
        let mut due = interval(EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while end.run_until_cancelled(due.tick()).await.is_some() {
            run_once(&platform).await;
        }
    });
    tracker.close();
    tracker
}

/// One look. Failures are coped with: the next look repeats what was left.
pub(super) async fn run_once(platform: &Platform) {
    if let Err(error) = fn_admin::tick(platform, BUDGET).await {
        warn!(error = error.in_full(), "changes could not be announced; trying again in a second");
    }
    match fn_metrics_process::drain(platform, BUDGET).await {
        Ok(_) => {}
        Err(error) => warn!(error = error.in_full(), "reports could not be counted; they stay queued"),
    }
}
