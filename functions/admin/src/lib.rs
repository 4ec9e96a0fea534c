//! The admin API: create, change, target and toggle flags; keys; audit.
//!
//! Start at `routes.rs`. A route is an async function of a `Call` and of what its JSON body says, if it has
//! one; `endpoint` reads both. It asks `access` whether the caller may, hands a decision to `store::Writer`, and
//! gives an `Answer`. Decisions are in the file of the resource they change.

mod access;
mod answer;
mod audit;
mod burgee_v1;
mod call;
mod clauses;
mod context;
mod cron;
mod endpoint;
mod environments;
mod flag_matrix;
mod flags;
mod heads;
mod idempotency;
mod instructions;
mod keys;
mod levels;
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
#[cfg(target_family = "wasm")]
mod spin;
mod tags;
mod targets;
mod tick;

use std::sync::Arc;

use access::Access;
use api::Problem;
use api::credentials::CHOSEN_SECRET;
use axum::Router;
use axum::middleware::from_fn;
use heads::Heads;
use http::HeaderMap;
use model::Error;
use platform::config::{Fallback, Var, Vars};
use platform::{Dialect, Platform};
use store::Writer;

pub use burgee_v1::{ExplainRequest, RevertRequest, TokenRequest};
pub use cron::build_with_cron;
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
pub use tick::{Ticked, tick};

/// The access token that is set and not made.
pub const ADMIN_TOKEN: Var = Var {
    name: "BURGEE_ADMIN_TOKEN",
    kind: CHOSEN_SECRET,
    default: Fallback::Optional,
    secret: true,
    help: "An access token that may do everything, at least 32 characters. Without it only tokens that were made before open the admin API.",
};

/// The function's settings.
pub const VARS: &[Var] = &[ADMIN_TOKEN];

/// The function by itself. A SQLite database belongs to whoever runs the function and is brought to this
/// program's schema; that of a Postgres is changed by `burgee migrate` only.
///
/// # Errors
/// `Unavailable` if the database cannot be reached or has another schema.
pub async fn build(platform: Platform, vars: &Vars) -> Result<Router, Error> {
    if platform.db.dialect() == Dialect::Sqlite {
        store::migrate(&*platform.db).await.map_err(store::unavailable)?;
    }
    store::check_schema(&*platform.db).await?;
    let token = vars.opt_text(ADMIN_TOKEN.name).map_err(Error::internal)?;
    let routes = router(Admin::new(platform, token.map(Arc::from))).layer(from_fn(api::request_log));
    Ok(api::no_sniffing(api::fallback::in_json(routes)))
}

/// What answers while [`build`] cannot be done because the database is away. `cause` is for the log.
pub fn refusing(cause: &str) -> Router {
    api::no_sniffing(api::refusing(Problem::from, cause).layer(from_fn(api::request_log)))
}

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
