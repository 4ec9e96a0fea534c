//! What was acknowledged is there after `kill -9`.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use futures_util::future::join_all;
use platform::{Db, Row, Statement, Value};
use platform_native::Sqlite;

use crate::fixture::{child, child_folder, folder, options, value};

const ROUNDS: usize = 20;
const WRITERS: i64 = 8;

/// Each batch writes one row into each, so half a batch would be seen.
const TABLES: &str = "
    CREATE TABLE left_half (writer BIGINT, number BIGINT, PRIMARY KEY (writer, number));
    CREATE TABLE right_half (writer BIGINT, number BIGINT, PRIMARY KEY (writer, number));";

const LEFT: &str = "SELECT writer, number FROM left_half ORDER BY writer, number";
const RIGHT: &str = "SELECT writer, number FROM right_half ORDER BY writer, number";

/// A power cut is not tested by this: the system keeps what a killed process has written.
#[tokio::test]
async fn every_acknowledged_batch_survives_kill_9() {
    let (folder, file) = folder();
    let db = Sqlite::open(&file, options()).unwrap();
    db.execute_script(TABLES).await.unwrap();
    drop(db);
    let mut acknowledged = BTreeSet::new();

    for round in 0..ROUNDS {
        // Another number each time, so that the end comes at another place.
        let before = acknowledged.len();
        acknowledged.append(&mut killed_after(folder.path(), 20 + 13 * round));
        assert!(acknowledged.len() >= before + 20);

        let db = Sqlite::open(&file, options()).unwrap();
        let left = pairs(&db, LEFT).await;
        assert_eq!(left, pairs(&db, RIGHT).await, "half a batch, round {round}");
        let lost: Vec<_> = acknowledged.difference(&left).collect();
        assert!(lost.is_empty(), "lost in round {round}: {lost:?}");
        let sound = value(&db, Statement::new("PRAGMA integrity_check")).await;
        assert_eq!(sound, Value::Text("ok".into()), "round {round}");
    }
}

/// Starts a child that writes, kills it after so many acknowledgements, and returns all that it gave.
fn killed_after(folder: &Path, acknowledgements: usize) -> BTreeSet<(i64, i64)> {
    let mut child = child("survival::child_writes_until_it_is_killed", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut acknowledged = BTreeSet::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The last line may have been cut off by the kill.
        let line = line.unwrap();
        if let ["ack", writer, number, "."] = line.split(' ').collect::<Vec<_>>().as_slice() {
            acknowledged.insert((writer.parse().unwrap(), number.parse().unwrap()));
        }
        if acknowledged.len() == acknowledgements {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn child_writes_until_it_is_killed() {
    let Some(folder) = child_folder() else { return };
    let db = Sqlite::open(&folder.join("burgee.db"), options()).unwrap();
    let written = pairs(&db, LEFT).await;
    let next = |writer| written.range((writer, 0)..(writer + 1, 0)).next_back().map_or(0, |last| last.1 + 1);

    let write = |writer: i64| {
        let (db, first) = (&db, next(writer));
        async move {
            for number in first.. {
                let insert = |sql| Statement::new(sql).bind(writer).bind(number).expect_rows(1);
                let left = insert("INSERT INTO left_half (writer, number) VALUES ($1, $2)");
                let right = insert("INSERT INTO right_half (writer, number) VALUES ($1, $2)");
                db.batch(vec![left, right]).await.unwrap();
                io::stdout().write_all(format!("ack {writer} {number} .\n").as_bytes()).unwrap();
            }
        }
    };
    join_all((0..WRITERS).map(write)).await;
}

async fn pairs(db: &Sqlite, sql: &'static str) -> BTreeSet<(i64, i64)> {
    let pair = |row: &Row| (row.int(0).unwrap(), row.int(1).unwrap());
    db.query(Statement::new(sql)).await.unwrap().iter().map(pair).collect()
}
