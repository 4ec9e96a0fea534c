//! Importing again: only what is different in the files is written, and what people did here stays.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo};

use super::command::{import, succeed, verify};
use super::directory::{DEV, Directory, flag, key_hash, segment, with};

const QUERY: &str =
    "accountIdentifier=default&orgIdentifier=default&projectIdentifier=shop&environmentIdentifier=dev";

/// What an import wrote: objects by kind and identifier, of revisions after one.
fn written_after(data: &Path, revision: i64) -> Vec<(String, String)> {
    let database = Connection::open(data.join("burgee.db")).unwrap();
    let sql = "SELECT kind, identifier FROM change WHERE revision > ?1 ORDER BY revision, position";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([revision], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn revision(data: &Path) -> i64 {
    let database = Connection::open(data.join("burgee.db")).unwrap();
    database.query_row("SELECT revision FROM project", [], |row| row.get(0)).unwrap()
}

fn three_flags() -> Vec<Value> {
    ["one", "two", "three"].map(|id| flag(id, "dev", 1)).to_vec()
}

fn kind_and_identifier(kind: &str, identifier: &str) -> (String, String) {
    (kind.to_owned(), identifier.to_owned())
}

#[test]
fn the_same_directory_again_writes_nothing() {
    let directory = Directory::of(&three_flags(), &[segment("beta", &["ann"], 3)]);
    let data = TempDir::new().unwrap();
    succeed(import(directory.path(), data.path(), &[]));
    let before = revision(data.path());

    let report = succeed(import(directory.path(), data.path(), &[]));

    assert!(report.ends_with("Everything was here already; nothing was written.\n"), "{report}");
    assert_eq!(revision(data.path()), before);
}

#[test]
fn of_a_changed_directory_only_what_is_different_is_written() {
    let directory = Directory::of(&three_flags(), &[segment("beta", &["ann"], 3)]);
    let data = TempDir::new().unwrap();
    succeed(import(directory.path(), data.path(), &[]));
    let before = revision(data.path());
    let mut flags = three_flags();
    flags[1]["state"] = json!("on");
    flags[1]["version"] = json!(2);
    flags.push(flag("four", "dev", 1));
    let keys = [&*key_hash("key-of-dev"), &*key_hash("another-key")];
    directory.environment(DEV, &flags, &[segment("beta", &["ann", "bob"], 4)], &keys);

    succeed(import(directory.path(), data.path(), &[]));

    let expected = [
        kind_and_identifier("segment", "beta"),
        kind_and_identifier("flag", "four"),
        kind_and_identifier("flag_config", "four"),
        kind_and_identifier("flag_config", "two"),
        kind_and_identifier("key", keys[1]),
    ];
    assert_eq!(written_after(data.path(), before), expected);
    succeed(verify(data.path(), &[]));
}

#[test]
fn what_was_changed_here_since_is_kept_and_reported_unless_it_is_to_be_overwritten() {
    let directory = Directory::of(&three_flags(), &[segment("beta", &["ann"], 3), segment("gamma", &[], 1)]);
    let data = TempDir::new().unwrap();
    succeed(import(directory.path(), data.path(), &[]));
    change_here(data.path());
    let mut flags = three_flags();
    for flag in &mut flags {
        flag["state"] = json!("on");
    }
    let groups = [segment("beta", &["bob"], 4), segment("gamma", &["bob"], 4)];
    directory.environment(DEV, &flags, &groups, &[&key_hash("key-of-dev")]);
    let before = revision(data.path());

    let report = succeed(import(directory.path(), data.path(), &[]));

    for line in [
        "flag \"one\" in environment dev was changed here since the import",
        "flag \"two\" was changed here since the import",
        "target group \"beta\" in environment dev was changed here since the import",
        &format!("key {} was revoked here since the import", key_hash("key-of-dev")),
    ] {
        assert!(report.contains(line), "{line} is not in\n{report}");
    }
    let written = written_after(data.path(), before);
    assert_eq!(
        written,
        [kind_and_identifier("segment", "gamma"), kind_and_identifier("flag_config", "three")]
    );

    let before = revision(data.path());
    succeed(import(directory.path(), data.path(), &["--overwrite"]));

    let written = written_after(data.path(), before);
    for object in [
        kind_and_identifier("segment", "beta"),
        kind_and_identifier("flag", "two"),
        kind_and_identifier("flag_config", "one"),
        kind_and_identifier("flag_config", "two"),
        kind_and_identifier("key", &key_hash("key-of-dev")),
    ] {
        assert!(written.contains(&object), "{object:?} is not in {written:?}");
    }
    succeed(verify(data.path(), &[]));
}

/// Serves one variation more by name, archives a flag, changes a group, revokes the key.
fn change_here(data: &Path) {
    let mut burgee = Burgee::start(data, Demo::No);
    let admin = burgee.admin();
    let instruct = |path: &str, kind: &str, parameters: &Value| {
        let body = json!({"instructions": [{"kind": kind, "parameters": parameters}]});
        admin.expect(200, "PATCH", &format!("/admin/{path}?{QUERY}"), Some(&body));
    };
    let listed = json!({"variation": "no", "targets": ["bob"]});
    instruct("features/one", "addTargetsToVariationTargetMap", &listed);
    instruct("segments/beta", "addToIncludeList", &json!({"targets": ["eve"]}));
    admin.expect(204, "DELETE", &format!("/admin/features/two?{QUERY}"), None);
    let keys = admin.expect(200, "GET", &format!("/admin/apikey?{QUERY}"), None);
    let key = keys["apiKeys"][0]["identifier"].as_str().unwrap().to_owned();
    admin.expect(204, "DELETE", &format!("/admin/apikey/{key}?{QUERY}"), None);
    burgee.terminate();
}

#[test]
fn what_the_files_do_not_hold_stays_as_people_here_wrote_it() {
    let directory = Directory::of(&three_flags(), &[]);
    let data = TempDir::new().unwrap();
    succeed(import(directory.path(), data.path(), &[]));
    let mut burgee = Burgee::start(data.path(), Demo::No);
    let rename = json!({"instructions": [{"kind": "updateName", "parameters": {"name": "The first"}}]});
    burgee.admin().expect(200, "PATCH", &format!("/admin/features/one?{QUERY}"), Some(&rename));
    burgee.terminate();
    let more = json!([
        {"identifier": "yes", "name": "Yes", "value": "true"}, {"identifier": "no", "name": "No", "value": "false"},
        {"identifier": "never", "name": "Never", "value": "false"},
    ]);
    let flags: Vec<_> =
        three_flags().into_iter().map(|flag| with(flag, &json!({"variations": more}))).collect();
    directory.environment(DEV, &flags, &[], &[&key_hash("key-of-dev")]);

    let report = succeed(import(directory.path(), data.path(), &[]));
    let burgee = Burgee::start(data.path(), Demo::No);

    assert!(!report.contains("kept as it is here"), "{report}");
    let one = burgee.admin().expect(200, "GET", &format!("/admin/features/one?{QUERY}"), None);
    assert_eq!((&one["name"], one["variations"].as_array().unwrap().len()), (&json!("The first"), 3));
}

#[test]
fn what_was_made_here_by_hand_is_not_taken_over() {
    let data = TempDir::new().unwrap();
    let directory = Directory::of(&three_flags(), &[]);
    succeed(import(directory.path(), data.path(), &[]));
    let mut burgee = Burgee::start(data.path(), Demo::No);
    let body = json!({
        "identifier": "four", "name": "Four", "kind": "boolean", "project": "shop", "permanent": false,
        "variations": [{"identifier": "a", "value": "true"}, {"identifier": "b", "value": "false"}],
        "defaultOnVariation": "a", "defaultOffVariation": "b",
    });
    burgee.admin().expect(201, "POST", &format!("/admin/features?{QUERY}"), Some(&body));
    burgee.terminate();
    let flags: Vec<_> = three_flags().into_iter().chain([flag("four", "dev", 1)]).collect();
    directory.environment(DEV, &flags, &[], &[&key_hash("key-of-dev")]);
    let before = revision(data.path());

    let report = succeed(import(directory.path(), data.path(), &[]));

    assert!(report.contains("flag \"four\" is here already and was not imported"), "{report}");
    assert_eq!(revision(data.path()), before);
}
