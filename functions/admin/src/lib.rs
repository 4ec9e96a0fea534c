//! The admin API: create, change, target and toggle flags; keys; audit.
//!
//! Start at `routes.rs`. A route reads its inputs, asks `access` whether the caller may, and hands a
//! decision to `store::Writer`; decisions are in the file of the resource they change.

mod access;
mod audit;
mod burgee_v1;
mod clauses;
mod context;
mod environments;
mod flag_matrix;
mod flags;
mod heads;
mod idempotency;
mod instructions;
mod keys;
mod not_offered;
mod objects;
mod overview;
mod parts;
mod pinned;
mod projects;
mod reserved;
mod retire;
mod routes;
mod secrets;
mod segments;
mod sorting;
mod tags;
mod targets;
mod tick;
mod wrapped;

use std::sync::Arc;

use access::Access;
use heads::Heads;
use http::HeaderMap;
use model::Error;
use platform::Platform;
use store::Writer;

pub use burgee_v1::{ExplainRequest, RevertRequest, TokenRequest};
pub use environments::EnvironmentRequest;
pub use flags::{FlagRequest, PatchManyRequest, PutRequest};
pub use instructions::{PatchRequest, RawInstruction};
pub use keys::{KeyRequest, KeyUpdateRequest};
pub use parts::VariationRequest;
pub use projects::ProjectRequest;
pub use routes::router;
pub use secrets::made_token;
pub use segments::SegmentRequest;
pub use tags::TagRequest;
pub use targets::TargetRequest;
pub use tick::tick;

/// What the admin routes work with. Cheap to clone.
#[derive(Clone)]
pub struct Admin {
    pub(crate) platform: Platform,
    pub(crate) writer: Writer,
    /// `BURGEE_ADMIN_TOKEN`: an owner of everything. Compared, never stored.
    pub(crate) root_token: Option<Arc<str>>,
    /// What lists look at, of all projects.
    pub(crate) heads: Arc<Heads>,
}

impl Admin {
    /// The admin API on a platform. `root_token` (at least 32 characters) may do everything.
    pub fn new(platform: Platform, root_token: Option<Arc<str>>) -> Self {
        let writer = Writer::new(platform.clone());
        Self { platform, writer, root_token, heads: Arc::default() }
    }

    /// Whether the headers carry a good access token, of whatever role and scope.
    ///
    /// # Errors
    /// `Unauthenticated`, `Unavailable`.
    pub async fn check(&self, headers: &HeaderMap) -> Result<(), Error> {
        Access::read(self, headers).await.map(drop)
    }
}
