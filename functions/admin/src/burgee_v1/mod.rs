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
use crate::endpoint::to;

pub use explain::ExplainRequest;
pub use revert::RevertRequest;
pub use tokens::TokenRequest;

/// The routes, below the prefix of the admin API.
pub(crate) fn routes() -> Router<Admin> {
    let routes = Router::new()
        .route("/flags/{identifier}/explain", post(to(explain::explain)))
        .route("/flags/{identifier}/history", get(to(history::of_flag)))
        .route("/flags/{identifier}/revert", post(to(revert::revert)))
        .route("/organisations", get(to(organisations::list)))
        .route("/segments/{identifier}/history", get(to(history::of_segment)))
        .route("/snapshot", get(to(snapshot::read)))
        .route("/status", get(to(status::read).without_context()))
        .route("/tokens", get(to(tokens::list).without_context()).post(to(tokens::create).without_context()))
        .route("/tokens/{id}", delete(to(tokens::delete).without_context()));
    Router::new().nest("/burgee/v1", routes)
}
