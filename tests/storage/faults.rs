//! The Postgres driver when connections and servers end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::FlagId;
use platform::{Db, DbError, Statement};
use platform_native::{Postgres, embedded_on};
use store::Author;
use tests::postgres::Postgres as Server;
use tests::stores::{database_url, open, operate};
use tests::world::{Put, World};
use tokio::time::timeout;

use super::lossy::{Cut, Lossy};

const TABLE: &str = "CREATE TABLE thing (id BIGINT PRIMARY KEY)";
const COUNT: &str = "SELECT count(*) FROM thing";
const ONE: &str = "INSERT INTO thing (id) VALUES ($1)";
const END: &str = "SELECT pg_terminate_backend(pg_backend_pid())";
const SLEEP: &str = "SELECT pg_sleep(60)";

/// Ends every connection to the database but the operator's own.
const END_ALL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

async fn database() -> (Postgres, String) {
    let url = database_url().await;
    operate(&url, TABLE).await;
    (open(&url), url)
}

fn one(id: i64) -> Statement {
    Statement::new(ONE).bind(id)
}

async fn count(db: &dyn Db) -> i64 {
    db.query(Statement::new(COUNT)).await.unwrap()[0].int(0).unwrap()
}

#[tokio::test]
async fn connections_that_ended_in_the_pool_are_replaced_without_a_word() {
    let (db, url) = database().await;
    for id in 0..10 {
        db.batch(vec![one(id)]).await.unwrap();
        operate(&url, END_ALL).await;
        assert_eq!(count(&db).await, id + 1);
        operate(&url, END_ALL).await;
    }
}

#[tokio::test]
async fn a_batch_whose_connection_is_ended_before_the_commit_leaves_nothing() {
    let (db, _) = database().await;
    for reused in [false, true] {
        let lost = db.batch(vec![one(1), Statement::new(END), one(2)]).await;

        assert!(matches!(lost, Err(DbError::Unavailable(_))), "reused: {reused}, {lost:?}");
        assert_eq!(count(&db).await, 0);
    }
}

#[tokio::test]
async fn whether_a_batch_was_made_whose_connection_ended_at_the_commit_is_not_known() {
    for (cut, expected) in [(Cut::BeforeCommit, 0), (Cut::AfterCommit, 1)] {
        let (_, url) = database().await;
        let lossy = Lossy::before(&url);
        let db = open(&lossy.url(&url));
        assert_eq!(count(&db).await, 0);
        lossy.lose(cut);

        let lost = db.batch(vec![one(1)]).await;

        assert!(matches!(lost, Err(DbError::OutcomeUnknown(_))), "{cut:?}: {lost:?}");
        assert_eq!(count(&db).await, expected, "{cut:?}");
    }
}

#[tokio::test]
async fn a_write_of_a_project_is_made_once_whatever_happens_to_its_commit() {
    for cut in [Cut::BeforeCommit, Cut::AfterCommit] {
        let url = database_url().await;
        let lossy = Lossy::before(&url);
        let world = World::on(embedded_on(Arc::new(open(&lossy.url(&url))))).await;
        let before = world.version().await;
        lossy.lose(cut);

        let put = Put { environment: world.environment.clone(), flag: FlagId::from_wire("a") };
        let written = world.writer.write(&world.project, &Author::default(), &put).await.unwrap();

        assert!(lossy.has_lost());
        assert_eq!((written.answer, world.version().await), (before.next(), before.next()), "{cut:?}");
    }
}

#[tokio::test]
async fn whoever_stops_waiting_leaves_no_open_transaction_behind() {
    let (db, _) = database().await;
    let abandoned = db.batch(vec![one(1), Statement::new(SLEEP)]);
    assert!(timeout(Duration::from_millis(300), abandoned).await.is_err());

    // It would wait for the other transaction, which holds the same key.
    let made = timeout(Duration::from_secs(30), db.batch(vec![one(1)])).await.unwrap();

    assert_eq!(made, Ok(vec![1]));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_on_the_server_too() {
    let (db, url) = database().await;
    let started = Instant::now();

    let (read, batch) =
        tokio::join!(db.query(Statement::new(SLEEP)), db.batch(vec![one(1), Statement::new(SLEEP)]));

    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    for failed in [read.map(drop), batch.map(drop)] {
        let Err(DbError::Unavailable(text)) = failed else { panic!("{failed:?}") };
        assert!(text.contains("look for long transactions in pg_stat_activity"), "{text}");
    }
    assert_eq!(count(&db).await, 0);
    let running = "SELECT count(*) FROM pg_stat_activity WHERE query = $1 AND state = 'active'
        AND datname = current_database()";
    let still = open(&url).query(Statement::new(running).bind(SLEEP)).await.unwrap();
    assert_eq!(still[0].int(0).unwrap(), 0);
}

#[tokio::test]
async fn a_pool_that_is_used_up_says_so_and_is_not_waited_for_long() {
    let url = database_url().await;
    let db = Postgres::new(&url, 1).unwrap();

    let (_, refused) = tokio::join!(
        timeout(Duration::from_secs(5), db.query(Statement::new(SLEEP))),
        db.query(Statement::new("SELECT 1"))
    );

    let Err(DbError::Unavailable(text)) = refused else { panic!("{refused:?}") };
    assert!(text.starts_with("all 1 connections to the database burgee_"), "{text}");
}

#[tokio::test]
async fn a_server_that_is_away_is_one_sentence_and_works_again_when_it_is_back() {
    let mut server = Server::start();
    let url = server.default_url().replace("burgee@", "burgee:secret@");
    let db = open(&url);
    server.stop();

    let away = [db.query(Statement::new(COUNT)).await.map(drop), db.batch(vec![one(1)]).await.map(drop)];
    server.start_again();
    operate(&url, TABLE).await;
    assert_eq!(db.batch(vec![one(1), one(2)]).await, Ok(vec![1, 1]));
    server.restart();
    let after = count(&db).await;

    for away in away {
        let Err(DbError::Unavailable(text)) = away else { panic!("{away:?}") };
        assert!(text.contains("cannot be reached") && text.contains("BURGEE_DATABASE_URL"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    assert_eq!(after, 2);
}

#[tokio::test]
async fn what_the_server_refuses_at_the_door_says_what_to_do() {
    let url = Server::shared().url("no_such_database").replace("burgee@", "burgee:secret@");

    let refused = open(&url).query(Statement::new(COUNT)).await;

    let Err(DbError::Unavailable(text)) = refused else { panic!("{refused:?}") };
    assert!(text.ends_with("create the database or correct BURGEE_DATABASE_URL"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}
