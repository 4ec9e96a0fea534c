//! What Burgee adds to the admin API, under `/admin/burgee/v1/`.

mod difference;
mod explain;
mod history;
mod organisations;
mod revert;
mod snapshot;
mod status;
mod tokens;

use crate::endpoint::to;
use crate::routes::{DELETE, GET, POST, Route};

pub use explain::ExplainRequest;
pub use revert::RevertRequest;
pub use tokens::TokenRequest;

/// The routes, below the prefix of the admin API.
pub(crate) fn routes() -> [Route; 10] {
    [
        (POST, "/burgee/v1/flags/{identifier}/explain", to(explain::explain)),
        (GET, "/burgee/v1/flags/{identifier}/history", to(history::of_flag)),
        (POST, "/burgee/v1/flags/{identifier}/revert", to(revert::revert)),
        (GET, "/burgee/v1/organisations", to(organisations::list)),
        (GET, "/burgee/v1/segments/{identifier}/history", to(history::of_segment)),
        (GET, "/burgee/v1/snapshot", to(snapshot::read)),
        (GET, "/burgee/v1/status", to(status::read).without_context()),
        (GET, "/burgee/v1/tokens", to(tokens::list).without_context()),
        (POST, "/burgee/v1/tokens", to(tokens::create).without_context()),
        (DELETE, "/burgee/v1/tokens/{id}", to(tokens::delete).without_context()),
    ]
}
