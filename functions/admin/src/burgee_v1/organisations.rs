//! The organisations of an account.

use api::{Json, Page, PageRequest, Problem};
use axum::extract::State;
use model::OrganisationId;
use serde::Serialize;
use store::OrganisationRow;

use crate::Admin;
use crate::access::Access;
use crate::context::Context;

/// A page of organisations.
#[derive(Serialize)]
pub(crate) struct Organisations {
    #[serde(flatten)]
    page: Page,
    organisations: Vec<Organisation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Organisation {
    identifier: OrganisationId,
    name: String,
    created_at: i64,
}

/// By identifier. The bearer of a token for one project sees the organisation of that project.
pub(crate) async fn list(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    page: PageRequest,
) -> Result<Json<Organisations>, Problem> {
    let db = &*admin.platform.db;
    let account = context.account(&access)?;
    let mut rows = store::organisations_of(db, &account).await?;
    if let Some(project) = &access.project {
        let own = store::project_by_id(db, project).await?;
        rows.retain(|row| own.account == account && own.organisation == row.identifier);
    }
    let (rows, page) = page.cut(rows);
    Ok(Json(Organisations { page, organisations: rows.into_iter().map(Organisation::from).collect() }))
}

impl From<OrganisationRow> for Organisation {
    fn from(row: OrganisationRow) -> Self {
        Self { identifier: row.identifier, name: row.name, created_at: row.created_ms }
    }
}
