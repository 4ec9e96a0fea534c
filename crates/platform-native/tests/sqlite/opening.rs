//! What keeps a database from being opened is said in one sentence, and what closing leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use platform::{Db, DbError};
use platform_native::{OpenError, Sqlite};

use crate::fixture::{child, child_folder, child_with_mount, database, folder, insert, numbers, options};

#[tokio::test]
async fn a_second_opening_of_the_folder_names_the_process_that_holds_it() {
    let (folder, file, db) = database().await;

    let second = Sqlite::open(&file, options()).err().unwrap();
    let other_file = Sqlite::open(&folder.path().join("other.db"), options()).err().unwrap();

    let expected = format!(
        "data folder {} is used by another burgee process (pid {}); stop that one or choose another folder",
        folder.path().display(),
        std::process::id()
    );
    assert_eq!(second.to_string(), expected);
    assert_eq!(other_file.to_string(), expected);
    drop(db);
    Sqlite::open(&file, options()).unwrap();
}

#[tokio::test]
async fn a_second_process_is_refused_too() {
    let (folder, _, _db) = database().await;

    let output = child("opening::child_is_refused", folder.path()).output().unwrap();

    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn child_is_refused() {
    let Some(folder) = child_folder() else { return };

    let error = Sqlite::open(&folder.join("burgee.db"), options()).err().unwrap();

    let parent = std::os::unix::process::parent_id();
    assert!(error.to_string().contains(&format!("another burgee process (pid {parent})")), "{error}");
}

#[test]
fn a_missing_folder_is_not_made_and_the_sentence_tells_how() {
    let (folder, _) = folder();
    let missing = folder.path().join("nowhere");

    let error = Sqlite::open(&missing.join("burgee.db"), options()).err().unwrap();

    let shown = missing.display();
    assert_eq!(
        error.to_string(),
        format!("data folder {shown} does not exist; create it with: mkdir -p {shown}")
    );
    assert!(!missing.exists());
}

#[test]
fn a_folder_that_is_a_file_cannot_be_used() {
    let (folder, _) = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();

    let error = Sqlite::open(&file.join("burgee.db"), options()).err().unwrap();

    assert!(
        error.to_string().starts_with(&format!("data folder {} cannot be used", file.display())),
        "{error}"
    );
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let (_folder, file) = folder();
    let content = "name,identifier\n".repeat(1000);
    fs::write(&file, &content).unwrap();

    let error = Sqlite::open(&file, options()).err().unwrap();

    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    assert!(error.to_string().starts_with(&file.display().to_string()), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), content);
}

/// The superuser may write every file, so for him the file is put on a read-only mount instead.
#[tokio::test]
async fn a_read_only_file_is_refused() {
    let (folder, file, db) = database().await;
    drop(db);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    let name = "opening::child_finds_its_file_read_only";
    let everything_is_allowed = fs::OpenOptions::new().write(true).open(&file).is_ok();
    let child = if everything_is_allowed {
        let mount = "mount --bind burgee.db burgee.db && mount -o remount,bind,ro burgee.db";
        child_with_mount(name, folder.path(), mount)
    } else {
        Some(child(name, folder.path()))
    };
    let Some(mut child) = child else {
        eprintln!("not run: the superuser of this machine may not mount");
        return;
    };

    let output = child.output().unwrap();

    assert!(output.status.success(), "{output:?}");
}

#[test]
fn child_finds_its_file_read_only() {
    let Some(folder) = child_folder() else { return };
    let file = folder.join("burgee.db");

    let error = Sqlite::open(&file, options()).err().unwrap();

    let expected =
        format!("{} is read-only; make the file and its disk writable for this user", file.display());
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn closing_folds_the_log_into_the_database_which_only_its_owner_may_read() {
    let (folder, file, db) = database().await;
    db.batch(vec![insert(1)]).await.unwrap();
    let log = folder.path().join("burgee.db-wal");
    for path in [&file, &log] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }

    drop(db);

    assert!(!log.exists());
    let connection = rusqlite::Connection::open(&file).unwrap();
    let count: i64 = connection.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_file_that_is_replaced_while_open_takes_no_more_writes() {
    let (folder, file, db) = database().await;
    let aside = folder.path().join("aside.db");
    db.batch(vec![insert(1)]).await.unwrap();

    fs::rename(&file, &aside).unwrap();
    let removed = db.batch(vec![insert(2)]).await;
    fs::write(&file, "").unwrap();
    let replaced = db.batch(vec![insert(3)]).await;
    fs::rename(&aside, &file).unwrap();
    let put_back = db.batch(vec![insert(4)]).await;

    assert!(
        matches!(&removed, Err(DbError::Unavailable(text)) if text.contains("was removed")),
        "{removed:?}"
    );
    assert!(
        matches!(&replaced, Err(DbError::Unavailable(text)) if text.contains("was replaced by another file")),
        "{replaced:?}"
    );
    assert_eq!(put_back, Ok(vec![1]));
    assert_eq!(numbers(&db).await, [1, 4]);
}
