//! Hands SDKs their configuration and evaluations.

mod budget;
mod queue_registrar;
mod stored_targets;

use axum::Router;
use axum::middleware::from_fn;
use client_api::ClientState;

pub use queue_registrar::QueueRegistrar;
pub use stored_targets::StoredTargets;

/// The function: the client routes at `/` and at `/api/1.0`. Answers nothing outside `/client`, so that
/// it can be merged.
pub fn router(state: ClientState) -> Router {
    let routes = client_api::routes(state).layer(api::cors()).layer(from_fn(api::request_log));
    Router::new().merge(routes.clone()).nest("/api/1.0", routes)
}
