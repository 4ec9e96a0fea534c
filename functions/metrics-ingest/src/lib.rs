//! Accepts what SDKs report about their evaluations, and queues it.
//!
//! A report is answered when it is safe in the queue. Nothing is counted here, and nothing that is
//! delivered to SDKs depends on what happens here.

mod draining;
mod key_cache;
mod report;
mod routes;
#[cfg(target_family = "wasm")]
mod spin;

use std::sync::Arc;

use api::Problem;
use axum::Router;
use axum::middleware::from_fn;
use delivery::Delivery;
use model::Error;
use platform::Platform;
use platform::config::{Var, Vars};

pub use draining::build_draining;
pub use routes::{IngestState, router};

/// The function's settings.
pub const VARS: &[Var] = &[delivery::TOKEN_KEYS];

/// The function by itself.
///
/// # Errors
/// `Unavailable` if the database cannot be reached or has another schema.
pub async fn build(platform: Platform, vars: &Vars) -> Result<Router, Error> {
    store::check_schema(&*platform.db).await?;
    let keys = vars.opt_text(delivery::TOKEN_KEYS.name).map_err(Error::internal)?;
    let state = IngestState {
        tokens: Arc::new(delivery::token_keys(&platform, keys).await?),
        queue: store::work_queue(&platform),
        clock: platform.clock.clone(),
        source: Arc::new(Delivery::new(platform)),
    };
    Ok(api::no_sniffing(api::fallback::in_json(router(state))))
}

/// What answers while [`build`] cannot be done because the database is away. `cause` is for the log.
pub fn refusing(cause: &str) -> Router {
    let routes = api::refusing(Problem::metrics, cause).layer(api::cors());
    api::no_sniffing(routes.layer(from_fn(api::request_log)))
}
