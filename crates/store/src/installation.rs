//! What an installation holds or has held, deleted things included: for tools that look after all of it.

use model::{EnvironmentUuid, Error, KeyHash, ProjectUuid};
use platform::{Db, Row, Statement};

use crate::environments::{self, EnvironmentRow};
use crate::fault::unavailable;
use crate::keys::{self, KeyRow};
use crate::projects::{self, ProjectRow};

/// Something with a row that stays when it is deleted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known<T> {
    /// Its row, as it is or was last.
    pub row: T,
    /// Whether it is gone.
    pub deleted: bool,
}

const PROJECTS: &str = "SELECT id, account, organisation, identifier, name, description, tags, revision,
    head, created_ms, modified_ms, deleted FROM project ORDER BY account, organisation, identifier, id";

const PROJECT: &str = "SELECT id, account, organisation, identifier, name, description, tags, revision,
    head, created_ms, modified_ms, deleted FROM project WHERE id = $1";

const ENVIRONMENTS: &str = "SELECT id, project_id, identifier, name, description, tags, version, created_ms,
    modified_ms, deleted FROM environment WHERE project_id = $1 ORDER BY identifier, id";

const ENVIRONMENT: &str = "SELECT id, project_id, identifier, name, description, tags, version, created_ms,
    modified_ms, deleted FROM environment WHERE id = $1";

const KEY: &str = "SELECT hash, project_id, environment_id, identifier, name, description, kind,
    prefix, created_ms, expires_ms, last_used_ms FROM sdk_key WHERE hash = $1";

/// Every project that ever was, by account, organisation and identifier.
///
/// # Errors
/// `Unavailable`.
pub async fn known_projects(db: &dyn Db) -> Result<Vec<Known<ProjectRow>>, Error> {
    let rows = db.query(Statement::new(PROJECTS)).await.map_err(unavailable)?;
    rows.iter().map(|row| known(projects::read(row)?, row, 11)).collect()
}

/// The project of that id, if there ever was one.
///
/// # Errors
/// `Unavailable`.
pub async fn known_project(db: &dyn Db, id: &ProjectUuid) -> Result<Option<Known<ProjectRow>>, Error> {
    let rows = db.query(Statement::new(PROJECT).bind(id.as_str())).await.map_err(unavailable)?;
    rows.first().map(|row| known(projects::read(row)?, row, 11)).transpose()
}

/// Every environment that the project ever had, by identifier.
///
/// # Errors
/// `Unavailable`.
pub async fn known_environments(
    db: &dyn Db,
    project: &ProjectUuid,
) -> Result<Vec<Known<EnvironmentRow>>, Error> {
    let rows = db.query(Statement::new(ENVIRONMENTS).bind(project.as_str())).await.map_err(unavailable)?;
    rows.iter().map(|row| known(environments::read(row)?, row, 9)).collect()
}

/// The environment of that id, if there ever was one.
///
/// # Errors
/// `Unavailable`.
pub async fn known_environment(
    db: &dyn Db,
    id: &EnvironmentUuid,
) -> Result<Option<Known<EnvironmentRow>>, Error> {
    let rows = db.query(Statement::new(ENVIRONMENT).bind(id.as_str())).await.map_err(unavailable)?;
    rows.first().map(|row| known(environments::read(row)?, row, 9)).transpose()
}

/// The SDK key with that hash, wherever it is.
///
/// # Errors
/// `Unavailable`.
pub async fn key_by_hash(db: &dyn Db, hash: &KeyHash) -> Result<Option<KeyRow>, Error> {
    let rows = db.query(Statement::new(KEY).bind(hash.as_str())).await.map_err(unavailable)?;
    rows.first().map(keys::read).transpose().map_err(unavailable)
}

fn known<T>(row: T, columns: &Row, deleted: usize) -> Result<Known<T>, Error> {
    Ok(Known { row, deleted: columns.bool(deleted).map_err(unavailable)? })
}
