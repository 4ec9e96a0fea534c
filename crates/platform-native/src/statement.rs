//! What both databases demand of a statement before they run it.

use platform::{DbError, Statement, Value};

/// Refuses what would mean something else on one database than on the other, or harm somebody else's batch.
pub(crate) fn check(statement: &Statement) -> Result<(), DbError> {
    refuse_transaction_control(statement.sql)?;
    if statement.values.iter().any(|value| matches!(value, Value::Real(real) if real.is_nan())) {
        // SQLite would store NULL.
        return Err(DbError::Invalid("a value is not a number (NaN)".to_owned()));
    }
    Ok(())
}

/// A statement that ended the transaction would commit half of somebody else's batch.
fn refuse_transaction_control(sql: &str) -> Result<(), DbError> {
    let word = verb(sql);
    let steers = ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"];
    if steers.iter().any(|other| other.eq_ignore_ascii_case(word)) {
        return Err(DbError::Invalid(format!("{word} is not for callers: a batch is a transaction")));
    }
    Ok(())
}

/// The first word after comments.
pub(crate) fn verb(sql: &str) -> &str {
    let mut text = sql.trim_start();
    while text.starts_with("--") {
        text = text.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    text.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default()
}

/// Names the statement that a defect is in; it is a constant and holds no data.
pub(crate) fn about(statement: &Statement, error: DbError) -> DbError {
    match error {
        DbError::Invalid(text) => DbError::Invalid(format!("{text} in {:?}", statement.sql)),
        other => other,
    }
}
