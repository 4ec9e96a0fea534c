//! Where changes are recorded that belong to no project: a chain for each account, and one for the installation.
//!
//! Such a chain is a project in every respect but one: its identifier is empty, so nobody can name it and no
//! list of projects shows it. Its rows are hashed, verified and shown by audit like those of any other.

use model::{AccountId, Error, ProjectUuid};
use platform::{Db, Statement};

use crate::fault::unavailable;
use crate::projects::{ProjectRow, project_by_id};

/// The id of the installation's chain; no project has it, their ids are UUIDs.
const OF_INSTALLATION: &str = "installation";

const BEGIN: &str = "INSERT INTO project
    (id, account, organisation, identifier, name, description, tags, revision, head, created_ms, modified_ms, deleted)
    VALUES ($1, $2, '', '', '', '', '[]', 0, $3, $4, $5, FALSE) ON CONFLICT (id) DO NOTHING";

/// The chain of the account, or of the installation. It begins with the first change, so it may not be there.
///
/// # Errors
/// `Unavailable`.
pub async fn account_chain(db: &dyn Db, account: Option<&AccountId>) -> Result<Option<ProjectRow>, Error> {
    match project_by_id(db, &id(account)).await {
        Ok(chain) => Ok(Some(chain)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The id of the same chain, ready to be written; begun if it is not there. Repeating it does no harm.
///
/// # Errors
/// `Unavailable`.
pub async fn begin_account_chain(
    db: &dyn Db,
    account: Option<&AccountId>,
    now_ms: i64,
) -> Result<ProjectUuid, Error> {
    let id = id(account);
    if account_chain(db, account).await?.is_none() {
        let begin = Statement::new(BEGIN)
            .bind(id.as_str())
            .bind(account.map_or("", AccountId::as_str))
            .bind(Vec::new())
            .bind(now_ms)
            .bind(now_ms);
        db.batch(vec![begin]).await.map_err(unavailable)?;
    }
    Ok(id)
}

fn id(account: Option<&AccountId>) -> ProjectUuid {
    ProjectUuid::from_wire(match account {
        Some(account) => format!("account-{account}"),
        None => OF_INSTALLATION.to_owned(),
    })
}
