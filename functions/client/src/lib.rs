//! Hands SDKs their configuration and evaluations.

mod budget;
mod queue_registrar;
mod relay_absent;
#[cfg(target_family = "wasm")]
mod spin;
mod stored_targets;

use std::sync::Arc;
use std::time::Duration;

use api::Problem;
use axum::Router;
use axum::middleware::from_fn;
use client_api::ClientState;
use delivery::Delivery;
use model::Error;
use platform::Platform;
use platform::config::{Fallback, Kind, Var, Vars};

pub use queue_registrar::QueueRegistrar;
pub use relay_absent::build_without_relay;
pub use stored_targets::StoredTargets;

/// How long SDKs are answered while no store is.
pub const STALE: Var = Var {
    name: "BURGEE_STALE_S",
    kind: Kind::Number { min: 0, max: 86_400 },
    default: Fallback::Value("600"),
    secret: false,
    help: "Seconds for which SDKs are answered from what was last known, keys included, while no store answers; such answers carry Burgee-Age-Ms. With 0 they are refused at once.",
};

/// The function's settings.
pub const VARS: &[Var] = &[delivery::TOKEN_KEYS, STALE];

/// The function by itself.
///
/// # Errors
/// `Unavailable` if the database cannot be reached or has another schema.
pub async fn build(platform: Platform, vars: &Vars) -> Result<Router, Error> {
    store::check_schema(&*platform.db).await?;
    let keys = vars.opt_text(delivery::TOKEN_KEYS.name).map_err(Error::internal)?;
    let stale = Duration::from_secs(vars.number(STALE.name).map_err(Error::internal)?);
    let queue = store::work_queue(&platform);
    let state = ClientState {
        tokens: Arc::new(delivery::token_keys(&platform, keys).await?),
        source: Arc::new(Delivery::outliving(platform.clone(), stale)),
        targets: Arc::new(StoredTargets::new(platform.db.clone(), platform.clock.clone())),
        registrar: Arc::new(QueueRegistrar::new(queue, platform.clock.clone())),
        registrations_lost: Arc::default(),
        clock: platform.clock,
    };
    Ok(api::no_sniffing(api::fallback::in_json(router(state))))
}

/// What answers while [`build`] cannot be done because the database is away. `cause` is for the log.
pub fn refusing(cause: &str) -> Router {
    let routes = api::refusing(Problem::client, cause).layer(api::cors());
    api::no_sniffing(routes.layer(from_fn(api::request_log)))
}

/// The client routes at `/` and at `/api/1.0`. Answers nothing outside `/client`, so that
/// it can be merged.
pub fn router(state: ClientState) -> Router {
    let routes = client_api::routes(state).layer(api::cors()).layer(from_fn(api::request_log));
    Router::new().merge(routes.clone()).nest("/api/1.0", routes)
}
