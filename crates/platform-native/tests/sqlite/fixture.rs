//! What every test needs: a database, waiting for a condition, and running this binary again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use platform::{Db, Row, Statement, Value};
use platform_native::{Options, Sqlite};
use tempfile::TempDir;

/// How long a condition may take to come true on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// Names the folder in which a child process shall work; absent in an ordinary run of the tests.
const CHILD_FOLDER: &str = "BURGEE_TEST_CHILD_FOLDER";

/// A table whose rows are numbers and, if need be, ballast.
pub(crate) const ENTRY_TABLE: &str =
    "CREATE TABLE entry (number BIGINT NOT NULL PRIMARY KEY, ballast BYTEA) WITHOUT ROWID";

pub(crate) fn options() -> Options {
    Options::default()
}

/// A folder that is removed with its owner, and the file of a database in it.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("burgee.db");
    (folder, file)
}

/// A database with the table `entry`.
pub(crate) async fn database() -> (TempDir, PathBuf, Sqlite) {
    database_with(options()).await
}

pub(crate) async fn database_with(options: Options) -> (TempDir, PathBuf, Sqlite) {
    let (folder, file) = folder();
    let db = Sqlite::open(&file, options).unwrap();
    db.execute_script(ENTRY_TABLE).await.unwrap();
    (folder, file, db)
}

pub(crate) fn insert(number: i64) -> Statement {
    Statement::new("INSERT INTO entry (number) VALUES ($1)").bind(number)
}

/// All numbers in the table `entry`.
pub(crate) async fn numbers(db: &Sqlite) -> Vec<i64> {
    let rows = db.query(Statement::new("SELECT number FROM entry ORDER BY number")).await.unwrap();
    rows.iter().map(|row| row.int(0).unwrap()).collect()
}

/// The one value of the one row.
pub(crate) async fn value(db: &dyn Db, statement: Statement) -> Value {
    let rows = db.query(statement).await.unwrap();
    let [Row(values)] = rows.as_slice() else { panic!("{rows:?}") };
    let [value] = values.as_slice() else { panic!("{values:?}") };
    value.clone()
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Another program that holds the database's write lock until it is dropped.
pub(crate) struct Intruder(
    #[expect(dead_code, reason = "closing the connection ends the lock")] rusqlite::Connection,
);

impl Intruder {
    pub(crate) fn lock(file: &Path) -> Self {
        let connection = rusqlite::Connection::open(file).unwrap();
        connection.busy_timeout(DEADLINE).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(connection)
    }
}

/// In a child: the folder that its parent gave it.
pub(crate) fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD_FOLDER).map(PathBuf::from)
}

/// A command that runs the one test `name` of this binary as a child that works in `folder`.
pub(crate) fn child(name: &str, folder: &Path) -> Command {
    as_child(Command::new(std::env::current_exe().unwrap()), name, folder)
}

/// The same under a `launcher`, which runs the command that is appended to it.
pub(crate) fn child_under(mut launcher: Command, name: &str, folder: &Path) -> Command {
    launcher.arg(std::env::current_exe().unwrap());
    as_child(launcher, name, folder)
}

/// The same in a mount namespace of its own, after `mount` (a shell command) was run in `folder`. What it
/// mounts ends with the child. `None` where we may not mount.
pub(crate) fn child_with_mount(name: &str, folder: &Path, mount: &str) -> Option<Command> {
    let may_mount = Command::new("unshare").args(["--mount", "true"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let mut launcher = Command::new("unshare");
    let script = format!("cd \"$0\" && {mount} && exec \"$@\"");
    launcher.args(["--mount", "sh", "-c", &script]).arg(folder);
    Some(child_under(launcher, name, folder))
}

fn as_child(mut command: Command, name: &str, folder: &Path) -> Command {
    command.args(["--exact", name, "--nocapture"]).env(CHILD_FOLDER, folder);
    command
}
