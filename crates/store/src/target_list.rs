//! The list of targets: those that SDKs registered and those that the admin API wrote.
//!
//! Nothing here decides what anybody is served: lists and rules name targets by their identifiers, whether
//! they are listed here or not.

use model::{EnvironmentUuid, Error, Target};
use platform::{Db, DbError, Row, Statement};

use crate::fault::unavailable;
use crate::order::{Direction, Window};

/// A target as the admin API lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRow {
    /// Its identifier is unique in the environment; SDKs register what they like, so it may be any text.
    pub target: Target,
    /// Whether SDKs no longer change name and attributes.
    pub written_by_admin: bool,
    /// Unix milliseconds.
    pub created_ms: i64,
}

/// Which targets are listed: those whose name and identifier contain these texts, whatever the case of
/// ASCII letters.
#[derive(Clone, Debug, Default)]
pub struct TargetFilter {
    /// Part of the name.
    pub name: Option<String>,
    /// Part of the identifier.
    pub identifier: Option<String>,
}

/// What targets are ordered by; what compares equal is ordered by identifier.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TargetField {
    /// The identifier.
    #[default]
    Identifier,
    /// The name.
    Name,
    /// When it was first seen or written.
    CreatedAt,
}

const INSERT: &str =
    "INSERT INTO target (environment_id, identifier, name, attributes, written_by_admin, created_ms, seen_ms)
    VALUES ($1, $2, $3, $4, TRUE, $5, $6)";

const UPDATE: &str = "UPDATE target SET name = $1, attributes = $2, written_by_admin = TRUE
    WHERE environment_id = $3 AND identifier = $4";

const NAME: &str =
    "INSERT INTO target (environment_id, identifier, name, attributes, written_by_admin, created_ms, seen_ms)
    VALUES ($1, $2, $3, '{}', TRUE, $4, $5)
    ON CONFLICT (environment_id, identifier) DO UPDATE SET name = excluded.name, written_by_admin = TRUE";

/// Nobody wrote its name: the first SDK that sees the target may.
const MENTION: &str =
    "INSERT INTO target (environment_id, identifier, name, attributes, written_by_admin, created_ms, seen_ms)
    VALUES ($1, $2, $3, '{}', FALSE, $4, $5) ON CONFLICT (environment_id, identifier) DO NOTHING";

const DELETE: &str = "DELETE FROM target WHERE environment_id = $1 AND identifier = $2";

const DELETE_ALL: &str = "DELETE FROM target WHERE environment_id = $1";

const ONE: &str = "SELECT identifier, name, attributes, written_by_admin, created_ms FROM target
    WHERE environment_id = $1 AND identifier = $2";

/// `replace` finds a part of a text in the same way on both databases, and so does `lower`, which keeps to
/// ASCII where text is compared byte by byte.
const PAGE: &str = "SELECT identifier, name, attributes, written_by_admin, created_ms FROM target
    WHERE environment_id = $1
    AND (CAST($2 AS TEXT) IS NULL OR replace(lower(name), $2, '') <> lower(name))
    AND (CAST($3 AS TEXT) IS NULL OR replace(lower(identifier), $3, '') <> lower(identifier))
    ORDER BY CASE CAST($4 AS TEXT) WHEN 'name' THEN name WHEN 'identifier' THEN identifier END,
    CASE $4 WHEN 'name down' THEN name WHEN 'identifier down' THEN identifier END DESC,
    CASE $4 WHEN 'created' THEN created_ms WHEN 'created down' THEN -created_ms END, identifier
    LIMIT $5 OFFSET $6";

const AFTER: &str = "SELECT identifier, name, attributes, written_by_admin, created_ms FROM target
    WHERE environment_id = $1 AND identifier > $2 ORDER BY identifier LIMIT $3";

const COUNT: &str = "SELECT count(*) FROM target WHERE environment_id = $1
    AND (CAST($2 AS TEXT) IS NULL OR replace(lower(name), $2, '') <> lower(name))
    AND (CAST($3 AS TEXT) IS NULL OR replace(lower(identifier), $3, '') <> lower(identifier))";

/// Adds a target that the admin API writes.
///
/// # Errors
/// `Internal` if its attributes cannot be written as JSON.
pub fn insert_target(
    environment: &EnvironmentUuid,
    target: &Target,
    now_ms: i64,
) -> Result<Statement, Error> {
    let attributes = serde_json::to_string(&target.attributes).map_err(Error::internal)?;
    Ok(Statement::new(INSERT)
        .bind(environment.as_str())
        .bind(&*target.identifier)
        .bind(&*target.name)
        .bind(attributes)
        .bind(now_ms)
        .bind(now_ms)
        .expect_rows(1))
}

