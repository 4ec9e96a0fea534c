//! `burgee backup`, `restore` and `repair after-restore`, as somebody runs them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{Burgee, Demo};

use super::command::{fail, run, succeed, verify};
use super::lived::Lived;

/// A running server whose flag `kept` is on, a backup of that, and a flag that was switched off since.
struct Backed {
    folder: TempDir,
    burgee: Burgee,
    environment: Environment,
}

impl Backed {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let burgee = Burgee::start(&folder.path().join("data"), Demo::No);
        let environment = burgee.admin().create_environment("shop", "dev");
        environment.create_flag("kept", "boolean", &[("true", "true"), ("false", "false")]);
        environment.switch("kept", "on");
        let backed = Self { folder, burgee, environment };
        succeed(backup(&backed.file(), backed.burgee.data()));
        backed.environment.switch("kept", "off");
        backed
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("backup.db")
    }

    fn state(&self) -> Value {
        self.environment.flag("kept")["envProperties"]["state"].clone()
    }
}

#[test]
fn a_backup_of_a_running_server_brings_back_what_was_answered_before() {
    let mut backed = Backed::new();
    let database = backed.burgee.data().join("burgee.db");
    assert_eq!(fs::metadata(backed.file()).unwrap().permissions().mode() & 0o777, 0o600);
    backed.burgee.terminate();

    let said = succeed(restore(&backed.file(), backed.burgee.data()));
    backed.burgee.restart();

    assert_eq!(backed.state(), "on");
    let aside = format!("{}.before-restore-1", database.display());
    assert!(said.contains(&aside) && said.contains("burgee repair after-restore"), "{said}");
}

#[test]
fn what_was_set_aside_can_be_restored_too() {
    let mut backed = Backed::new();
    backed.burgee.kill();
    succeed(restore(&backed.file(), backed.burgee.data()));

    let aside = backed.burgee.data().join("burgee.db.before-restore-1");
    let said = succeed(restore(&aside, backed.burgee.data()));
    backed.burgee.restart();

    assert_eq!(backed.state(), "off", "the killed server's log was lost");
    assert!(said.contains("burgee.db.before-restore-2"), "{said}");
}

