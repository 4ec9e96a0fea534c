//! What is due without anybody asking.

use std::time::Duration;

use model::Error;
use platform::{Platform, within};

/// Announces what is committed and not announced, and forgets what is too old: requests that could be sent
/// again, counts, targets that nobody sees. Takes at most `budget`. Repeating it does no harm, and what is
/// not done now is done next time. Returns the number of environments announced.
///
/// # Errors
/// `Unavailable`.
pub async fn tick(platform: &Platform, budget: Duration) -> Result<usize, Error> {
    let work = async {
        let mut announced = 0;
        for environment in store::unsent_environments(platform).await? {
            if store::flush(platform, &environment).await?.is_some() {
                announced += 1;
            }
        }
        let now_ms = platform.clock.now_ms();
        store::forget_requests(&*platform.db, now_ms).await?;
        store::forget_counts(&*platform.db, now_ms).await?;
        store::forget_idle_targets(&*platform.db, now_ms).await?;
        Ok(announced)
    };
    within(&*platform.clock, budget, work).await.unwrap_or(Ok(0))
}