/// Gives a target the name and attributes of `target`; SDKs no longer change them.
///
/// # Errors
/// `Internal` if its attributes cannot be written as JSON.
pub fn update_target(environment: &EnvironmentUuid, target: &Target) -> Result<Statement, Error> {
    let attributes = serde_json::to_string(&target.attributes).map_err(Error::internal)?;
    Ok(Statement::new(UPDATE)
        .bind(&*target.name)
        .bind(attributes)
        .bind(environment.as_str())
        .bind(&*target.identifier)
        .expect_rows(1))
}

/// Names a target, which is added if it is not listed yet. Its attributes stay.
pub fn name_target(environment: &EnvironmentUuid, identifier: &str, name: &str, now_ms: i64) -> Statement {
    Statement::new(NAME).bind(environment.as_str()).bind(identifier).bind(name).bind(now_ms).bind(now_ms)
}

/// Lists a target that is only named somewhere, under its identifier; does nothing if it is listed.
pub fn mention_target(environment: &EnvironmentUuid, identifier: &str, now_ms: i64) -> Statement {
    Statement::new(MENTION)
        .bind(environment.as_str())
        .bind(identifier)
        .bind(identifier)
        .bind(now_ms)
        .bind(now_ms)
}

/// Takes a target off the list.
pub fn delete_target(environment: &EnvironmentUuid, identifier: &str) -> Statement {
    Statement::new(DELETE).bind(environment.as_str()).bind(identifier).expect_rows(1)
}

/// Takes every target of an environment off the list.
pub fn delete_targets_of(environment: &EnvironmentUuid) -> Statement {
    Statement::new(DELETE_ALL).bind(environment.as_str())
}

/// The target of that identifier, if it is listed.
///
/// # Errors
/// `Unavailable`.
pub async fn listed_target(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    identifier: &str,
) -> Result<Option<TargetRow>, Error> {
    let statement = Statement::new(ONE).bind(environment.as_str()).bind(identifier);
    let rows = db.query(statement).await.map_err(unavailable)?;
    rows.first().map(read).transpose().map_err(unavailable)
}

/// How many targets the filter admits.
///
/// # Errors
/// `Unavailable`.
pub async fn count_targets(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    filter: &TargetFilter,
) -> Result<usize, Error> {
    let statement = filter.bind(Statement::new(COUNT).bind(environment.as_str()));
    let rows = db.query(statement).await.map_err(unavailable)?;
    let count = rows.first().map_or(Ok(0), |row| row.int(0)).map_err(unavailable)?;
    usize::try_from(count).map_err(Error::internal)
}

/// The targets that the filter admits, in a total order.
///
/// # Errors
/// `Unavailable`.
pub async fn targets(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    filter: &TargetFilter,
    order: (TargetField, Direction),
    window: Window,
) -> Result<Vec<TargetRow>, Error> {
    let order = match order {
        (TargetField::Identifier, Direction::Ascending) => "identifier",
        (TargetField::Identifier, Direction::Descending) => "identifier down",
        (TargetField::Name, Direction::Ascending) => "name",
        (TargetField::Name, Direction::Descending) => "name down",
        (TargetField::CreatedAt, Direction::Ascending) => "created",
        (TargetField::CreatedAt, Direction::Descending) => "created down",
    };
    let statement = filter.bind(Statement::new(PAGE).bind(environment.as_str())).bind(order);
    let rows = db.query(window.bind(statement)).await.map_err(unavailable)?;
    rows.iter().map(|row| read(row).map_err(unavailable)).collect()
}

/// The first `limit` targets whose identifiers are above `after`, by identifier: for walks over all of
/// them. No identifier is empty.
///
/// # Errors
/// `Unavailable`.
pub async fn targets_after(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    after: &str,
    limit: usize,
) -> Result<Vec<TargetRow>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let statement = Statement::new(AFTER).bind(environment.as_str()).bind(after).bind(limit);
    let rows = db.query(statement).await.map_err(unavailable)?;
    rows.iter().map(|row| read(row).map_err(unavailable)).collect()
}

impl TargetFilter {
    fn bind(&self, statement: Statement) -> Statement {
        let part = |text: &Option<String>| text.as_ref().map(|text| text.to_ascii_lowercase());
        statement.bind(part(&self.name)).bind(part(&self.identifier))
    }
}

fn read(row: &Row) -> Result<TargetRow, DbError> {
    let attributes = serde_json::from_str(row.text(2)?)
        .map_err(|error| DbError::Invalid(format!("damaged attributes of a target: {error}")))?;
    Ok(TargetRow {
        target: Target {
            identifier: row.text(0)?.into(),
            name: row.text(1)?.into(),
            anonymous: false,
            attributes,
        },
        written_by_admin: row.bool(3)?,
        created_ms: row.int(4)?,
    })
}
