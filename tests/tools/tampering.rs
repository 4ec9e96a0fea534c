//! Every way to change one thing in a history, one after the other, each of which must be found.

use std::path::Path;

use platform::Db;
use platform_native::{Options, Sqlite};
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use store::{ChainReport, RowPlace};

use super::command::succeed;
use super::lived::{Lived, PERSON};

/// The columns of a change row, in the order of the table.
const COLUMNS: [&str; 20] = [
    "project_id",
    "revision",
    "position",
    "change_id",
    "environment_id",
    "version",
    "kind",
    "identifier",
    "event",
    "dependants",
    "action",
    "actor",
    "comment",
    "at_ms",
    "before_body",
    "after_body",
    "erased",
    "body_hash",
    "hash",
    "sent",
];

/// A history with erased rows in it, open for honest readers and for a forger at once.
struct Scene {
    _lived: Lived,
    sqlite: Sqlite,
    forger: Connection,
}

/// A row of the table `change`.
struct Row {
    id: i64,
    project: String,
    place: RowPlace,
    values: Vec<Value>,
}

impl Scene {
    fn new() -> Self {
        let lived = Lived::new();
        let data = lived.data().to_str().unwrap().to_owned();
        succeed(["erase", "--target", PERSON, "--data", &data, "--yes"]);
        let file = Path::new(&data).join("burgee.db");
        let sqlite = Sqlite::open(&file, Options::default()).unwrap();
        let forger = Connection::open(&file).unwrap();
        forger.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        Self { _lived: lived, sqlite, forger }
    }

