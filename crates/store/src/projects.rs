//! Projects: the unit of writing.

use model::{AccountId, Error, ObjectKind, OrganisationId, ProjectId, ProjectUuid, Tag};
use platform::{Db, DbError, Row, Statement};
use serde::{Deserialize, Serialize};

use crate::fault::unavailable;

/// A project that is not deleted.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct ProjectRow {
    /// Its own id, never used again.
    pub id: ProjectUuid,
    /// Whose it is.
    pub account: AccountId,
    /// Where it belongs.
    pub organisation: OrganisationId,
    /// Unique in the organisation.
    pub identifier: ProjectId,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// Labels.
    pub tags: Vec<Tag>,
    /// Counts the writes.
    pub revision: i64,
    /// Hash of the newest change row.
    pub head: Vec<u8>,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub modified_ms: i64,
}

const INSERT: &str = "INSERT INTO project
    (id, account, organisation, identifier, name, description, tags, revision, head, created_ms, modified_ms, deleted)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, FALSE)";

const BY_IDENTIFIER: &str = "SELECT id, account, organisation, identifier, name, description, tags, revision,
    head, created_ms, modified_ms FROM project
    WHERE account = $1 AND organisation = $2 AND identifier = $3 AND NOT deleted";

const BY_ID: &str = "SELECT id, account, organisation, identifier, name, description, tags, revision,
    head, created_ms, modified_ms FROM project WHERE id = $1 AND NOT deleted";

const UPDATE: &str =
    "UPDATE project SET name = $1, description = $2, tags = $3 WHERE id = $4 AND NOT deleted";

const RETIRE: &str = "UPDATE project SET deleted = TRUE WHERE id = $1 AND NOT deleted";

const OF_ORGANISATION: &str =
    "SELECT id, account, organisation, identifier, name, description, tags, revision,
    head, created_ms, modified_ms FROM project
    WHERE account = $1 AND organisation = $2 AND NOT deleted ORDER BY identifier";

/// Makes a project at its first revision. Part of the batch that records its creation.
pub(crate) fn insert_project(project: &ProjectRow) -> Result<Statement, Error> {
    let tags = serde_json::to_string(&project.tags).map_err(Error::internal)?;
    Ok(Statement::new(INSERT)
        .bind(project.id.as_str())
        .bind(project.account.as_str())
        .bind(project.organisation.as_str())
        .bind(project.identifier.as_str())
        .bind(project.name.as_str())
        .bind(project.description.as_str())
        .bind(tags)
        .bind(project.revision)
        .bind(project.head.clone())
        .bind(project.created_ms)
        .bind(project.modified_ms)
        .expect_rows(1))
}

/// Gives a project the name, description and tags of `project`.
///
/// # Errors
/// `Internal` if its tags cannot be written as JSON.
pub fn update_project(project: &ProjectRow) -> Result<Statement, Error> {
    let tags = serde_json::to_string(&project.tags).map_err(Error::internal)?;
    Ok(Statement::new(UPDATE)
        .bind(project.name.as_str())
        .bind(project.description.as_str())
        .bind(tags)
        .bind(project.id.as_str())
        .expect_rows(1))
}

/// Takes a project out of reach. Its row and its chain stay, its identifier becomes free.
pub fn retire_project(id: &ProjectUuid) -> Statement {
    Statement::new(RETIRE).bind(id.as_str()).expect_rows(1)
}

/// The project of that name.
///
/// # Errors
/// `NotFound`, `Unavailable`.
pub async fn project_by_identifier(
    db: &dyn Db,
    account: &AccountId,
    organisation: &OrganisationId,
    identifier: &ProjectId,
) -> Result<ProjectRow, Error> {
    let statement = Statement::new(BY_IDENTIFIER)
        .bind(account.as_str())
        .bind(organisation.as_str())
        .bind(identifier.as_str());
    let rows = db.query(statement).await.map_err(unavailable)?;
    let row = rows.first().ok_or_else(|| Error::not_found(ObjectKind::Project, identifier))?;
    read(row)
}

/// The project of that id, as it is now.
///
/// # Errors
/// `NotFound`, `Unavailable`.
pub async fn project_by_id(db: &dyn Db, id: &ProjectUuid) -> Result<ProjectRow, Error> {
    let rows = db.query(Statement::new(BY_ID).bind(id.as_str())).await.map_err(unavailable)?;
    let row = rows.first().ok_or_else(|| Error::not_found(ObjectKind::Project, id))?;
    read(row)
}

/// All projects of the organisation, by identifier.
///
/// # Errors
/// `Unavailable`.
pub async fn projects_of(
    db: &dyn Db,
    account: &AccountId,
    organisation: &OrganisationId,
) -> Result<Vec<ProjectRow>, Error> {
    let statement = Statement::new(OF_ORGANISATION).bind(account.as_str()).bind(organisation.as_str());
    let rows = db.query(statement).await.map_err(unavailable)?;
    rows.iter().map(read).collect()
}

/// Reads a row in the order of the columns above.
pub(crate) fn read(row: &Row) -> Result<ProjectRow, Error> {
    let read = || {
        Ok(ProjectRow {
            id: ProjectUuid::from_wire(row.text(0)?),
            account: AccountId::from_wire(row.text(1)?),
            organisation: OrganisationId::from_wire(row.text(2)?),
            identifier: ProjectId::from_wire(row.text(3)?),
            name: row.text(4)?.to_owned(),
            description: row.text(5)?.to_owned(),
            tags: read_tags(row.text(6)?)?,
            revision: row.int(7)?,
            head: row.bytes(8)?.to_vec(),
            created_ms: row.int(9)?,
            modified_ms: row.int(10)?,
        })
    };
    read().map_err(unavailable)
}

/// Reads a column of tags.
pub(crate) fn read_tags(text: &str) -> Result<Vec<Tag>, DbError> {
    serde_json::from_str(text).map_err(|error| DbError::Invalid(format!("damaged tags: {error}")))
}
