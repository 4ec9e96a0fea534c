//! `burgee import ff-proxy`: what applications find when they come along.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo, burgee};
use tests::deadline::wait_until;
use tests::process::Process;

use super::command::{fail, import, succeed, verify};
use super::directory::{
    DEV, Directory, PROD, SAMPLE, SAMPLE_EMPTY, SAMPLE_EMPTY_KEY, SAMPLE_KEY, SAMPLE_NAMES, flag, key_hash,
    sample, segment, with,
};
use tests::wire::Client;

#[test]
fn the_sample_is_imported_and_applications_keep_their_keys_and_paths() {
    let data = TempDir::new().unwrap();
    succeed(import(&sample(), data.path(), &SAMPLE_NAMES));
    let burgee = Burgee::start(data.path(), Demo::No);

    let client = Client::new(&burgee.url(), SAMPLE_KEY, SAMPLE, None);
    let (_, flags) = client.get("feature-configs");
    let (_, groups) = client.get("target-segments?rules=v2");
    let empty = Client::new(&burgee.url(), SAMPLE_EMPTY_KEY, SAMPLE_EMPTY, None);

    let served: Vec<_> = flags.as_array().unwrap().iter().map(|flag| &flag["feature"]).collect();
    assert_eq!(served, ["bool-flag1", "string-flag1"]);
    assert_eq!(flags[1]["variations"][0]["description"], "red description");
    assert_eq!(
        (&flags[1]["offVariation"], &flags[1]["defaultServe"]),
        (&json!("red"), &json!({"variation": "blue"}))
    );
    assert_eq!(flags[0]["environment"], "default");
    assert_eq!(groups[0]["included"][0]["identifier"], "default");
    assert_eq!(client.get("target/default/evaluations/string-flag1").1["value"], "red");
    assert_eq!(empty.get("feature-configs"), (200, json!([])));
    let target = "/admin/targets/default?accountIdentifier=default&orgIdentifier=default&projectIdentifier=CF_SystemTest50899287&environmentIdentifier=default";
    let target = burgee.admin().expect(200, "GET", target, None);
    assert_eq!(target["attributes"], json!({"color": "red", "shape": "circle"}));
}

#[test]
fn a_dry_run_tells_everything_and_makes_nothing() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");

    let report = succeed(import(&sample(), &data, &[&SAMPLE_NAMES[..], &["--dry-run"]].concat()));

    for line in [
        "project default/default/CF_SystemTest50899287 would be made",
        "environment default (09b78b2b-b9d6-4790-ba28-9875082dba0d) would be made, version 1001",
        "78e65d1b137473f6193c6b2bb46b3186c377c556657db7679c93cdad3fc34285",
        "marked as anonymous",
        "\"default\" in environment default",
        "Nothing was written: this was a dry run.",
    ] {
        assert!(report.contains(line), "{line} is not in\n{report}");
    }
    assert!(!data.exists(), "not even the folder");
}

#[test]
fn keys_that_are_named_as_client_keys_never_read_rules() {
    let directory = Directory::new();
    let keys = [&*key_hash("server-key-of-dev"), &*key_hash("client-key-of-dev")];
    directory.environment(DEV, &[flag("dark", "dev", 1)], &[], &keys);
    let data = TempDir::new().unwrap();

    let report = succeed(import(directory.path(), data.path(), &["--client-key", keys[1]]));
    let burgee = Burgee::start(data.path(), Demo::No);

    assert!(report.contains(keys[0]) && !report.contains(keys[1]), "only one had to be assumed\n{report}");
    let server = Client::new(&burgee.url(), "server-key-of-dev", DEV, None);
    let client = Client::new(&burgee.url(), "client-key-of-dev", DEV, Some(&json!({"identifier": "ann"})));
    assert_eq!(server.get("feature-configs").0, 200);
    assert_eq!(client.get("feature-configs").0, 403);
    assert_eq!(client.get("target/ann/evaluations").0, 200);
}

#[test]
fn a_key_that_was_assumed_to_be_a_server_key_is_corrected_by_the_next_import() {
    let directory = Directory::of(&[flag("dark", "dev", 1)], &[]);
    let data = TempDir::new().unwrap();
    succeed(import(directory.path(), data.path(), &[]));

    let report = succeed(import(directory.path(), data.path(), &["--client-key", &key_hash("key-of-dev")]));
    let burgee = Burgee::start(data.path(), Demo::No);

    assert!(report.contains("SDK keys                          0 new      1 changed"), "{report}");
    let client = Client::new(&burgee.url(), "key-of-dev", DEV, Some(&json!({"identifier": "ann"})));
    assert_eq!(client.get("feature-configs").0, 403);
}

#[test]
fn versions_begin_above_those_that_sdks_may_hold() {
    let directory = Directory::of(&[flag("dark", "dev", 568)], &[segment("beta", &["ann"], 731)]);
    let data = TempDir::new().unwrap();
    succeed(import(directory.path(), data.path(), &[]));
    let version = |data: &Path| -> i64 { query(data, "SELECT version FROM environment") };
    let first = version(data.path());

    directory.environment(DEV, &[flag("dark", "dev", 568)], &[segment("beta", &["ann"], first + 5)], &[]);
    succeed(import(directory.path(), data.path(), &[]));

    assert!(first > 731, "{first}");
    assert!(version(data.path()) > first + 5, "the files' versions overtook ours");
    let again = version(data.path());
    succeed(import(directory.path(), data.path(), &[]));
    assert_eq!(version(data.path()), again, "once is enough");
}