#[test]
fn a_backup_of_a_killed_server_holds_what_was_answered() {
    let mut backed = Backed::new();
    backed.burgee.kill();
    let (late, elsewhere) = (backed.folder.path().join("late.db"), backed.folder.path().join("elsewhere"));

    succeed(backup(&late, backed.burgee.data()));
    succeed(restore(&late, &elsewhere));

    let database = Connection::open(elsewhere.join("burgee.db")).unwrap();
    let state = "SELECT body FROM current_object WHERE kind = 'flag_config' AND identifier = 'kept'";
    let body: String = database.query_row(state, [], |row| row.get(0)).unwrap();
    assert!(body.contains(r#""state":"off""#), "{body}");
}

#[test]
fn a_backup_never_overwrites_and_needs_something_to_copy() {
    let backed = Backed::new();
    let nothing = backed.folder.path().join("nothing");

    let twice = fail(backup(&backed.file(), backed.burgee.data()));
    let empty = fail(backup(&nothing.join("backup.db"), &nothing));

    assert!(twice.contains("a file with that name exists"), "{twice}");
    assert!(empty.contains("there is no database in"), "{empty}");
    assert_eq!((twice.lines().count(), empty.lines().count()), (1, 1));
}

#[test]
fn restoring_under_a_running_server_is_refused() {
    let backed = Backed::new();

    let said = fail(restore(&backed.file(), backed.burgee.data()));

    assert!(said.contains("is used by another burgee process (pid "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(backed.state(), "off");
}

#[test]
fn what_is_no_sound_backup_is_refused_in_one_sentence_and_changes_nothing() {
    let mut backed = Backed::new();
    backed.burgee.terminate();
    let data = backed.burgee.data().to_owned();
    let before = listing(&data);
    let good = fs::read(backed.file()).unwrap();
    let mut overwritten = good.clone();
    overwritten[20_000..60_000].fill(7);
    let cases = [
        ("truncated", good[..good.len() / 2].to_vec(), "damaged"),
        ("overwritten", overwritten, "damaged"),
        ("text", b"name,identifier\n".repeat(1_000), "not a SQLite database"),
        ("empty", Vec::new(), "it is not a backup of burgee"),
        ("newer", newer(&backed), "needs a newer burgee"),
    ];

    for (name, content, reason) in cases {
        let file = backed.folder.path().join(name);
        fs::write(&file, content).unwrap();
        let said = fail(restore(&file, &data));
        assert!(said.contains(&file.display().to_string()) && said.contains(reason), "{name}: {said}");
        assert_eq!(said.lines().count(), 1, "{name}: {said}");
        assert_eq!(listing(&data), before, "{name}");
    }
    let missing = fail(restore(&backed.folder.path().join("missing"), &data));
    assert!(missing.contains("missing cannot be restored: "), "{missing}");
    backed.burgee.restart();
    assert_eq!(backed.state(), "off");
}

#[test]
fn a_server_on_a_restored_database_says_that_it_needs_repair_until_it_was_repaired() {
    let mut backed = Backed::new();
    backed.burgee.terminate();
    let warned = |burgee: &Burgee| burgee.stderr().matches("run `burgee repair after-restore`").count();
    succeed(restore(&backed.file(), backed.burgee.data()));

    backed.burgee.restart();
    let restored = warned(&backed.burgee);
    backed.burgee.terminate();
    succeed(repair(backed.burgee.data()));
    backed.burgee.restart();

    assert_eq!((restored, warned(&backed.burgee)), (1, 1), "{}", backed.burgee.stderr());
}

#[test]
fn a_repair_raises_every_environment_and_every_object_and_the_history_still_verifies() {
    let lived = Lived::new();
    let before = versions(lived.data());
    let report = succeed(verify(lived.data(), &[]));
    let heads = report.lines().filter_map(|line| line.strip_prefix("  head "));
    let noted: Vec<_> = ["acme/default/empty", "shop"]
        .iter()
        .zip(heads)
        .map(|(project, head)| format!("{project}={head}"))
        .collect();

    let said = succeed(repair(lived.data()));

    let after = versions(lived.data());
    assert_eq!(before.len(), after.len());
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        // A deleted environment is served to nobody.
        let expected = if name == "old" { *before } else { before + 1_000_000 };
        assert_eq!(after, &expected, "{name}");
    }
    assert_eq!(objects_behind(lived.data()), 0, "{said}");
    let noted: Vec<_> = noted.iter().map(String::as_str).collect();
    let verified = run(verify(lived.data(), &noted));
    assert!(verified.success, "{}", verified.stdout);
    assert!(verified.stdout.contains("the next server does it"), "{}", verified.stdout);
}

#[test]
fn a_repair_under_a_running_server_is_refused() {
    let backed = Backed::new();

    let said = fail(repair(backed.burgee.data()));

    assert!(said.contains("is used by another burgee process"), "{said}");
}

fn backup(file: &Path, data: &Path) -> [String; 4] {
    ["backup".into(), file.display().to_string(), "--data".into(), data.display().to_string()]
}

fn restore(file: &Path, data: &Path) -> [String; 4] {
    ["restore".into(), file.display().to_string(), "--data".into(), data.display().to_string()]
}

fn repair(data: &Path) -> [String; 4] {
    ["repair".into(), "after-restore".into(), "--data".into(), data.display().to_string()]
}

/// A backup that says it was made by a later version.
fn newer(backed: &Backed) -> Vec<u8> {
    let file = backed.folder.path().join("from-the-future.db");
    fs::copy(backed.file(), &file).unwrap();
    let database = Connection::open(&file).unwrap();
    database.execute("INSERT INTO schema_version (version, min_reader) VALUES (999, 999)", []).unwrap();
    drop(database);
    fs::read(file).unwrap()
}

/// Names and sizes, but for what a lock leaves.
fn listing(folder: &Path) -> Vec<(String, u64)> {
    let entries = folder.read_dir().unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len())
    });
    let mut entries: Vec<_> = entries.filter(|(name, _)| name != "burgee.lock").collect();
    entries.sort();
    entries
}

fn versions(data: &Path) -> Vec<(String, i64)> {
    let database = Connection::open(data.join("burgee.db")).unwrap();
    let mut rows = database.prepare("SELECT identifier, version FROM environment ORDER BY id").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Objects of live environments that are not at their environment's version, by row or by body.
fn objects_behind(data: &Path) -> i64 {
    let database = Connection::open(data.join("burgee.db")).unwrap();
    let behind =
        "SELECT count(*) FROM current_object o JOIN environment e ON e.id = o.scope AND NOT e.deleted
        WHERE o.version <> e.version OR json_extract(o.body, '$.version') <> e.version";
    database.query_row(behind, [], |row| row.get(0)).unwrap()
}
