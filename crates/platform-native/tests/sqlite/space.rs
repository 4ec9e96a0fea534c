//! A disk without space: said clearly, nothing lost, and no restart needed.

use std::fs;
use std::process::Command;

use platform::{Db, DbError, Statement};
use platform_native::Sqlite;

use crate::fixture::{
    ENTRY_TABLE, child_folder, child_under, child_with_mount, database, insert, numbers, options,
};

const BALLAST_BYTES: usize = 100_000;

/// More than SQLite keeps in memory, so that the disk is full before the commit.
const TOO_MANY: i64 = 120;

fn heavy(number: i64) -> Statement {
    Statement::new("INSERT INTO entry (number, ballast) VALUES ($1, $2)")
        .bind(number)
        .bind(vec![7_u8; BALLAST_BYTES])
}

/// Writes until there is no space, checks what is said and what is there, makes space and goes on.
async fn fill_up_and_recover(db: &Sqlite, make_space: impl AsyncFnOnce()) {
    let mut made = 0;
    let error = loop {
        match db.batch(vec![heavy(made), heavy(made + 1)]).await {
            Ok(_) => made += 2,
            Err(error) => break error,
        }
        assert!(made < 10_000, "the space never ended");
    };

    let DbError::Unavailable(text) = &error else { panic!("{error:?}") };
    assert!(text.contains("burgee.db has no more space"), "{text}");
    assert_eq!(numbers(db).await, Vec::from_iter(0..made));
    make_space().await;
    assert_eq!(db.batch(vec![heavy(made), insert(made + 1)]).await, Ok(vec![1, 1]));
    let too_large = db.batch((made + 2..made + 2 + TOO_MANY).map(heavy).collect()).await;
    assert!(matches!(too_large, Err(DbError::Unavailable(_))), "{too_large:?}");
    assert_eq!(db.batch(vec![insert(made + 2)]).await, Ok(vec![1]));
    assert_eq!(numbers(db).await, Vec::from_iter(0..made + 3));
}

#[tokio::test]
async fn a_database_at_its_largest_size_is_unavailable_until_it_may_grow() {
    let (_folder, _, db) = database().await;
    db.execute_script("PRAGMA max_page_count = 200").await.unwrap();

    fill_up_and_recover(&db, async || db.execute_script("PRAGMA max_page_count = 400").await.unwrap()).await;
}

#[test]
fn a_full_disk_is_unavailable_until_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=8m none .";
    let Some(mut child) = child_with_mount("space::child_fills_its_disk", folder.path(), mount) else {
        eprintln!("not run: this user may not mount");
        return;
    };

    let output = child.output().unwrap();

    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn child_fills_its_disk() {
    let Some(folder) = child_folder() else { return };
    let other_file = folder.join("something-large");
    fs::write(&other_file, vec![0; 2 << 20]).unwrap();
    let db = Sqlite::open(&folder.join("burgee.db"), options()).unwrap();
    db.execute_script(ENTRY_TABLE).await.unwrap();

    fill_up_and_recover(&db, async || fs::remove_file(&other_file).unwrap()).await;
}

/// A limit on the size of files makes the write-ahead log fail as a broken disk does: in the commit, and
/// not for want of space.
#[tokio::test]
async fn a_disk_that_fails_in_a_commit_leaves_the_outcome_open() {
    let (folder, _, db) = database().await;
    drop(db);
    let mut limited = Command::new("sh");
    // The signal that comes with the limit must be ignored, or it ends the process.
    limited.args(["-c", "trap '' XFSZ; ulimit -f 600; exec \"$@\"", "sh"]);
    let mut child = child_under(limited, "space::child_meets_the_limit", folder.path());

    let output = child.output().unwrap();

    assert!(output.status.success(), "{output:?}");
    let db = Sqlite::open(&folder.path().join("burgee.db"), options()).unwrap();
    let told = fs::read_to_string(folder.path().join("acknowledged")).unwrap();
    let found = numbers(&db).await;
    let acknowledged: i64 = told.parse().unwrap();
    assert!(found.starts_with(&Vec::from_iter(0..acknowledged)), "{acknowledged}: {found:?}");
    assert_eq!(db.batch(vec![insert(1_000_000)]).await, Ok(vec![1]));
}

#[tokio::test]
async fn child_meets_the_limit() {
    let Some(folder) = child_folder() else { return };
    let db = Sqlite::open(&folder.join("burgee.db"), options()).unwrap();
    let mut made = 0;

    let error = loop {
        match db.batch(vec![insert(made)]).await {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
        assert!(made < 10_000, "the limit never came");
    };

    let DbError::OutcomeUnknown(text) = &error else { panic!("{error:?}") };
    assert!(text.contains("burgee.db cannot be read or written"), "{text}");
    assert_eq!(numbers(&db).await, Vec::from_iter(0..made));
    fs::write(folder.join("acknowledged"), made.to_string()).unwrap();
}
