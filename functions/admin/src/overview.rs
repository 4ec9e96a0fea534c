//! How many flags an account has.

use api::{Json, Problem};
use axum::extract::State;
use serde::Serialize;

use crate::Admin;
use crate::access::Access;
use crate::context::Context;

/// `UserFlagOverview` of openapi/admin.yaml.
#[derive(Serialize)]
pub(crate) struct Overview {
    /// Flags that are on in one environment at least.
    enabled: i64,
    /// Flags that are not archived.
    total: i64,
}

/// The totals of the account, as far as the access token reaches.
pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
) -> Result<Json<Overview>, Problem> {
    let account = context.account(&access)?;
    let totals = store::flag_totals(&*admin.platform.db, &account, access.only_project()).await?;
    Ok(Json(Overview { enabled: totals.enabled, total: totals.flags }))
}
