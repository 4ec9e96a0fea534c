//! What goes in comes out, and what could be misunderstood is refused.

use platform::{Db, DbError, Statement, Value};
use platform_native::Sqlite;

use crate::fixture::{database, value};

const TABLE: &str = "CREATE TABLE everything (
    id BIGINT PRIMARY KEY, bool BOOLEAN, int BIGINT, real DOUBLE PRECISION, text TEXT, bytes BYTEA)";

const INSERT: &str =
    "INSERT INTO everything (id, bool, int, real, text, bytes) VALUES ($1, $2, $3, $4, $5, $6)";

async fn round_trip(values: [Value; 5]) -> Vec<Value> {
    let (_folder, _, db) = database().await;
    db.execute_script(TABLE).await.unwrap();
    let [bool, int, real, text, bytes] = values;
    let insert =
        Statement { sql: INSERT, values: vec![Value::Int(1), bool, int, real, text, bytes], expect: Some(1) };
    db.batch(vec![insert]).await.unwrap();
    let rows = db.query(Statement::new("SELECT bool, int, real, text, bytes FROM everything")).await.unwrap();
    rows.into_iter().next().unwrap().0
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[tokio::test]
async fn every_type_comes_back_as_it_went_in() {
    let extremes = [
        [Value::Bool(true), Value::Int(i64::MIN), Value::Real(f64::MAX), text(""), Value::Bytes(vec![])],
        [
            Value::Bool(false),
            Value::Int(i64::MAX),
            Value::Real(-0.1),
            text("a\0b"),
            Value::Bytes(vec![0, 255, 0]),
        ],
        [
            Value::Bool(true),
            Value::Int(0),
            Value::Real(2.0),
            text("Straße 🚩"),
            Value::Bytes(vec![0; 1 << 20]),
        ],
        [Value::Null, Value::Null, Value::Null, Value::Null, Value::Null],
    ];

    for values in extremes {
        let mut expected = values.to_vec();
        if let Value::Bool(bool) = values[0] {
            expected[0] = Value::Int(i64::from(bool));
        }

        assert_eq!(round_trip(values).await, expected);
    }
}

#[tokio::test]
async fn a_placeholder_used_again_is_the_same_value() {
    let db = Sqlite::in_memory().unwrap();

    let found = value(&db, Statement::new("SELECT $1 || $2 || $1 || $3").bind("a").bind("b").bind("c")).await;

    assert_eq!(found, text("abac"));
}

#[tokio::test]
async fn placeholders_that_sqlite_would_bind_wrongly_are_refused() {
    let (_folder, _, db) = database().await;
    let wrong = [
        Statement::new("SELECT $2 || $1").bind("a").bind("b"),
        Statement::new("SELECT $1 || $3").bind("a").bind("b"),
        Statement::new("SELECT ?").bind("a"),
        Statement::new("SELECT :name").bind("a"),
        Statement::new("SELECT $1 || $2").bind("a"),
        Statement::new("SELECT $1").bind("a").bind("b"),
        Statement::new("SELECT 1").bind("a"),
    ];

    for statement in wrong {
        let sql = statement.sql;
        for outcome in
            [db.query(statement.clone()).await.map(drop), db.batch(vec![statement]).await.map(drop)]
        {
            let error = outcome.unwrap_err();
            assert!(matches!(&error, DbError::Invalid(text) if text.contains(sql)), "{sql}: {error:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_one_complete_statement_is_refused() {
    let (_folder, _, db) = database().await;
    let wrong = [
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "SELECT number FROM nowhere",
        "SELECT \"misspelt\" FROM entry",
        "BEGIN",
        " commit",
        "ROLLBACK TO batch",
        "release batch",
        "-- why\n  -- and how\nEND",
    ];

    for sql in wrong {
        for outcome in [
            db.query(Statement::new(sql)).await.map(drop),
            db.batch(vec![Statement::new(sql)]).await.map(drop),
        ] {
            assert!(matches!(outcome, Err(DbError::Invalid(_))), "{sql}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_number_that_is_none_is_refused_and_not_stored_as_nothing() {
    let db = Sqlite::in_memory().unwrap();

    let outcome = db.query(Statement::new("SELECT $1").bind(f64::NAN)).await;

    assert!(matches!(outcome, Err(DbError::Invalid(_))), "{outcome:?}");
}

#[tokio::test]
async fn text_that_is_not_utf8_is_an_error_not_a_replacement() {
    let db = Sqlite::in_memory().unwrap();

    let outcome = db.query(Statement::new("SELECT CAST($1 AS TEXT)").bind(vec![0xff, 0xfe])).await;

    assert!(matches!(outcome, Err(DbError::Invalid(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_query_that_writes_is_durable_and_returns_its_rows() {
    let (_folder, _, db) = database().await;

    let insert =
        Statement::new("INSERT INTO entry (number) VALUES ($1), ($2) RETURNING number").bind(7).bind(8);
    let rows = db.query(insert).await.unwrap();

    let numbers: Vec<i64> = rows.iter().map(|row| row.int(0).unwrap()).collect();
    assert_eq!(numbers, [7, 8]);
    assert_eq!(crate::fixture::numbers(&db).await, [7, 8]);
}
