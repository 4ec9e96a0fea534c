//! The few statements that cannot be the same text on both databases.

use platform::{Dialect, Statement};

/// The statement for the database at hand.
pub(crate) fn per_dialect(dialect: Dialect, postgres: &'static str, sqlite: &'static str) -> Statement {
    Statement::new(match dialect {
        Dialect::Postgres => postgres,
        Dialect::Sqlite => sqlite,
    })
}
