//! Postgres behind a pooler that gives every transaction another connection.

use std::sync::Arc;

use platform::{Db, Statement, Value};
use platform_native::{Postgres, on_postgres};
use tests::pgbouncer::PgBouncer;
use tests::postgres::Postgres as Server;
use tests::smoke::{Installation, routers};
use tests::stores::{migrate, open, operate};
use tokio::task::JoinSet;

const TABLE: &str =
    "CREATE TABLE thing (id BIGINT PRIMARY KEY, yes BOOLEAN, real DOUBLE PRECISION, text TEXT, bytes BYTEA)";
const PUT: &str = "INSERT INTO thing (id, yes, real, text, bytes) VALUES ($1, $2, $3, $4, $5)";
const ONE: &str =
    "SELECT id, yes, real, text, bytes FROM thing WHERE id = $1 AND (CAST($2 AS TEXT) IS NULL OR text = $2)";

/// Programs that use the pooler at once; it has two connections to the server.
const CLIENTS: i64 = 6;
const ROUNDS: i64 = 20;

fn behind(pooler: &PgBouncer, name: &str) -> Postgres {
    open(&pooler.url(name)).unprepared()
}

fn row(id: i64) -> Vec<Value> {
    vec![id.into(), (id % 2 == 0).into(), 0.5.into(), format!("thing {id}").into(), vec![0_u8, 255].into()]
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_take_turns_on_its_connections_read_and_write_what_is_theirs() {
    let server = Server::start();
    operate(&server.default_url(), TABLE).await;
    let pooler = PgBouncer::before(&server);
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let db: Arc<dyn Db> = Arc::new(behind(&pooler, "postgres"));
        clients.spawn(async move {
            for round in 0..ROUNDS {
                let id = client * ROUNDS + round;
                let put = Statement { sql: PUT, values: row(id), expect: Some(1) };
                db.batch(vec![put, Statement::new("SELECT $1").bind(Value::Null)]).await.unwrap();
                let taken = Statement { sql: PUT, values: row(id), expect: None };
                db.batch(vec![taken]).await.unwrap_err();
                let found = db.query(Statement::new(ONE).bind(id).bind(Value::Null)).await.unwrap();
                assert_eq!(found.into_iter().map(|row| row.0).collect::<Vec<_>>(), [row(id)]);
            }
        });
    }
    clients.join_all().await;

    let count =
        behind(&pooler, "postgres").query(Statement::new("SELECT count(*) FROM thing")).await.unwrap();
    assert_eq!(count[0].int(0).unwrap(), CLIENTS * ROUNDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_as_it_does_without_a_pooler() {
    let server = Server::start();
    let pooler = PgBouncer::before(&server);
    let mut told = Vec::new();
    for (name, is_pooled) in [("direct", false), ("pooled", true)] {
        operate(&server.default_url(), &format!("CREATE DATABASE {name}")).await;
        migrate(&server.url(name)).await;
        let database = if is_pooled { behind(&pooler, name) } else { open(&server.url(name)) };
        let platform = on_postgres(database);
        let installation = Installation::on(&platform).await;
        let routers = routers(&platform).await;
        let mut answers = Vec::new();
        for (function, asked) in installation.requests() {
            answers.push(asked.of(&routers(function)).await.without_chance());
        }
        told.push(answers);
    }

    for (direct, pooled) in told[0].iter().zip(&told[1]) {
        assert_eq!(pooled, direct);
    }
    assert!(told[0].iter().any(|(status, ..)| *status == 201));
}
