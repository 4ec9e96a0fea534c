//! Batches that wait together are committed together, and do not suffer for each other.

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::poll;
use platform::{Db, DbError, Statement};
use platform_native::{Options, Sqlite};

use crate::fixture::{Intruder, database, database_with, insert, numbers, options, until};

type Outcome = Result<Vec<u64>, DbError>;
type Waiting<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Queues the batches while an intruder keeps the writer from going on: it holds the first, which makes a
/// group of its own, and the others wait.
async fn queue<'a>(db: &'a Sqlite, batches: Vec<Vec<Statement>>) -> Vec<Waiting<'a>> {
    let mut waiting: Vec<Waiting<'a>> = Vec::new();
    for batch in batches {
        let mut batch = db.batch(batch);
        assert!(poll!(&mut batch).is_pending());
        waiting.push(batch);
        if waiting.len() == 1 {
            until("the writer has the first batch", || db.counters().waiting == 0).await;
        }
    }
    assert_eq!(db.counters().waiting, waiting.len() - 1);
    waiting
}

#[tokio::test]
async fn batches_that_wait_share_one_commit() {
    let (_folder, file, db) = database().await;
    let intruder = Intruder::lock(&file);
    let waiting = queue(&db, (0..50).map(|number| vec![insert(number)]).collect()).await;
    drop(intruder);

    let outcomes = join_all(waiting).await;

    assert!(outcomes.iter().all(|outcome| *outcome == Ok(vec![1])), "{outcomes:?}");
    let counters = db.counters();
    assert_eq!((counters.commits, counters.batches, counters.waiting), (2, 50, 0));
    assert_eq!(numbers(&db).await, Vec::from_iter(0..50));
}

#[tokio::test]
async fn a_failing_batch_undoes_only_itself() {
    let (_folder, file, db) = database().await;
    let intruder = Intruder::lock(&file);
    let nothing = Statement::new("DELETE FROM entry WHERE number = 99").expect_rows(1);
    let batches = vec![
        vec![insert(0)],
        vec![insert(1), insert(2)],
        vec![insert(3), insert(1)],
        vec![insert(4), nothing],
        vec![insert(5), Statement::new("SELEC 1")],
        vec![insert(6)],
    ];
    let waiting = queue(&db, batches).await;
    drop(intruder);

    let outcomes = join_all(waiting).await;

    let [first, good, duplicate, unmet, broken, last] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((first, good, last), (&Ok(vec![1]), &Ok(vec![1, 1]), &Ok(vec![1])));
    assert_eq!(*duplicate, Err(DbError::Duplicate("entry.number".into())));
    assert_eq!(*unmet, Err(DbError::Expectation { index: 1, found: 0 }));
    assert!(matches!(broken, Err(DbError::Invalid(_))), "{broken:?}");
    assert_eq!(db.counters().commits, 2);
    assert_eq!(numbers(&db).await, [0, 1, 2, 6]);
}

/// `OR ROLLBACK` makes SQLite end the whole transaction at the statement, a deferred constraint makes it
/// refuse the COMMIT.
#[tokio::test]
async fn a_batch_that_ends_the_transaction_undoes_only_itself() {
    let (_folder, file, db) = database().await;
    db.execute_script(
        "CREATE TABLE child (entry BIGINT REFERENCES entry (number) DEFERRABLE INITIALLY DEFERRED)",
    )
    .await
    .unwrap();
    let intruder = Intruder::lock(&file);
    let batches = vec![
        vec![insert(0)],
        vec![insert(1)],
        vec![insert(2), Statement::new("INSERT OR ROLLBACK INTO entry (number) VALUES (2)")],
        vec![insert(3), Statement::new("INSERT INTO child (entry) VALUES (99)")],
        vec![insert(4)],
    ];
    let waiting = queue(&db, batches).await;
    drop(intruder);

    let outcomes = join_all(waiting).await;

    let [_, before, rollback, deferred, after] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((before, after), (&Ok(vec![1]), &Ok(vec![1])));
    assert_eq!(*rollback, Err(DbError::Duplicate("entry.number".into())));
    assert_eq!(*deferred, Err(DbError::Invalid("FOREIGN KEY constraint failed".into())));
    assert_eq!(numbers(&db).await, [0, 1, 4]);
}

