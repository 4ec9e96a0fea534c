//! `POST /drain`, for installations where a cron calls by HTTP.

use std::sync::Arc;
use std::time::Duration;

use api::{CRON_SECRET, Json, Problem, check_cron};
use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::routing::post;
use http::HeaderMap;
use model::Error;
use platform::Platform;
use platform::config::Vars;

use crate::{Drained, drain};

/// How long one call counts; a cron that finds more waiting calls again.
const BUDGET: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Cron {
    platform: Platform,
    secret: Option<Arc<str>>,
}

/// The function by itself, with `POST /drain` for whoever knows the secret; its settings hold [`CRON_SECRET`]
/// too.
///
/// # Errors
/// `Unavailable` if the database cannot be reached or has another schema.
pub async fn build_with_cron(platform: Platform, vars: &Vars) -> Result<Router, Error> {
    store::check_schema(&*platform.db).await?;
    let secret = vars.opt_text(CRON_SECRET.name).map_err(Error::internal)?.map(Arc::from);
    let routes = Router::new().route("/drain", post(answer)).with_state(Cron { platform, secret });
    Ok(api::no_sniffing(api::fallback::in_json(routes.layer(from_fn(api::request_log)))))
}

/// 200 with what was done: `{"jobs":…,"unreadable":…,"unknown":…,"isComplete":…}`.
async fn answer(State(cron): State<Cron>, headers: HeaderMap) -> Result<Json<Drained>, Problem> {
    check_cron(cron.secret.as_deref(), &headers).map_err(Problem::metrics)?;
    drain(&cron.platform, BUDGET).await.map(Json).map_err(Problem::metrics)
}
