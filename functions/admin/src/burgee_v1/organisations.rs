//! The organisations of an account.

use api::Page;
use model::{Error, OrganisationId};
use serde::Serialize;
use store::OrganisationRow;

use crate::answer::Answer;
use crate::call::Call;

/// A page of organisations.
#[derive(Serialize)]
struct Organisations {
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
pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let db = call.db();
    let account = call.account()?;
    let mut rows = store::organisations_of(db, &account).await?;
    if let Some(project) = &call.access.project {
        let own = store::project_by_id(db, project).await?;
        rows.retain(|row| own.account == account && own.organisation == row.identifier);
    }
    let (rows, page) = page.cut(rows);
    Answer::ok(&Organisations { page, organisations: rows.into_iter().map(Organisation::from).collect() })
}

impl From<OrganisationRow> for Organisation {
    fn from(row: OrganisationRow) -> Self {
        Self { identifier: row.identifier, name: row.name, created_at: row.created_ms }
    }
}
