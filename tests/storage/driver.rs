//! What the Postgres driver promises of the port, beside what every database does.

use platform::{Db, DbError, Dialect, Statement, Value};
use platform_native::Postgres;
use tests::stores::{database_url, open, operate};

/// A database with one table of every type, and its URL.
async fn database() -> (Postgres, String) {
    let url = database_url().await;
    operate(
        &url,
        "CREATE TABLE thing (id BIGINT PRIMARY KEY, yes BOOLEAN, real DOUBLE PRECISION, text TEXT, bytes BYTEA)",
    )
    .await;
    (open(&url), url)
}

const PUT: &str = "INSERT INTO thing (id, yes, real, text, bytes) VALUES ($1, $2, $3, $4, $5)";
const ALL: &str = "SELECT id, yes, real, text, bytes FROM thing ORDER BY id";
const COUNT: &str = "SELECT count(*) FROM thing";
const ONE: &str = "INSERT INTO thing (id) VALUES ($1)";
const NAME: &str = "UPDATE thing SET text = $1 WHERE id = $2";

async fn count(db: &Postgres) -> i64 {
    db.query(Statement::new(COUNT)).await.unwrap()[0].int(0).unwrap()
}

fn one(id: i64) -> Statement {
    Statement::new(ONE).bind(id)
}

#[tokio::test]
async fn values_of_every_type_come_back_as_they_went_in() {
    let (db, _) = database().await;
    let big = "ä🚩\u{1}".repeat(300_000);
    let rows: Vec<Vec<Value>> = vec![
        vec![1.into(), true.into(), (-0.1).into(), big.into(), vec![0_u8, 255, 39, 92].into()],
        vec![i64::MIN.into(), false.into(), f64::INFINITY.into(), "".into(), Vec::<u8>::new().into()],
        vec![i64::MAX.into(), Value::Null, Value::Null, Value::Null, Value::Null],
    ];
    let put = rows.iter().map(|values| Statement { sql: PUT, values: values.clone(), expect: Some(1) });

    let affected = db.batch(put.collect()).await.unwrap();
    let mut found: Vec<_> =
        db.query(Statement::new(ALL)).await.unwrap().into_iter().map(|row| row.0).collect();

    found.sort_by_key(|row| rows.iter().position(|other| other[0] == row[0]));
    assert_eq!((affected, found), (vec![1, 1, 1], rows));
    assert_eq!(db.dialect(), Dialect::Postgres);
}

#[tokio::test]
async fn a_placeholder_may_be_used_more_than_once() {
    let (db, _) = database().await;
    let twice = "SELECT $1 || '-' || $2 || '-' || $1";

    let rows = db.query(Statement::new(twice).bind("a").bind("b")).await.unwrap();

    assert_eq!(rows[0].text(0).unwrap(), "a-b-a");
}

#[tokio::test]
async fn a_batch_whose_expectation_is_not_met_leaves_nothing() {
    let (db, _) = database().await;
    let unmet = Statement::new(NAME).bind("x").bind(100).expect_rows(1);
    let before: Vec<_> = (0..100).map(one).collect();
    let batch = [before, vec![unmet], vec![one(0), one(0)]].concat();

    let refused = db.batch(batch).await.unwrap_err();

    // What follows would fail too; what is said is the first that went wrong.
    assert_eq!(refused, DbError::Expectation { index: 100, found: 0 });
    assert_eq!(count(&db).await, 0);
    assert_eq!(db.batch(vec![one(1), one(2)]).await, Ok(vec![1, 1]), "the connection is as good as before");
}

#[tokio::test]
async fn what_the_port_does_not_allow_is_a_defect_that_names_the_statement() {
    let (db, _) = database().await;
    let defects = [
        (Statement::new(ONE), "1 placeholders, 0 values"),
        (Statement::new(ONE).bind("secret"), "text was given for a placeholder of type int8"),
        (Statement::new("SELECT nothing FROM thing"), "column \"nothing\" does not exist"),
        (Statement::new("SELECT sum(id) FROM thing"), "a column has type numeric"),
        (Statement::new("  -- why\nCOMMIT"), "COMMIT is not for callers"),
        (Statement::new("SELECT $1").bind(f64::NAN), "not a number"),
    ];
    db.batch(vec![one(1)]).await.unwrap();
    for (statement, expected) in defects {
        for batch in [false, true] {
            if batch && expected.contains("numeric") {
                continue; // A batch reads no rows.
            }
            let failed = match batch {
                true => db.batch(vec![one(2), statement.clone()]).await.map(drop),
                false => db.query(statement.clone()).await.map(drop),
            };

            let Err(DbError::Invalid(text)) = failed else { panic!("{expected}: {failed:?}") };
            assert!(text.contains(expected) && !text.contains("secret"), "{text}");
        }
    }
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn a_taken_key_and_a_missing_table_are_told_apart_from_defects() {
    let (db, _) = database().await;

    let taken = db.batch(vec![one(1), one(1)]).await.unwrap_err();
    let missing = db.query(Statement::new("SELECT 1 FROM elsewhere")).await.unwrap_err();

    assert_eq!(taken, DbError::Duplicate("thing_pkey".to_owned()));
    let DbError::Schema(text) = missing else { panic!("{missing:?}") };
    assert!(text.contains("run `burgee migrate`"), "{text}");
}
