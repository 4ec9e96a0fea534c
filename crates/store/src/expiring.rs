//! What is going to be refused soon, or is already, because its time is over.

use model::Error;
use platform::{Db, DbError, Row, Statement};

use crate::fault::unavailable;

/// An SDK key or an access token that expires.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expiring {
    /// What it is, for people: `SDK key shop/production/web` or `access token "ci"`.
    pub name: String,
    /// Unix milliseconds.
    pub expires_ms: i64,
}

const KEYS: &str = "SELECT k.expires_ms, p.identifier, e.identifier, k.identifier
    FROM sdk_key k JOIN environment e ON e.id = k.environment_id JOIN project p ON p.id = k.project_id
    WHERE k.expires_ms < $1 ORDER BY k.expires_ms, k.hash";

const TOKENS: &str = "SELECT expires_ms, name FROM admin_token WHERE expires_ms < $1 ORDER BY expires_ms, id";

/// SDK keys and access tokens whose time is over before `before_ms` (Unix milliseconds), keys first.
///
/// # Errors
/// `Unavailable`.
pub async fn expiring(db: &dyn Db, before_ms: i64) -> Result<Vec<Expiring>, Error> {
    let keys = db.query(Statement::new(KEYS).bind(before_ms)).await.map_err(unavailable)?;
    let tokens = db.query(Statement::new(TOKENS).bind(before_ms)).await.map_err(unavailable)?;
    let found = keys.iter().map(key).chain(tokens.iter().map(token));
    found.collect::<Result<_, _>>().map_err(unavailable)
}

fn key(row: &Row) -> Result<Expiring, DbError> {
    let name = format!("SDK key {}/{}/{}", row.text(1)?, row.text(2)?, row.text(3)?);
    Ok(Expiring { name, expires_ms: row.int(0)? })
}

fn token(row: &Row) -> Result<Expiring, DbError> {
    Ok(Expiring { name: format!("access token {:?}", row.text(1)?), expires_ms: row.int(0)? })
}
