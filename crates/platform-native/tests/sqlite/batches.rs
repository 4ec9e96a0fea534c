//! A batch is all or nothing, and says what each statement did.

use platform::{Db, DbError, Statement};
use platform_native::Sqlite;

use crate::fixture::{database, insert, numbers};

#[tokio::test]
async fn counts_are_those_of_each_statement() {
    let (_folder, _, db) = database().await;

    let affected = db
        .batch(vec![
            Statement::new("INSERT INTO entry (number) VALUES (1), (2), (3)"),
            Statement::new("CREATE TABLE other (number BIGINT)"),
            Statement::new("UPDATE entry SET ballast = NULL WHERE number > 1 RETURNING number"),
            Statement::new("UPDATE entry SET ballast = NULL WHERE number > 9"),
            Statement::new("INSERT INTO entry (number) VALUES (1) ON CONFLICT DO NOTHING"),
            Statement::new("SELECT number FROM entry WHERE number < 3"),
            Statement::new("DELETE FROM entry"),
        ])
        .await
        .unwrap();

    assert_eq!(affected, [3, 0, 2, 0, 0, 2, 3]);
}

#[tokio::test]
async fn an_empty_batch_does_nothing() {
    let db = Sqlite::in_memory().unwrap();

    assert_eq!(db.batch(vec![]).await.unwrap(), Vec::<u64>::new());
}

#[tokio::test]
async fn an_expectation_that_is_not_met_undoes_the_batch() {
    let (_folder, _, db) = database().await;
    let update = Statement::new("UPDATE entry SET ballast = NULL WHERE number = $1").bind(9).expect_rows(1);

    let outcome = db.batch(vec![insert(1).expect_rows(1), update, insert(2)]).await;

    assert_eq!(outcome, Err(DbError::Expectation { index: 1, found: 0 }));
    assert!(numbers(&db).await.is_empty());
}

#[tokio::test]
async fn a_duplicate_key_undoes_the_batch_and_names_the_columns() {
    let (_folder, _, db) = database().await;
    db.execute_script("CREATE TABLE pair (one TEXT, two TEXT, UNIQUE (one, two))").await.unwrap();
    let pair = || Statement::new("INSERT INTO pair (one, two) VALUES ($1, $2)").bind("a").bind("b");

    let unique = db.batch(vec![insert(1), pair(), pair()]).await;
    let primary = db.batch(vec![insert(2), insert(2)]).await;

    assert_eq!(unique, Err(DbError::Duplicate("pair.one, pair.two".into())));
    assert_eq!(primary, Err(DbError::Duplicate("entry.number".into())));
    assert!(numbers(&db).await.is_empty());
}

#[tokio::test]
async fn foreign_keys_are_enforced() {
    let (_folder, _, db) = database().await;
    db.execute_script("CREATE TABLE child (entry BIGINT REFERENCES entry (number))").await.unwrap();

    let outcome = db.batch(vec![Statement::new("INSERT INTO child (entry) VALUES (1)")]).await;

    let expected = "FOREIGN KEY constraint failed in \"INSERT INTO child (entry) VALUES (1)\"";
    assert_eq!(outcome, Err(DbError::Invalid(expected.into())));
}

#[tokio::test]
async fn a_script_is_all_or_nothing() {
    let (_folder, _, db) = database().await;

    let broken =
        db.execute_script("INSERT INTO entry (number) VALUES (1); INSERT INTO nowhere VALUES (2);").await;
    let ended = db.execute_script("COMMIT; SELECT 1;").await;
    db.execute_script("INSERT INTO entry (number) VALUES (3);\n-- why\nCREATE TABLE more (a TEXT);")
        .await
        .unwrap();

    assert!(matches!(broken, Err(DbError::Invalid(_))), "{broken:?}");
    assert!(matches!(ended, Err(DbError::Invalid(_))), "{ended:?}");
    assert_eq!(numbers(&db).await, [3]);
}

#[tokio::test]
async fn a_database_in_memory_does_the_same() {
    let db = Sqlite::in_memory().unwrap();
    db.execute_script(crate::fixture::ENTRY_TABLE).await.unwrap();

    let made = db.batch(vec![insert(1), insert(2)]).await;
    let undone = db.batch(vec![insert(3), insert(1)]).await;

    assert_eq!(made, Ok(vec![1, 1]));
    assert_eq!(undone, Err(DbError::Duplicate("entry.number".into())));
    assert_eq!(numbers(&db).await, [1, 2]);
}
