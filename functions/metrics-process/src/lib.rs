//! Drains the queue of reports into counts per hour.

mod cron;
#[cfg(target_family = "wasm")]
mod spin;

use api::Problem;
use axum::Router;
use axum::middleware::from_fn;
use model::Error;
use platform::Platform;
use platform::config::{Var, Vars};

pub use counting::{Drained, drain};
pub use cron::build_with_cron;

/// The function's settings.
pub const VARS: &[Var] = &[];

/// The function by itself. It has work ([`drain`]) and no routes: what is asked of it over HTTP is 404.
///
/// # Errors
/// `Unavailable` if the database cannot be reached or has another schema.
pub async fn build(platform: Platform, _: &Vars) -> Result<Router, Error> {
    store::check_schema(&*platform.db).await?;
    Ok(api::no_sniffing(api::fallback::in_json(Router::new())))
}

/// What answers while [`build`] cannot be done because the database is away. `cause` is for the log.
pub fn refusing(cause: &str) -> Router {
    let routes = api::refusing(Problem::metrics, cause);
    api::no_sniffing(routes.layer(from_fn(api::request_log)))
}
