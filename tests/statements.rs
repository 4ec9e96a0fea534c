//! Every SQL statement of the store prepares on both databases, after that database's own migrations.
#![cfg(test)]

use std::fs;

use rusqlite::Connection;
use tests::postgres::Postgres;
use tests::repository::{root, sources};
use tests::sql::{placeholders, sql_in};
use tokio_postgres::NoTls;

/// A statement with the place to look at when it is refused.
struct Statement {
    place: String,
    text: String,
}

#[derive(Clone, Copy)]
enum Database {
    Postgres,
    Sqlite,
}

#[test]
fn every_statement_prepares_on_sqlite() {
    let database = Connection::open_in_memory().unwrap();
    for migration in migrations(Database::Sqlite) {
        database.execute_batch(&migration).unwrap();
    }

    let refused = statements(Database::Sqlite).into_iter().filter_map(|Statement { place, text }| {
        let error = database.prepare(&text).err()?;
        Some(format!("{place}: {error}"))
    });

    assert_eq!(refused.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_statement_prepares_on_postgres() {
    let postgres = Postgres::start();

    let refused: Vec<String> = on_postgres(&postgres, async |database| {
        for migration in migrations(Database::Postgres) {
            database.batch_execute(&migration).await.unwrap();
        }
        let mut refused = Vec::new();
        for Statement { place, text } in statements(Database::Postgres) {
            if let Err(error) = database.prepare(&text).await {
                let reason = error.as_db_error().map_or_else(|| error.to_string(), |error| error.to_string());
                refused.push(format!("{place}: {reason}"));
            }
        }
        refused
    });

    assert_eq!(refused, [""; 0]);
}

/// `SQLite` numbers named parameters by first use, so any other order would bind the wrong values there.
#[test]
fn placeholders_first_appear_in_ascending_order() {
    let found = both().filter_map(|Statement { place, text }| {
        let numbers = placeholders(&text);
        let ascending = numbers.iter().zip(1..).all(|(number, expected)| *number == expected);
        (!ascending).then(|| format!("{place}: {numbers:?}"))
    });

    assert_eq!(found.collect::<Vec<_>>(), [""; 0]);
}

/// Keeps the other tests honest: text must be compared byte by byte because the store says so, not
/// because the database happens to be made that way.
#[test]
fn the_test_database_does_not_sort_by_bytes() {
    let postgres = Postgres::start();

    let a_before_b: bool = on_postgres(&postgres, async |database| {
        database.query_one("SELECT 'a' < 'B'", &[]).await.unwrap().get(0)
    });

    assert!(a_before_b);
}

/// The statements for one database: named `…_POSTGRES` or `…_SQLITE` where they differ.
fn statements(database: Database) -> Vec<Statement> {
    let other = match database {
        Database::Postgres => "_SQLITE",
        Database::Sqlite => "_POSTGRES",
    };
    both().filter(|statement| !statement.place.ends_with(other)).collect()
}

fn both() -> impl Iterator<Item = Statement> {
    let files = sources().into_iter().filter(|source| source.path.starts_with("crates/store/src/"));
    let rust = files.filter(|source| source.extension() == "rs");
    let found: Vec<_> = rust
        .flat_map(|source| {
            let constants = sql_in(&source).into_iter();
            constants.map(move |sql| Statement {
                place: format!("{} {}", source.path, sql.constant.unwrap_or_default()),
                text: sql.text,
            })
        })
        .collect();
    assert!(found.len() > 20, "only {} statements were found in crates/store/src", found.len());
    found.into_iter()
}

/// The schema in order: the store's own table of versions, then the migrations.
fn migrations(database: Database) -> Vec<String> {
    let folder = root().join("crates/store/migrations").join(match database {
        Database::Postgres => "postgres",
        Database::Sqlite => "sqlite",
    });
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let versions = both().map(|statement| statement.text).filter(|text| text.starts_with("CREATE TABLE"));
    versions.chain(files.iter().map(|file| fs::read_to_string(file).unwrap())).collect()
}

fn on_postgres<T>(postgres: &Postgres, work: impl AsyncFnOnce(tokio_postgres::Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&postgres.default_url(), NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let answer = work(client).await;
        connection.await.unwrap().unwrap();
        answer
    })
}
