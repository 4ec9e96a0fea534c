//! SDK keys.

use model::{
    AccountId, EnvironmentId, EnvironmentUuid, Error, KeyHash, KeyKind, KeyRecord, ObjectKind,
    OrganisationId, ProjectId, ProjectUuid,
};
use platform::{Db, DbError, Row, Statement};
use serde::{Deserialize, Serialize};

use crate::fault::unavailable;

/// An SDK key as the admin API lists it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct KeyRow {
    /// SHA-256 of the clear key.
    pub hash: KeyHash,
    /// Its project.
    pub project: ProjectUuid,
    /// Its environment.
    pub environment: EnvironmentUuid,
    /// Unique in the environment.
    pub identifier: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// Server or client.
    pub kind: KeyKind,
    /// The first characters of the clear key; empty for a key of which only the hash was brought.
    pub prefix: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds after which it is refused.
    pub expires_ms: Option<i64>,
    /// Unix milliseconds, to the hour.
    pub last_used_ms: Option<i64>,
}

const INSERT: &str = "INSERT INTO sdk_key
    (hash, project_id, environment_id, identifier, name, description, kind, prefix, created_ms, expires_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const DELETE: &str = "DELETE FROM sdk_key WHERE hash = $1";

const DELETE_ALL: &str = "DELETE FROM sdk_key WHERE environment_id = $1";

const UPDATE: &str = "UPDATE sdk_key SET name = $1, description = $2, expires_ms = $3 WHERE hash = $4";

const TOUCH: &str = "UPDATE sdk_key SET last_used_ms = $1
    WHERE hash = $2 AND (last_used_ms IS NULL OR last_used_ms < $3)";

const OF_ENVIRONMENT: &str = "SELECT hash, project_id, environment_id, identifier, name, description, kind,
    prefix, created_ms, expires_ms, last_used_ms FROM sdk_key WHERE environment_id = $1 ORDER BY identifier";

const BY_IDENTIFIER: &str = "SELECT hash, project_id, environment_id, identifier, name, description, kind,
    prefix, created_ms, expires_ms, last_used_ms FROM sdk_key WHERE environment_id = $1 AND identifier = $2";

const RECORD: &str = "SELECT k.hash, k.kind, k.expires_ms, p.account, p.organisation, p.identifier, p.id,
    e.identifier, e.id
    FROM sdk_key k JOIN environment e ON e.id = k.environment_id JOIN project p ON p.id = k.project_id
    WHERE k.hash = $1 AND NOT e.deleted AND NOT p.deleted";

/// Adds a key.
pub fn insert_key(key: &KeyRow) -> Statement {
    Statement::new(INSERT)
        .bind(key.hash.as_str())
        .bind(key.project.as_str())
        .bind(key.environment.as_str())
        .bind(key.identifier.as_str())
        .bind(key.name.as_str())
        .bind(key.description.as_str())
        .bind(key.kind.as_str())
        .bind(key.prefix.as_str())
        .bind(key.created_ms)
        .bind(key.expires_ms)
        .expect_rows(1)
}

/// Revokes a key.
pub fn delete_key(hash: &KeyHash) -> Statement {
    Statement::new(DELETE).bind(hash.as_str()).expect_rows(1)
}

/// Revokes every key of an environment. Each may be brought along to another one.
pub fn delete_keys_of(environment: &EnvironmentUuid) -> Statement {
    Statement::new(DELETE_ALL).bind(environment.as_str())
}

/// Gives a key the name, description and expiry of `key`; the rest of a key never changes.
pub fn update_key(key: &KeyRow) -> Statement {
    Statement::new(UPDATE)
        .bind(key.name.as_str())
        .bind(key.description.as_str())
        .bind(key.expires_ms)
        .bind(key.hash.as_str())
        .expect_rows(1)
}

/// Notes that a key was used in the hour that begins at `hour_ms`; at most one row changes an hour.
pub fn touch_key(hash: &KeyHash, hour_ms: i64) -> Statement {
    Statement::new(TOUCH).bind(hour_ms).bind(hash.as_str()).bind(hour_ms)
}

/// All keys of an environment, by identifier.
///
/// # Errors
/// `Unavailable`.
pub async fn keys_of(db: &dyn Db, environment: &EnvironmentUuid) -> Result<Vec<KeyRow>, Error> {
    let rows = db.query(Statement::new(OF_ENVIRONMENT).bind(environment.as_str())).await;
    rows.map_err(unavailable)?.iter().map(|row| read(row).map_err(unavailable)).collect()
}

/// The key of that name.
///
/// # Errors
/// `NotFound`, `Unavailable`.
pub async fn key_by_identifier(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    identifier: &str,
) -> Result<KeyRow, Error> {
    let statement = Statement::new(BY_IDENTIFIER).bind(environment.as_str()).bind(identifier);
    let rows = db.query(statement).await.map_err(unavailable)?;
    let row = rows.first().ok_or_else(|| Error::not_found(ObjectKind::Key, identifier))?;
    read(row).map_err(unavailable)
}

/// Everything that a token says about the key with that hash, if it is there.
///
/// # Errors
/// `Unavailable`.
pub async fn key_record(db: &dyn Db, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
    let rows = db.query(Statement::new(RECORD).bind(hash.as_str())).await.map_err(unavailable)?;
    let read = |row: &Row| {
        Ok(KeyRecord {
            hash: KeyHash::from_wire(row.text(0)?),
            kind: read_kind(row.text(1)?)?,
            expires_ms: row.opt_int(2)?,
            account: AccountId::from_wire(row.text(3)?),
            organisation: OrganisationId::from_wire(row.text(4)?),
            project: ProjectId::from_wire(row.text(5)?),
            project_uuid: ProjectUuid::from_wire(row.text(6)?),
            environment: EnvironmentId::from_wire(row.text(7)?),
            environment_uuid: EnvironmentUuid::from_wire(row.text(8)?),
        })
    };
    rows.first().map(read).transpose().map_err(unavailable)
}

/// Reads a row in the order of the columns above.
pub(crate) fn read(row: &Row) -> Result<KeyRow, DbError> {
    Ok(KeyRow {
        hash: KeyHash::from_wire(row.text(0)?),
        project: ProjectUuid::from_wire(row.text(1)?),
        environment: EnvironmentUuid::from_wire(row.text(2)?),
        identifier: row.text(3)?.to_owned(),
        name: row.text(4)?.to_owned(),
        description: row.text(5)?.to_owned(),
        kind: read_kind(row.text(6)?)?,
        prefix: row.text(7)?.to_owned(),
        created_ms: row.int(8)?,
        expires_ms: row.opt_int(9)?,
        last_used_ms: row.opt_int(10)?,
    })
}

fn read_kind(text: &str) -> Result<KeyKind, DbError> {
    match text {
        "server" => Ok(KeyKind::Server),
        "client" => Ok(KeyKind::Client),
        other => Err(DbError::Invalid(format!("{other:?} is not a kind of key"))),
    }
}
