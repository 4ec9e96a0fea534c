//! What Burgee adds to the admin API, under `/admin/burgee/v1/`.

mod difference;
mod explain;
mod history;
mod organisations;
mod revert;
mod snapshot;
mod status;
mod tokens;

use axum::Router;
use axum::routing::{delete, get, post};

use crate::Admin;

pub use explain::ExplainRequest;
pub use revert::RevertRequest;
pub use tokens::TokenRequest;

/// The routes, below the prefix of the admin API.
pub(crate) fn routes() -> Router<Admin> {
    let routes = Router::new()
        .route("/flags/{identifier}/explain", post(explain::explain))
        .route("/flags/{identifier}/history", get(history::of_flag))
        .route("/flags/{identifier}/revert", post(revert::revert))
        .route("/organisations", get(organisations::list))
        .route("/segments/{identifier}/history", get(history::of_segment))
        .route("/snapshot", get(snapshot::read))
        .route("/status", get(status::read))
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{id}", delete(tokens::delete));
    Router::new().nest("/burgee/v1", routes)
}
