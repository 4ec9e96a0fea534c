//! Counting by whoever reports, for installations where nothing has a schedule.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use model::Error;
use platform::Platform;
use platform::config::Vars;
use tracing::warn;

/// How long a request counts what waits, after it was answered; at most a hundred reports.
const SHARE: Duration = Duration::from_secs(1);

/// The function by itself. Where reports wait in a table, every request counts some of them.
///
/// # Errors
/// See [`crate::build`].
pub async fn build_draining(platform: Platform, vars: &Vars) -> Result<Router, Error> {
    let function = crate::build(platform.clone(), vars).await?;
    Ok(match platform.queue {
        Some(_) => function,
        None => function.layer(from_fn_with_state(platform, drain_some)),
    })
}

async fn drain_some(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    // Whoever has no key makes nobody work.
    if response.status().is_success()
        && let Err(error) = counting::drain_some(&platform, SHARE).await
    {
        warn!(
            error = error.in_full(),
            "reports could not be counted after a request; the next one tries again"
        );
    }
    response
}
