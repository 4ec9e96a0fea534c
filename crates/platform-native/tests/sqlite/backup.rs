//! A backup of a running database is a whole database.

use std::sync::atomic::{AtomicBool, Ordering};

use platform::Db;
use platform_native::Sqlite;

use crate::fixture::{ENTRY_TABLE, database, insert, numbers, options};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_taken_while_others_write_holds_whole_batches() {
    let (_folder, _, db) = database().await;
    let target = tempfile::tempdir().unwrap();
    let copy = target.path().join("burgee.db");
    let done = AtomicBool::new(false);

    let write = async {
        let mut next = 0;
        while !done.load(Ordering::Relaxed) || next < 200 {
            db.batch((next..next + 10).map(insert).collect()).await.unwrap();
            next += 10;
        }
    };
    let back_up = async {
        db.batch((-10..0).map(insert).collect()).await.unwrap();
        let outcome = db.backup_to(&copy).await;
        done.store(true, Ordering::Relaxed);
        outcome.unwrap();
    };
    tokio::join!(write, back_up);

    let copied = numbers(&Sqlite::open(&copy, options()).unwrap()).await;
    assert!(copied.starts_with(&Vec::from_iter(-10..0)), "{copied:?}");
    assert!(copied.len().is_multiple_of(10) && copied.is_sorted(), "{copied:?}");
}

#[tokio::test]
async fn a_backup_never_overwrites_and_a_failed_one_leaves_nothing() {
    let (folder, file, db) = database().await;
    let nowhere = folder.path().join("nowhere").join("copy.db");

    let existing = db.backup_to(&file).await.unwrap_err();
    let missing = db.backup_to(&nowhere).await.unwrap_err();

    let expected =
        format!("no backup at {}: a file with that name exists; choose another name", file.display());
    assert_eq!(existing.to_string(), expected);
    assert!(missing.to_string().starts_with(&format!("no backup at {}: ", nowhere.display())), "{missing}");
    assert_eq!(numbers(&db).await, Vec::<i64>::new());
}

#[tokio::test]
async fn a_database_in_memory_can_be_kept_by_a_backup() {
    let db = Sqlite::in_memory().unwrap();
    let target = tempfile::tempdir().unwrap();
    let copy = target.path().join("copy.db");
    db.execute_script(ENTRY_TABLE).await.unwrap();
    db.batch(vec![insert(1)]).await.unwrap();

    db.backup_to(&copy).await.unwrap();

    assert_eq!(numbers(&Sqlite::open(&copy, options()).unwrap()).await, [1]);
}
