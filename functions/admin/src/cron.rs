//! `POST /tick`, and what is done without it, for installations where nothing has a schedule.

use std::time::Duration;

use api::{CRON_SECRET, Json, Problem, check_cron};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;
use model::Error;
use platform::Platform;
use platform::config::Vars;
use tracing::warn;

use crate::tick::{Ticked, tick};

/// How long one call works.
const BUDGET: Duration = Duration::from_secs(10);

/// How long every other request works for the installation, so that one without a cron converges.
const SHARE: Duration = Duration::from_millis(20);

/// The function by itself, with `POST /tick` for whoever knows the secret; its settings hold [`CRON_SECRET`]
/// too. Where a database is all that there is, every other request ticks a little after it was answered.
///
/// # Errors
/// See [`crate::build`].
pub async fn build_with_cron(platform: Platform, vars: &Vars) -> Result<Router, Error> {
    let secret = vars.opt_text(CRON_SECRET.name).map_err(Error::internal)?.map(str::to_owned);
    let mut function = crate::build(platform.clone(), vars).await?;
    if platform.queue.is_none() {
        function = function.layer(from_fn_with_state(platform.clone(), tick_a_little));
    }
    let answer = async move |headers: HeaderMap| answer(&platform, secret.as_deref(), &headers).await;
    let routes = Router::new().route("/tick", post(answer));
    let routes = routes.method_not_allowed_fallback(api::fallback::method_not_allowed);
    Ok(function.merge(api::no_sniffing(routes.layer(from_fn(api::request_log)))))
}

/// 200 with what was done: `{"announced":…,"isComplete":…}`.
async fn answer(
    platform: &Platform,
    secret: Option<&str>,
    headers: &HeaderMap,
) -> Result<Json<Ticked>, Problem> {
    check_cron(secret, headers)?;
    Ok(Json(tick(platform, BUDGET).await?))
}

async fn tick_a_little(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Err(error) = tick(&platform, SHARE).await {
        warn!(
            error = error.in_full(),
            "what is due could not be done after a request; the next one tries again"
        );
    }
    response
}
