//! Organisations: they come into being with their first project.

use model::{AccountId, Error, OrganisationId};
use platform::{Db, Row, Statement};

use crate::fault::unavailable;

/// An organisation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrganisationRow {
    /// Unique in the account.
    pub identifier: OrganisationId,
    /// For people.
    pub name: String,
    /// Unix milliseconds.
    pub created_ms: i64,
}

const INSERT: &str = "INSERT INTO organisation (account, identifier, name, created_ms)
    VALUES ($1, $2, $3, $4) ON CONFLICT (account, identifier) DO NOTHING";

const ONE: &str =
    "SELECT identifier, name, created_ms FROM organisation WHERE account = $1 AND identifier = $2";

const OF_ACCOUNT: &str =
    "SELECT identifier, name, created_ms FROM organisation WHERE account = $1 ORDER BY identifier";

/// Makes sure that the organisation exists. Part of the batch that makes a project.
pub fn insert_organisation(account: &AccountId, identifier: &OrganisationId, now_ms: i64) -> Statement {
    Statement::new(INSERT)
        .bind(account.as_str())
        .bind(identifier.as_str())
        .bind(identifier.as_str())
        .bind(now_ms)
}

/// The organisation, if it exists.
///
/// # Errors
/// `Unavailable`.
pub async fn organisation(
    db: &dyn Db,
    account: &AccountId,
    identifier: &OrganisationId,
) -> Result<Option<OrganisationRow>, Error> {
    let statement = Statement::new(ONE).bind(account.as_str()).bind(identifier.as_str());
    let rows = db.query(statement).await.map_err(unavailable)?;
    rows.first().map(read).transpose()
}

/// All organisations of the account, by identifier.
///
/// # Errors
/// `Unavailable`.
pub async fn organisations_of(db: &dyn Db, account: &AccountId) -> Result<Vec<OrganisationRow>, Error> {
    let rows = db.query(Statement::new(OF_ACCOUNT).bind(account.as_str())).await.map_err(unavailable)?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<OrganisationRow, Error> {
    let read = || {
        Ok(OrganisationRow {
            identifier: OrganisationId::from_wire(row.text(0)?),
            name: row.text(1)?.to_owned(),
            created_ms: row.int(2)?,
        })
    };
    read().map_err(unavailable)
}