#[test]
fn flags_of_all_environments_are_one_project() {
    let directory = Directory::new();
    let third = json!({"identifier": "third", "name": "Third", "value": "true"});
    let mut more = flag("dark", "prod", 4);
    more["variations"].as_array_mut().unwrap().push(third);
    directory.environment(DEV, &[flag("dark", "dev", 3), flag("only-dev", "dev", 1)], &[], &[]);
    directory.environment(PROD, &[with(more, &json!({"state": "on"}))], &[], &[&key_hash("key-of-prod")]);
    let data = TempDir::new().unwrap();

    let report = succeed(import(directory.path(), data.path(), &["--account", "acme", "--org", "default"]));
    let burgee = Burgee::start(data.path(), Demo::No);

    assert!(report.contains("flag \"only-dev\" in environment prod"), "{report}");
    let client = Client::new(&burgee.url(), "key-of-prod", PROD, None);
    let states: Vec<_> = client.get("feature-configs").1.as_array().unwrap().iter().map(state).collect();
    assert_eq!(states, [("dark".to_owned(), "on".to_owned()), ("only-dev".to_owned(), "off".to_owned())]);
    let query =
        "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop&environmentIdentifier=dev";
    let dark = burgee.admin().expect(200, "GET", &format!("/admin/features/dark?{query}"), None);
    assert_eq!(dark["variations"].as_array().unwrap().len(), 3, "{dark}");
    assert_eq!(dark["envProperties"]["state"], "off");
}

#[test]
fn environments_that_disagree_go_on_serving_what_their_files_say() {
    let directory = Directory::new();
    let other =
        json!({"variations": [{"identifier": "yes", "value": "1"}, {"identifier": "no", "value": "false"}]});
    directory.environment(DEV, &[flag("dark", "dev", 1)], &[], &[&key_hash("key-of-dev")]);
    directory.environment(PROD, &[with(flag("dark", "prod", 1), &other)], &[], &[&key_hash("key-of-prod")]);
    let data = TempDir::new().unwrap();

    let report = succeed(import(directory.path(), data.path(), &[]));
    let burgee = Burgee::start(data.path(), Demo::No);

    assert!(report.contains("flag \"dark\": variation \"yes\" in environment prod"), "{report}");
    let value = |key: &str, environment: &str| {
        let flags = Client::new(&burgee.url(), key, environment, None).get("feature-configs").1;
        flags[0]["variations"][0]["value"].clone()
    };
    assert_eq!((value("key-of-dev", DEV), value("key-of-prod", PROD)), (json!("true"), json!("1")));
}

#[test]
fn a_folder_in_use_is_one_sentence() {
    let data = TempDir::new().unwrap();
    let _burgee = Burgee::start(data.path(), Demo::No);

    let complaint = fail(import(&sample(), data.path(), &SAMPLE_NAMES));

    assert!(
        complaint.contains("is used by another burgee process") && complaint.lines().count() == 1,
        "{complaint}"
    );
}

#[test]
fn an_import_that_is_killed_leaves_a_whole_project_or_none() {
    let flags: Vec<_> = (0..400).map(|number| flag(&format!("flag-{number}"), "dev", 1)).collect();
    let directory = Directory::of(&flags, &[segment("beta", &["ann"], 1)]);
    let mut whole = 0;
    // Each attempt is killed a little later, up to one that is not.
    for kilobytes in (0..).map(|round| round * 150) {
        let data = TempDir::new().unwrap();
        let log = data.path().join("burgee.db-wal");
        let mut command = burgee();
        command.args(import(directory.path(), data.path(), &[])).stdout(Stdio::null());
        let mut process = Process::start(&mut command);
        let far = || log.metadata().is_ok_and(|log| log.len() > kilobytes * 1024);
        let ended = wait_until(Duration::from_secs(60), || match process.ended() {
            None if far() => Some(None),
            None => None,
            ended => Some(ended),
        });
        process.kill();
        whole += check_whole_or_none(data.path());
        if ended.expect("the import ends within a minute").is_some() {
            break;
        }
        succeed(import(directory.path(), data.path(), &[]));
        assert_eq!(check_whole_or_none(data.path()), 1, "the next import completes it");
    }
    assert!(whole > 0);
}

/// Returns how many projects there are, each with all that belongs to it.
fn check_whole_or_none(data: &Path) -> i64 {
    let tables: i64 = query(data, "SELECT count(*) FROM sqlite_master WHERE name = 'project'");
    if tables == 0 {
        return 0;
    }
    let projects: i64 = query(data, "SELECT count(*) FROM project");
    let flags: i64 = query(data, "SELECT count(*) FROM current_object WHERE kind = 'flag_config'");
    let keys: i64 = query(data, "SELECT count(*) FROM sdk_key");
    assert_eq!((flags, keys), (400 * projects, projects));
    succeed(verify(data, &[]));
    projects
}

fn query(data: &Path, sql: &str) -> i64 {
    let database = Connection::open(data.join("burgee.db")).unwrap();
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn state(flag: &Value) -> (String, String) {
    let text = |name: &str| flag[name].as_str().unwrap().to_owned();
    (text("feature"), text("state"))
}
