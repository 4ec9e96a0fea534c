//! Directories that cannot be imported: what is wrong is said, all of it, and nothing is written.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::command::{fail, import, succeed};
use super::directory::{DEV, Directory, PROD, SAMPLE_EMPTY, flag, key_hash, sample, with};

/// Imports what cannot be imported; nothing may be there afterwards.
#[track_caller]
fn refused(directory: &Directory, more: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let complaint = fail(import(directory.path(), &data, more));
    let written = data.exists() && {
        let database = rusqlite::Connection::open(data.join("burgee.db")).unwrap();
        database.query_row("SELECT count(*) FROM project", [], |row| row.get::<_, i64>(0)).unwrap() > 0
    };
    assert!(!written, "something was written");
    complaint
}

#[test]
fn all_mistakes_are_named_at_once_with_file_and_line() {
    let directory = Directory::of(&[], &[]);
    directory.write_text(DEV, "feature_config.json", "[\n {\"feature\": \"a\",\n  \"kind\": \"colour\"}]");
    directory.write_text(DEV, "segments.json", "[{\"identifier\": \"a\"}");
    directory.write(DEV, "auth_config.json", &json!(["in-clear-57247423-4a3e"]));
    directory.environment(PROD, &[flag("a", "prod", 1)], &[], &[]);
    fs::remove_file(directory.path().join(format!("env-{PROD}/segments.json"))).unwrap();

    let complaint = refused(&directory, &[]);

    for part in [
        &*format!("env-{DEV}/feature_config.json:3:18: [0].kind: unknown variant `colour`"),
        &format!("env-{DEV}/segments.json:1:20: EOF while parsing a list"),
        &format!("env-{DEV}/auth_config.json: item 0 is not the SHA-256 of an SDK key"),
        &format!("env-{PROD}/segments.json is missing; if there is nothing to import, write [] into it"),
        "4 mistakes; nothing was imported:",
    ] {
        assert!(complaint.contains(part), "{part} is not in\n{complaint}");
    }
    assert!(!complaint.contains("57247423"), "what may be a key is not repeated: {complaint}");
}

#[test]
fn a_directory_without_environments_says_what_is_expected() {
    let directory = Directory::new();

    let complaint = refused(&directory, &[]);

    assert!(complaint.contains("holds no folder env-<id of an environment>"), "{complaint}");
    let complaint = fail(import(&directory.path().join("nowhere"), directory.path(), &[]));
    assert!(complaint.contains("cannot be listed"), "{complaint}");
}

#[test]
fn an_environment_that_its_files_do_not_name_is_asked_for() {
    let data = TempDir::new().unwrap();

    let complaint = fail(import(&sample(), data.path(), &[]));

    let advice = format!("--environment-map {SAMPLE_EMPTY}=PROJECT/IDENTIFIER");
    assert!(complaint.contains(&advice), "{complaint}");
}

#[test]
fn names_of_nothing_and_names_that_clash_are_refused() {
    let directory = Directory::new();
    directory.environment(DEV, &[flag("a", "dev", 1)], &[], &[&key_hash("key")]);
    directory.environment(PROD, &[flag("a", "dev", 1)], &[], &[&key_hash("key")]);
    let unknown = "00000000-0000-4000-8000-00000000dead";

    let complaint = refused(
        &directory,
        &["--environment-map", &format!("{unknown}=x"), "--client-key", &key_hash("nobody's")],
    );

    for part in [
        &*format!("there is no folder env-{unknown}"),
        "is in no auth_config.json of the directory",
        &format!("env-{DEV} and env-{PROD} are both \"dev\" in project default/default/shop"),
        &format!("the same key {} is in env-{DEV} and env-{PROD}", key_hash("key")),
    ] {
        assert!(complaint.contains(part), "{part} is not in\n{complaint}");
    }
}

#[test]
fn circles_are_refused_because_sdks_would_follow_them_without_end() {
    let needs = |id: &str, other: &str| {
        with(flag(id, "dev", 1), &json!({"prerequisites": [{"feature": other, "variations": ["yes"]}]}))
    };
    let group = |id: &str, other: &str| {
        let clause = json!({"op": "segmentMatch", "attribute": "", "values": [other]});
        json!({"identifier": id, "servingRules": [{"ruleId": "r", "priority": 1, "clauses": [clause]}]})
    };
    let flags = [needs("a", "b"), needs("b", "c"), needs("c", "b")];
    let directory = Directory::of(&flags, &[group("g", "g")]);

    let complaint = refused(&directory, &[]);

    assert!(
        complaint.contains("prerequisites of flags lead back to themselves (b needs c needs b)"),
        "{complaint}"
    );
    assert!(complaint.contains("target groups in groups lead back to themselves (g needs g)"), "{complaint}");
}

#[test]
fn versions_that_java_cannot_count_on_from_are_refused() {
    let directory = Directory::of(&[flag("a", "dev", i64::from(i32::MAX))], &[]);

    let complaint = refused(&directory, &[]);

    assert!(complaint.contains("version 2147483647 is beyond"), "{complaint}");
}

#[test]
fn an_environment_of_another_project_or_name_is_not_taken() {
    let directory = Directory::of(&[flag("a", "dev", 1)], &[]);
    let data = TempDir::new().unwrap();
    succeed(import(directory.path(), data.path(), &[]));

    let moved = fail(import(directory.path(), data.path(), &["--project", "other"]));
    let renamed = fail(import(directory.path(), data.path(), &["--environment-map", &format!("{DEV}=test")]));
    let second = Directory::new();
    second.environment(PROD, &[flag("a", "dev", 1)], &[], &[]);
    let clashing = fail(import(second.path(), data.path(), &[]));

    assert!(moved.contains("is environment \"dev\" of another project here"), "{moved}");
    assert!(renamed.contains("is called \"dev\" here"), "{renamed}");
    assert!(clashing.contains("would be called \"dev\", which is another environment here"), "{clashing}");
}