    fn rows(&self) -> Vec<Row> {
        let sql = format!(
            "SELECT rowid, {} FROM change ORDER BY project_id, revision, position",
            COLUMNS.join(", ")
        );
        let mut statement = self.forger.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| {
            let values = (1..=COLUMNS.len()).map(|column| row.get(column)).collect::<Result<_, _>>()?;
            let place = RowPlace { revision: row.get(2)?, position: row.get(3)? };
            Ok(Row { id: row.get(0)?, project: row.get(1)?, place, values })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The reports of all projects, by id.
    async fn verify(&self) -> Vec<(String, ChainReport)> {
        let db: &dyn Db = &self.sqlite;
        let mut reports = Vec::new();
        for project in store::known_projects(db).await.unwrap() {
            let report = store::verify_project(db, &project.row, &[]).await.unwrap();
            reports.push((project.row.id.to_string(), report));
        }
        reports
    }

    async fn report(&self, project: &str) -> ChainReport {
        self.verify().await.into_iter().find(|(id, _)| id == project).unwrap().1
    }

    fn set(&self, row: &Row, column: &str, value: &Value) -> rusqlite::Result<usize> {
        let sql = format!("UPDATE change SET {column} = ?1 WHERE rowid = ?2");
        self.forger.execute(&sql, params![value, row.id])
    }
}

/// The smallest change to a value: one byte, or one number.
fn forged(column: &str, value: &Value) -> Value {
    match value {
        Value::Null => Value::Text("x".to_owned()),
        Value::Integer(number) if matches!(column, "erased" | "sent") => Value::Integer(1 - number),
        // Far enough not to meet another row.
        Value::Integer(number) if column == "revision" => Value::Integer(number + 1_000_000),
        Value::Integer(number) if column == "position" => Value::Integer(number + 1_000),
        Value::Integer(number) => Value::Integer(number + 1),
        Value::Real(number) => Value::Real(number + 1.0),
        Value::Text(text) if text.is_empty() => Value::Text("x".to_owned()),
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            Value::Text(String::from_utf8(bytes).unwrap())
        }
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            bytes[0] ^= 1;
            Value::Blob(bytes)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_in_any_column_of_any_row_is_named() {
    let scene = Scene::new();
    let rows = scene.rows();
    assert!(scene.verify().await.iter().all(|(_, report)| report.is_sound()), "honest at first");
    assert!(rows.len() > 30, "{}", rows.len());
    let mut forgeries = 0;
    for row in &rows {
        for (column, value) in COLUMNS.into_iter().zip(&row.values) {
            let forged = match column {
                "project_id" => Value::Text(
                    rows.iter().find(|other| other.project != row.project).unwrap().project.clone(),
                ),
                _ => forged(column, value),
            };
            if scene.set(row, column, &forged).is_err() {
                assert_eq!(column, "project_id", "another project may have a row at that place already");
                continue;
            }
            let report = scene.report(&row.project).await;
            scene.set(row, column, value).unwrap();
            check_named(&scene.report(&row.project).await, row, column, &report);
            forgeries += 1;
        }
    }
    println!("{forgeries} forgeries in {} rows, each found", rows.len());
}

/// The report names the row, or, where the row itself has gone elsewhere, the one that follows it.
#[track_caller]
fn check_named(honest: &ChainReport, row: &Row, column: &str, report: &ChainReport) {
    assert!(honest.is_sound(), "put back: {:?} {:?}", honest.damage, honest.objects);
    let what = format!("{column} of {:?}", row.place);
    let Some(damage) = &report.damage else {
        // A last row that waits to be announced is no damage; the report names it.
        assert_eq!((column, report.waiting), ("sent", Some(row.place)), "{what} was changed unseen");
        return;
    };
    match column {
        "project_id" | "revision" | "position" => {
            let neighbour =
                damage.place.revision.abs_diff(row.place.revision) <= 1 || damage.place.revision > 1_000_000;
            assert!(neighbour, "{what}: {damage}");
        }
        _ => assert_eq!(damage.place, row.place, "{what}: {damage}"),
    }
    let told = match column {
        "identifier" | "comment" | "before_body" | "after_body" => "content was changed|left",
        "erased" => "content was changed|left|is marked as erased itself",
        "body_hash" => "body_hash was changed|what it says was changed",
        "hash" => "its hash was changed",
        "sent" => "marked as not announced|concerns no environment",
        "project_id" | "revision" | "position" => "missing|newest",
        column => column,
    };
    assert!(told.split('|').any(|words| damage.what.contains(words)), "{what}: {damage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_row_and_a_row_too_many_are_found() {
    let scene = Scene::new();
    for row in scene.rows() {
        let values: Vec<_> = row.values.iter().collect();
        scene.forger.execute("DELETE FROM change WHERE rowid = ?1", [row.id]).unwrap();
        let without = scene.report(&row.project).await;
        let marks = (1..=COLUMNS.len()).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ");
        let put_back =
            format!("INSERT INTO change (rowid, {}) VALUES ({}, {marks})", COLUMNS.join(", "), row.id);
        scene.forger.execute(&put_back, rusqlite::params_from_iter(values)).unwrap();
        assert!(!without.is_sound(), "{:?} was taken away unseen", row.place);

        let copy = format!(
            "INSERT INTO change SELECT project_id, revision, position + 500, {} FROM change WHERE rowid = ?1",
            COLUMNS[3..].join(", ")
        );
        scene.forger.execute(&copy, [row.id]).unwrap();
        let with_more = scene.report(&row.project).await;
        scene.forger.execute("DELETE FROM change WHERE position >= 500", []).unwrap();
        assert!(!with_more.is_sound(), "a copy of {:?} was put in unseen", row.place);
    }
    assert!(scene.verify().await.iter().all(|(_, report)| report.is_sound()), "everything was put back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_is_what_the_history_says() {
    let scene = Scene::new();
    let forgeries = [
        (
            "current_object",
            "UPDATE current_object SET body = replace(body, '\"off\"', '\"on\"') WHERE identifier = 'dark' AND kind = 'flag_config'",
        ),
        ("current_object", "DELETE FROM current_object WHERE identifier = 'beta' AND body IS NOT NULL"),
        (
            "object_version",
            "UPDATE object_version SET body = replace(body, 'bob', 'eve') WHERE identifier = 'beta' AND body LIKE '%bob%'",
        ),
        ("object_version", "DELETE FROM object_version WHERE identifier = 'light' AND kind = 'flag'"),
        (
            "current_object",
            "INSERT INTO current_object SELECT scope, kind, 'smuggled', version, changed_ms, body FROM current_object WHERE identifier = 'beta' LIMIT 1",
        ),
    ];
    for (table, sql) in forgeries {
        scene.forger.execute_batch(&format!("CREATE TABLE kept AS SELECT * FROM {table}")).unwrap();
        assert!(scene.forger.execute(sql, []).unwrap() > 0, "{sql}");

        let found = scene.verify().await.into_iter().find_map(|(_, report)| report.objects);

        let found = found.unwrap_or_else(|| panic!("unseen: {sql}"));
        assert_eq!(found.table, table, "{found}");
        let put_back =
            format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept");
        scene.forger.execute_batch(&put_back).unwrap();
    }
    assert!(scene.verify().await.iter().all(|(_, report)| report.is_sound()), "everything was put back");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_no_text_is_named_too() {
    let scene = Scene::new();
    for row in scene.rows() {
        let sql = "UPDATE change SET actor = CAST(x'ff' AS TEXT) WHERE rowid = ?1";
        scene.forger.execute(sql, [row.id]).unwrap();
        let damage = scene.report(&row.project).await.damage.unwrap();
        scene.set(&row, "actor", &row.values[11]).unwrap();
        assert_eq!(damage.place, row.place, "{damage}");
        assert!(damage.what.contains("is not UTF-8"), "{damage}");
    }
}
