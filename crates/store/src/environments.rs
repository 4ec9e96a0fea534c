//! Environments: what has a version of its own and is served to SDKs.

use model::{EnvironmentId, EnvironmentUuid, Error, ObjectKind, ProjectUuid, Tag, Version};
use platform::{Db, Row, Statement};
use serde::{Deserialize, Serialize};

use crate::fault::unavailable;
use crate::projects::read_tags;

/// An environment that is not deleted.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentRow {
    /// The UUID that SDKs use, never used again.
    pub id: EnvironmentUuid,
    /// Whose it is.
    pub project: ProjectUuid,
    /// Unique in the project.
    pub identifier: EnvironmentId,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// Labels.
    pub tags: Vec<Tag>,
    /// One step for each write that concerns it.
    pub version: Version,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub modified_ms: i64,
}

const INSERT: &str = "INSERT INTO environment
    (id, project_id, identifier, name, description, tags, version, created_ms, modified_ms, deleted)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE)";

const UPDATE: &str = "UPDATE environment SET name = $1, description = $2, tags = $3, modified_ms = $4
    WHERE id = $5 AND NOT deleted";

const RETIRE: &str = "UPDATE environment SET deleted = TRUE WHERE id = $1 AND NOT deleted";

const OF_PROJECT: &str = "SELECT id, project_id, identifier, name, description, tags, version, created_ms,
    modified_ms FROM environment WHERE project_id = $1 AND NOT deleted ORDER BY id";

const BY_IDENTIFIER: &str = "SELECT id, project_id, identifier, name, description, tags, version, created_ms,
    modified_ms FROM environment WHERE project_id = $1 AND identifier = $2 AND NOT deleted";

const ALL: &str = "SELECT id, project_id, identifier, name, description, tags, version, created_ms,
    modified_ms FROM environment WHERE NOT deleted ORDER BY id";

/// Makes an environment at its first version.
pub fn insert_environment(environment: &EnvironmentRow) -> Result<Statement, Error> {
    let tags = serde_json::to_string(&environment.tags).map_err(Error::internal)?;
    Ok(Statement::new(INSERT)
        .bind(environment.id.as_str())
        .bind(environment.project.as_str())
        .bind(environment.identifier.as_str())
        .bind(environment.name.as_str())
        .bind(environment.description.as_str())
        .bind(tags)
        .bind(environment.version.0)
        .bind(environment.created_ms)
        .bind(environment.modified_ms)
        .expect_rows(1))
}

/// Gives an environment the name, description and tags of `environment`.
///
/// # Errors
/// `Internal` if its tags cannot be written as JSON.
pub fn update_environment(environment: &EnvironmentRow) -> Result<Statement, Error> {
    let tags = serde_json::to_string(&environment.tags).map_err(Error::internal)?;
    Ok(Statement::new(UPDATE)
        .bind(environment.name.as_str())
        .bind(environment.description.as_str())
        .bind(tags)
        .bind(environment.modified_ms)
        .bind(environment.id.as_str())
        .expect_rows(1))
}

/// Takes an environment out of reach. Its row stays, so that its id is never used again.
pub fn retire_environment(id: &EnvironmentUuid) -> Statement {
    Statement::new(RETIRE).bind(id.as_str()).expect_rows(1)
}

/// All environments of a project, by id: the order in which a write locks them.
///
/// # Errors
/// `Unavailable`.
pub async fn environments_of(db: &dyn Db, project: &ProjectUuid) -> Result<Vec<EnvironmentRow>, Error> {
    let rows = db.query(Statement::new(OF_PROJECT).bind(project.as_str())).await.map_err(unavailable)?;
    rows.iter().map(read).collect()
}

/// The environment of that name.
///
/// # Errors
/// `NotFound`, `Unavailable`.
pub async fn environment_by_identifier(
    db: &dyn Db,
    project: &ProjectUuid,
    identifier: &EnvironmentId,
) -> Result<EnvironmentRow, Error> {
    let statement = Statement::new(BY_IDENTIFIER).bind(project.as_str()).bind(identifier.as_str());
    let rows = db.query(statement).await.map_err(unavailable)?;
    let row = rows.first().ok_or_else(|| Error::not_found(ObjectKind::Environment, identifier))?;
    read(row)
}

/// Every environment of the installation.
///
/// # Errors
/// `Unavailable`.
pub async fn all_environments(db: &dyn Db) -> Result<Vec<EnvironmentRow>, Error> {
    let rows = db.query(Statement::new(ALL)).await.map_err(unavailable)?;
    rows.iter().map(read).collect()
}

/// Reads a row in the order of the columns above.
pub(crate) fn read(row: &Row) -> Result<EnvironmentRow, Error> {
    let read = || {
        Ok(EnvironmentRow {
            id: EnvironmentUuid::from_wire(row.text(0)?),
            project: ProjectUuid::from_wire(row.text(1)?),
            identifier: EnvironmentId::from_wire(row.text(2)?),
            name: row.text(3)?.to_owned(),
            description: row.text(4)?.to_owned(),
            tags: read_tags(row.text(5)?)?,
            version: Version(row.int(6)?),
            created_ms: row.int(7)?,
            modified_ms: row.int(8)?,
        })
    };
    read().map_err(unavailable)
}
