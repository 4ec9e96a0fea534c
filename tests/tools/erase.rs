//! `burgee erase`: nothing of a target is left in any byte of the data folder, and the history verifies.

use std::fs;
use std::path::Path;

use serde_json::json;
use tests::burgee::{Burgee, Demo};

use super::command::{fail, run, succeed, verify};
use super::lived::{Lived, PERSON, PERSON_NAME, PERSON_SECRET, SCOPE};
use tests::wire::Client;

fn erase(data: &Path, target: &str, more: &[&str]) -> String {
    let arguments = ["erase", "--data", data.to_str().unwrap(), "--target", target];
    succeed(arguments.iter().chain(more))
}

/// Which of the texts occur in any file of the folder.
fn traces<'a>(data: &Path, texts: &[&'a str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    for entry in fs::read_dir(data).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let holds = |text: &&&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        found.extend(texts.iter().filter(holds));
    }
    found.sort_unstable();
    found.dedup();
    found
}

const ALL: [&str; 3] = [PERSON_NAME, PERSON_SECRET, PERSON];

#[test]
fn nothing_of_a_target_is_left_in_any_byte_and_the_history_still_verifies() {
    let lived = Lived::new();
    assert_eq!(traces(lived.data(), &ALL).len(), 3, "it was there");
    let before = succeed(verify(lived.data(), &[]));

    let report = erase(lived.data(), PERSON, &["--yes"]);

    assert_eq!(traces(lived.data(), &ALL), [""; 0], "{report}");
    let after = succeed(verify(lived.data(), &[]));
    assert!(after.contains("with erased content"), "{after}");
    // The heads from before are part of the history still.
    let head = before.lines().filter_map(|line| line.strip_prefix("  head ")).next_back().unwrap();
    let noted = format!("shop={head}");
    succeed(verify(lived.data(), &[&noted]));
}

#[test]
fn sdks_learn_that_a_target_left_the_lists_and_everybody_else_stays() {
    let lived = Lived::new();
    let serve = || Burgee::start(lived.data(), Demo::No);
    let read = |burgee: &Burgee| {
        let client = Client::new(&burgee.url(), &lived.server_key, &lived.dev, None);
        (client.get("feature-configs").1, client.get("target-segments?rules=v2").1)
    };
    let mut burgee = serve();
    let (flags_before, groups_before) = read(&burgee);
    burgee.terminate();

    erase(lived.data(), PERSON, &["--yes"]);

    let burgee = serve();
    let (flags, groups) = read(&burgee);
    assert_eq!(flags[0]["variationToTargetMap"][0]["targets"], json!([{"identifier": "bob", "name": "bob"}]));
    assert_eq!(groups[0]["included"].as_array().unwrap().len(), 1, "{groups}");
    assert_eq!(groups[0]["excluded"][0]["identifier"], "eve");
    assert_eq!(groups[1]["servingRules"][0]["clauses"][0]["values"], json!(["bob"]));
    let newer = |after: &serde_json::Value, before: &serde_json::Value| {
        after["version"].as_i64().unwrap() > before["version"].as_i64().unwrap()
    };
    assert!(newer(&flags[0], &flags_before[0]) && newer(&groups[0], &groups_before[0]));
    assert_eq!(flags[1], flags_before[1], "what did not name it is as it was");
    let counted = format!("/admin/targets/bob?{SCOPE}&environmentIdentifier=dev");
    assert_eq!(burgee.admin().expect(200, "GET", &counted, None)["attributes"]["age"], 42);
}

#[test]
fn a_dry_run_counts_and_changes_nothing() {
    let lived = Lived::new();
    let before = succeed(verify(lived.data(), &[]));

    let report = erase(lived.data(), PERSON, &[]);

    for line in [
        "       1  target lists of environments",
        "       3  lists and rules of flags and segments",
        "       1  copies that SDK tokens refer to",
        "nothing was changed; add --yes to erase it",
    ] {
        assert!(report.contains(line), "{line} is not in\n{report}");
    }
    assert_eq!(succeed(verify(lived.data(), &[])), before);
    assert_eq!(traces(lived.data(), &ALL).len(), 3);
}

#[test]
fn erasing_again_finds_nothing_and_writes_nothing() {
    let lived = Lived::new();
    erase(lived.data(), PERSON, &["--yes"]);
    let before = succeed(verify(lived.data(), &[]));

    let report = erase(lived.data(), PERSON, &["--yes"]);

    assert!(report.lines().skip(1).take(6).all(|line| line.starts_with("       0  ")), "{report}");
    assert_eq!(succeed(verify(lived.data(), &[])), before);
}

#[test]
fn evaluation_counts_stay() {
    let lived = Lived::new();

    erase(lived.data(), PERSON, &["--yes"]);

    let database = rusqlite::Connection::open(lived.data().join("burgee.db")).unwrap();
    let sql = "SELECT evaluations FROM evaluation_hour WHERE flag = 'dark'";
    let counted: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(counted, 3);
}

#[test]
fn one_environment_can_be_chosen_and_a_misspelt_one_is_refused() {
    let lived = Lived::new();
    let data = lived.data().to_str().unwrap();

    let misspelt = fail(["erase", "--data", data, "--target", PERSON, "--environment", "devel"]);
    let nothing = run(["erase", "--data", data, "--target", PERSON, "--environment", "nothing", "--yes"]);

    assert!(misspelt.contains("there is no environment \"devel\" here"), "{misspelt}");
    assert!(nothing.stdout.contains("       0  lists and rules"), "{}", nothing.stdout);
    let left = traces(lived.data(), &[PERSON]);
    assert_eq!(left, [PERSON], "other environments were not chosen");
    succeed(verify(lived.data(), &[]));
}

#[test]
fn the_same_text_in_a_rule_about_something_else_is_left_and_named() {
    let lived = Lived::new();
    let mut burgee = Burgee::start(lived.data(), Demo::No);
    let rules =
        json!([{"priority": 1, "clauses": [{"attribute": "mail", "op": "equal", "values": [PERSON]}]}]);
    let body = json!({"identifier": "mail", "name": "Mail", "project": "shop", "environment": "dev", "servingRules": rules});
    burgee.admin().expect(
        201,
        "POST",
        &format!("/admin/segments?{SCOPE}&environmentIdentifier=dev"),
        Some(&body),
    );
    burgee.terminate();

    let report = erase(lived.data(), PERSON, &["--yes"]);

    assert!(report.contains("segment \"mail\" in environment \"dev\" of project \"shop\""), "{report}");
    succeed(verify(lived.data(), &[]));
}
