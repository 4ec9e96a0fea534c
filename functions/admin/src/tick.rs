//! What is due without anybody asking.

use std::time::Duration;

use model::Error;
use platform::{Platform, within};
use serde::Serialize;

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticked {
    /// Environments whose changes were announced.
    pub announced: usize,
    /// Whether everything was done that was due, and not only what the time sufficed for.
    pub is_complete: bool,
}

/// Announces what is committed and not announced, and forgets what is too old: requests that could be sent
/// again, counts, targets that nobody sees. Takes at most `budget`. Repeating it does no harm, and what is
/// not done now is done next time.
///
/// # Errors
/// `Unavailable`.
pub async fn tick(platform: &Platform, budget: Duration) -> Result<Ticked, Error> {
    let mut announced = 0;
    let work = async {
        for environment in store::unsent_environments(platform).await? {
            if store::flush(platform, &environment).await?.is_some() {
                announced += 1;
            }
        }
        let now_ms = platform.clock.now_ms();
        store::forget_requests(&*platform.db, now_ms).await?;
        store::forget_counts(&*platform.db, now_ms).await?;
        store::forget_idle_targets(&*platform.db, now_ms).await?;
        Ok::<_, Error>(())
    };
    let is_complete = within(&*platform.clock, budget, work).await.transpose()?.is_some();
    Ok(Ticked { announced, is_complete })
}
