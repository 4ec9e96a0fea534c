//! Which schema a database has, and bringing it up to this program's.

use model::Error;
use platform::{Db, DbError, Dialect, Statement};

use crate::dialect::per_dialect;
use crate::fault::unavailable;

/// The schema version that this program writes.
pub const SCHEMA_VERSION: i64 = 2;

/// One step of the schema, as SQL for each database.
struct Migration {
    version: i64,
    /// The oldest program version that can still work with the database afterwards.
    min_reader: i64,
    postgres: &'static str,
    sqlite: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        min_reader: 1,
        postgres: include_str!("../migrations/postgres/0001_model.sql"),
        sqlite: include_str!("../migrations/sqlite/0001_model.sql"),
    },
    Migration {
        version: 2,
        min_reader: 2,
        postgres: include_str!("../migrations/postgres/0002_counts.sql"),
        sqlite: include_str!("../migrations/sqlite/0002_counts.sql"),
    },
];

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL PRIMARY KEY, min_reader BIGINT NOT NULL)";

const TABLES_POSTGRES: &str = "SELECT count(*) FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_name = 'schema_version'";
const TABLES_SQLITE: &str =
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'";

const NEWEST: &str = "SELECT version, min_reader FROM schema_version ORDER BY version DESC LIMIT 1";

const RECORD: &str = "INSERT INTO schema_version (version, min_reader) VALUES ($1, $2)";

/// Applies the migrations that the database lacks, all or nothing. Returns the versions applied.
///
/// # Errors
/// `DbError::Schema` if the database is newer than this program can work with.
pub async fn migrate(db: &dyn Db) -> Result<Vec<i64>, DbError> {
    let (found, min_reader) = found(db).await?;
    refuse_newer(found, min_reader)?;
    let mut applied = Vec::new();
    let mut statements = vec![Statement::new(CREATE_TABLE)];
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > found) {
        let text = match db.dialect() {
            Dialect::Postgres => migration.postgres,
            Dialect::Sqlite => migration.sqlite,
        };
        statements.extend(split(text).map(Statement::new));
        statements.push(Statement::new(RECORD).bind(migration.version).bind(migration.min_reader));
        applied.push(migration.version);
    }
    if !applied.is_empty() {
        db.batch(statements).await?;
    }
    Ok(applied)
}

/// Checks that this program can work with the database as it is.
///
/// # Errors
/// `Unavailable`, saying what to run, if the database is too old or too new.
pub async fn check_schema(db: &dyn Db) -> Result<(), Error> {
    let (found, min_reader) = found(db).await.map_err(unavailable)?;
    refuse_newer(found, min_reader).map_err(unavailable)?;
    if found < SCHEMA_VERSION {
        let text = format!(
            "the database has schema {found}, this program needs {SCHEMA_VERSION}: run `burgee migrate`"
        );
        return Err(unavailable(DbError::Schema(text)));
    }
    Ok(())
}

/// The schema version that the database has; 0 before its first migration.
///
/// # Errors
/// `Unavailable`.
pub async fn schema_version(db: &dyn Db) -> Result<i64, Error> {
    Ok(found(db).await.map_err(unavailable)?.0)
}

/// The newest version and its oldest reader; zeroes before the first migration. Every start of a function waits
/// for this, on Spin every request: whether there is a table at all is asked only where there seems to be none.
async fn found(db: &dyn Db) -> Result<(i64, i64), DbError> {
    let newest = match db.query(Statement::new(NEWEST)).await {
        Ok(newest) => newest,
        Err(DbError::Invalid(_) | DbError::Schema(_)) if !has_table(db).await? => return Ok((0, 0)),
        Err(error) => return Err(error),
    };
    newest.first().map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}

async fn has_table(db: &dyn Db) -> Result<bool, DbError> {
    let tables = db.query(per_dialect(db.dialect(), TABLES_POSTGRES, TABLES_SQLITE)).await?;
    Ok(tables.first().map_or(Ok(0), |row| row.int(0))? > 0)
}

fn refuse_newer(found: i64, min_reader: i64) -> Result<(), DbError> {
    if min_reader <= SCHEMA_VERSION {
        return Ok(());
    }
    Err(DbError::Schema(format!(
        "the database has schema {found}, which needs a newer burgee (this one knows schema {SCHEMA_VERSION}); \
         start that newer version, or restore a backup made before the upgrade"
    )))
}

/// The statements of a migration: they end with `;` at the end of a line.
fn split(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_splits_into_its_statements() {
        let statements: Vec<_> =
            split("-- why\nCREATE TABLE a (b TEXT);\n\nCREATE INDEX c ON a (b);\n").collect();

        assert_eq!(statements, ["-- why\nCREATE TABLE a (b TEXT)", "CREATE INDEX c ON a (b)"]);
    }

    const VERBS: [&str; 4] = ["CREATE", "INSERT", "DROP", "ALTER"];

    #[test]
    fn every_fragment_of_every_migration_is_a_statement() {
        for migration in MIGRATIONS {
            for statement in split(migration.sqlite).chain(split(migration.postgres)) {
                let code = statement.lines().find(|line| !line.is_empty() && !line.starts_with("--"));
                let verb = code.and_then(|line| line.split(' ').next());
                assert!(verb.is_some_and(|verb| VERBS.contains(&verb)), "{statement}");
            }
        }
    }

    #[test]
    fn a_database_of_the_future_is_refused_with_advice() {
        let error = refuse_newer(9, 9).unwrap_err();

        assert!(error.to_string().contains("needs a newer burgee"), "{error}");
        assert!(refuse_newer(9, SCHEMA_VERSION).is_ok());
    }
}
