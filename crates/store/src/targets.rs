//! Targets: those seen or written, and those too large for a token.

use model::{EnvironmentUuid, Error, Target};
use platform::{Db, Statement};

use crate::fault::unavailable;
use crate::target_list::{TargetRow, listed_target};

const PUT_TOKEN_TARGET: &str = "INSERT INTO token_target (hash, body, created_ms) VALUES ($1, $2, $3)
    ON CONFLICT (hash) DO NOTHING";

const TOKEN_TARGET: &str = "SELECT body FROM token_target WHERE hash = $1";

/// What the admin API wrote stays: an SDK's registration only says that the target was seen.
const REGISTER: &str =
    "INSERT INTO target (environment_id, identifier, name, attributes, written_by_admin, created_ms, seen_ms)
    VALUES ($1, $2, $3, $4, FALSE, $5, $6)
    ON CONFLICT (environment_id, identifier) DO UPDATE SET seen_ms = excluded.seen_ms,
    name = CASE WHEN target.written_by_admin THEN target.name ELSE excluded.name END,
    attributes = CASE WHEN target.written_by_admin THEN target.attributes ELSE excluded.attributes END";

/// The same for a target that is listed; one that is not stays so.
const SEE: &str = "UPDATE target SET seen_ms = $1,
    name = CASE WHEN written_by_admin THEN name ELSE $2 END,
    attributes = CASE WHEN written_by_admin THEN attributes ELSE $3 END
    WHERE environment_id = $4 AND identifier = $5";

/// What is brought along replaces what is there; its own time of creation stays.
const BRING: &str =
    "INSERT INTO target (environment_id, identifier, name, attributes, written_by_admin, created_ms, seen_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (environment_id, identifier) DO UPDATE SET name = excluded.name,
    attributes = excluded.attributes, written_by_admin = excluded.written_by_admin";

const REGISTERED: &str = "SELECT count(*) FROM target WHERE environment_id = $1";

/// Keeps the JSON of a target under its hash. Repeating it does no harm.
///
/// # Errors
/// `Unavailable`.
pub async fn put_token_target(db: &dyn Db, hash: &str, body: &str, now_ms: i64) -> Result<(), Error> {
    let put = Statement::new(PUT_TOKEN_TARGET).bind(hash).bind(body).bind(now_ms);
    db.batch(vec![put]).await.map_err(unavailable)?;
    Ok(())
}

/// The JSON of a target that was kept under its hash.
///
/// # Errors
/// `Unavailable`.
pub async fn token_target(db: &dyn Db, hash: &str) -> Result<Option<String>, Error> {
    let rows = db.query(Statement::new(TOKEN_TARGET).bind(hash)).await.map_err(unavailable)?;
    rows.first().map(|row| row.text(0).map(str::to_owned)).transpose().map_err(unavailable)
}

/// Notes that an SDK has seen a target.
///
/// # Errors
/// `Internal` if its attributes cannot be written as JSON.
pub fn register_target(
    environment: &EnvironmentUuid,
    target: &Target,
    now_ms: i64,
) -> Result<Statement, Error> {
    let attributes = serde_json::to_string(&target.attributes).map_err(Error::internal)?;
    Ok(Statement::new(REGISTER)
        .bind(environment.as_str())
        .bind(&*target.identifier)
        .bind(&*target.name)
        .bind(attributes)
        .bind(now_ms)
        .bind(now_ms))
}

/// The same where there is no room for another target: only one that is listed is noted.
///
/// # Errors
/// As [`register_target`].
pub fn see_target(environment: &EnvironmentUuid, target: &Target, now_ms: i64) -> Result<Statement, Error> {
    let attributes = serde_json::to_string(&target.attributes).map_err(Error::internal)?;
    Ok(Statement::new(SEE)
        .bind(now_ms)
        .bind(&*target.name)
        .bind(attributes)
        .bind(environment.as_str())
        .bind(&*target.identifier))
}

/// Lists a target that is brought along from elsewhere, with the time at which it became known there.
///
/// # Errors
/// `Internal` if its attributes cannot be written as JSON.
pub fn bring_target(environment: &EnvironmentUuid, row: &TargetRow, now_ms: i64) -> Result<Statement, Error> {
    let attributes = serde_json::to_string(&row.target.attributes).map_err(Error::internal)?;
    Ok(Statement::new(BRING)
        .bind(environment.as_str())
        .bind(&*row.target.identifier)
        .bind(&*row.target.name)
        .bind(attributes)
        .bind(row.written_by_admin)
        .bind(if row.created_ms > 0 { row.created_ms } else { now_ms })
        .bind(now_ms)
        .expect_rows(1))
}

/// The target of that identifier, if the environment knows it.
///
/// # Errors
/// `Unavailable`.
pub async fn target(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    identifier: &str,
) -> Result<Option<Target>, Error> {
    Ok(listed_target(db, environment, identifier).await?.map(|row| row.target))
}

/// How many targets are known in the environment.
///
/// # Errors
/// `Unavailable`.
pub async fn registered_targets(db: &dyn Db, environment: &EnvironmentUuid) -> Result<i64, Error> {
    let rows = db.query(Statement::new(REGISTERED).bind(environment.as_str())).await.map_err(unavailable)?;
    rows.first().map_or(Ok(0), |row| row.int(0)).map_err(unavailable)
}