#[tokio::test]
async fn a_batch_without_space_undoes_only_itself() {
    let (_folder, file, db) = database().await;
    db.execute_script("PRAGMA max_page_count = 20").await.unwrap();
    let large = Statement::new("INSERT INTO entry (number, ballast) VALUES (2, $1)").bind(vec![7; 200_000]);
    let intruder = Intruder::lock(&file);
    let waiting = queue(&db, vec![vec![insert(0)], vec![insert(1)], vec![large], vec![insert(3)]]).await;
    drop(intruder);

    let outcomes = join_all(waiting).await;

    let [_, before, large, after] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert!(matches!(large, Err(DbError::Unavailable(_))), "{large:?}");
    assert_eq!((before, after), (&Ok(vec![1]), &Ok(vec![1])));
    assert_eq!(numbers(&db).await, [0, 1, 3]);
}

#[tokio::test]
async fn a_full_queue_is_unavailable_at_once() {
    let (_folder, file, db) = database_with(Options { queue_max: 3, ..options() }).await;
    let intruder = Intruder::lock(&file);
    let waiting = queue(&db, (0..4).map(|number| vec![insert(number)]).collect()).await;

    let refused = db.batch(vec![insert(9)]).await;

    assert!(
        matches!(&refused, Err(DbError::Unavailable(text)) if text.contains("3 jobs wait")),
        "{refused:?}"
    );
    drop(intruder);
    assert!(join_all(waiting).await.iter().all(Result::is_ok));
    assert_eq!(numbers(&db).await, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_batch_whose_caller_left_before_its_turn_is_not_made() {
    let (_folder, file, db) = database().await;
    let intruder = Intruder::lock(&file);
    let mut waiting = queue(&db, (0..3).map(|number| vec![insert(number)]).collect()).await;
    drop(waiting.remove(1));
    drop(intruder);

    join_all(waiting).await;

    assert_eq!(numbers(&db).await, [0, 2]);
}

#[tokio::test]
async fn a_program_that_keeps_the_file_locked_makes_writes_unavailable_and_reads_go_on() {
    let (_folder, file, db) =
        database_with(Options { busy_timeout: Duration::from_millis(20), ..options() }).await;
    let intruder = Intruder::lock(&file);

    let refused = db.batch(vec![insert(1)]).await;
    let script = db.execute_script("INSERT INTO entry (number) VALUES (2)").await;

    for outcome in [refused.map(drop), script] {
        let Err(DbError::Unavailable(text)) = outcome else { panic!("{outcome:?}") };
        assert!(text.starts_with(&format!("{} is locked by another program", file.display())), "{text}");
    }
    assert!(numbers(&db).await.is_empty());
    drop(intruder);
    assert_eq!(db.batch(vec![insert(3)]).await, Ok(vec![1]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_see_every_batch_that_was_answered_before() {
    const TASKS: i64 = 16;
    const ROUNDS: i64 = 40;
    let (_folder, _, db) = database().await;

    let task = |task: i64| {
        let db = &db;
        async move {
            for number in (task * ROUNDS)..((task + 1) * ROUNDS) {
                db.batch(vec![insert(number)]).await.unwrap();
                let find = Statement::new("SELECT number FROM entry WHERE number = $1").bind(number);
                assert_eq!(db.query(find).await.unwrap().len(), 1, "{number} was answered and is not seen");
            }
        }
    };
    join_all((0..TASKS).map(task)).await;

    let counters = db.counters();
    assert_eq!(counters.batches, (TASKS * ROUNDS).unsigned_abs());
    assert!(counters.commits < counters.batches, "{counters:?}");
}
