//! What the installation decided for itself.

use model::Error;
use platform::{Db, Statement};

use crate::fault::unavailable;

const READ: &str = "SELECT value FROM setting WHERE name = $1";

const PUT_ONCE: &str = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

const REMOVE: &str = "DELETE FROM setting WHERE name = $1";

/// The value under `name`.
///
/// # Errors
/// `Unavailable`.
pub async fn setting(db: &dyn Db, name: &str) -> Result<Option<String>, Error> {
    let rows = db.query(Statement::new(READ).bind(name)).await.map_err(unavailable)?;
    let value = rows.first().map(|row| row.text(0).map(str::to_owned)).transpose();
    value.map_err(unavailable)
}

/// Keeps `value` under `name` unless one is kept already; returns the one that is kept.
///
/// # Errors
/// `Unavailable`.
pub async fn put_setting_once(db: &dyn Db, name: &str, value: &str) -> Result<String, Error> {
    db.batch(vec![Statement::new(PUT_ONCE).bind(name).bind(value)]).await.map_err(unavailable)?;
    setting(db, name).await?.ok_or_else(|| Error::internal(format!("setting {name} vanished")))
}

/// Forgets what is kept under `name`, if something is.
pub(crate) async fn remove_setting(db: &dyn Db, name: &str) -> Result<(), Error> {
    db.batch(vec![Statement::new(REMOVE).bind(name)]).await.map(drop).map_err(unavailable)
}
