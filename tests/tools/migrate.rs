//! `burgee migrate`: a folder of an older program keeps what it holds.

use rusqlite::Connection;
use tempfile::TempDir;
use tests::burgee::burgee;
use tests::postgres::Postgres;

use super::command::{fail, run, succeed};

const FIRST_SCHEMA: &str = include_str!("../../crates/store/migrations/sqlite/0001_model.sql");

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A data folder as a program with schema 1 left it, with counts of two targets.
fn folder_of_schema_1() -> TempDir {
    let folder = TempDir::new().unwrap();
    let file = Connection::open(folder.path().join("burgee.db")).unwrap();
    file.execute_batch(FIRST_SCHEMA).unwrap();
    file.execute_batch(
        "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, min_reader BIGINT NOT NULL);
        INSERT INTO schema_version VALUES (1, 1);
        INSERT INTO evaluation_count VALUES ('env', 'dark', 'yes', '', 90000000, 3);
        INSERT INTO evaluation_count VALUES ('env', 'dark', 'yes', 'ann', 90000000, 4);
        INSERT INTO evaluation_count VALUES ('env', 'dark', 'yes', 'ann', 93600000, 5);",
    )
    .unwrap();
    folder
}

#[test]
fn counts_of_targets_become_counts_of_hours_and_days() {
    let folder = folder_of_schema_1();
    let data = folder.path().to_str().unwrap();

    let before = fail(["audit", "verify", "--data", data]);
    let first = succeed(["migrate", "--data", data]);
    let second = succeed(["migrate", "--data", data]);

    assert!(before.contains("run `burgee migrate`"), "{before}");
    assert_eq!(first, "applied: schema 2\nmigrated: the database has schema 2 now\n");
    assert_eq!(second, "nothing to migrate: the database has schema 2\n");
    let file = Connection::open(folder.path().join("burgee.db")).unwrap();
    let numbers = |sql: &str| -> Vec<(i64, i64, i64)> {
        let mut rows = file.prepare(sql).unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let hours = numbers("SELECT hour_ms, evaluations, 0 FROM evaluation_hour ORDER BY 1");
    let days = numbers("SELECT day_ms, evaluations, last_hour_ms FROM evaluation_day ORDER BY 1");
    assert_eq!(hours, [(90_000_000, 7, 0), (93_600_000, 5, 0)]);
    assert_eq!(days, [(DAY_MS, 12, 93_600_000)]);
}

#[test]
fn the_database_that_functions_share_is_migrated_without_a_folder() {
    let (postgres, folder) = (Postgres::start(), TempDir::new().unwrap());
    let tool = |url: &str, words: &[&str]| {
        let tool = burgee().args(words).env("BURGEE_DATABASE_URL", url).current_dir(&folder).output();
        let output = tool.unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let migrate = |url: &str| tool(url, &["migrate"]);

    let before = tool(&postgres.default_url(), &["audit", "verify"]);

    let first = migrate(&postgres.default_url());
    let second = migrate(&postgres.default_url());
    let repaired = tool(&postgres.default_url(), &["repair", "after-restore"]);
    let missing = migrate(&postgres.url("nowhere").replace("burgee@", "burgee:secret@"));
    let unreadable = migrate("postgres://burgee:secret@:5432");

    assert!(before.contains("run `burgee migrate`"), "{before}");
    assert!(repaired.starts_with("raised the versions of 0 environments"), "{repaired}");
    assert_eq!(first, "applied: schema 1\napplied: schema 2\nmigrated: the database has schema 2 now\n");
    assert_eq!(second, "nothing to migrate: the database has schema 2\n");
    assert!(missing.contains("create the database or correct BURGEE_DATABASE_URL"), "{missing}");
    assert!(unreadable.starts_with("burgee: BURGEE_DATABASE_URL must look like postgres://"), "{unreadable}");
    assert!(!missing.contains("secret") && !unreadable.contains("secret"), "{missing}{unreadable}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_folder_with_nothing_in_it_is_named() {
    let folder = TempDir::new().unwrap();

    let said = run(["migrate", "--data", folder.path().to_str().unwrap()]);

    assert!(said.stderr.contains(&folder.path().display().to_string()), "{}", said.stderr);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
