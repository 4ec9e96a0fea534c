//! The report of an import: what SDKs disagree about, what the admin API would refuse, what is left out.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::command::{import, succeed, verify};
use super::directory::{DEV, Directory, flag, key_hash, segment, with};

/// The report of a dry run on these flags and segments.
fn report(flags: &[Value], segments: &[Value]) -> String {
    let data = TempDir::new().unwrap();
    let directory = Directory::of(flags, segments);
    let report = succeed(import(directory.path(), data.path(), &["--dry-run"]));
    // Nothing of it keeps anything from being imported.
    succeed(import(directory.path(), data.path(), &[]));
    succeed(verify(data.path(), &[]));
    report
}

fn rule(priority: i64, clauses: &[Value], serve: &Value) -> Value {
    json!({"ruleId": format!("rule-{priority}"), "priority": priority, "clauses": clauses, "serve": serve})
}

fn clause(attribute: &str, op: &str, values: &[&str]) -> Value {
    json!({"id": "c", "attribute": attribute, "op": op, "values": values, "negate": false})
}

fn beta() -> Value {
    clause("", "segmentMatch", &["beta"])
}

fn rollout(yes: i64, no: i64) -> Value {
    let shares = [("yes", yes), ("no", no)].map(|(id, weight)| json!({"variation": id, "weight": weight}));
    json!({"bucketBy": "identifier", "variations": shares})
}

/// A word of the topic's text, more words of it, and what a flag's rule holds.
fn rules() -> Vec<(&'static str, &'static str, Vec<Value>)> {
    let yes = json!({"variation": "yes"});
    let one = |clause: Value| vec![rule(1, &[clause], &yes)];
    let both = json!({"variation": "yes", "distribution": rollout(50, 50)});
    let negated = with(clause("plan", "equal", &["pro"]), &json!({"negate": true}));
    vec![
        ("(D1)", "Several clauses", vec![rule(1, &[beta(), beta()], &yes)]),
        ("(D1)", "asks for an attribute itself", one(clause("plan", "equal", &["pro"]))),
        ("(D1)", "has no clauses", vec![rule(1, &[], &yes)]),
        ("(D2)", "A rule serves a rollout and a variation", vec![rule(1, &[beta()], &both)]),
        ("rule", "A rule serves nothing", vec![rule(1, &[beta()], &json!({}))]),
        ("(D5)", "named that does not exist", one(clause("", "segmentMatch", &["gone"]))),
        ("D18", "gt is known to Go", one(clause("age", "gt", &["9"]))),
        ("D19", "match to Go", one(clause("mail", "match", &["@"]))),
        ("D21", "other spellings", one(clause("mail", "EQUAL", &["@"]))),
        ("value", "Only the first value", one(clause("plan", "equal", &["a", "b"]))),
        ("(D23)", "negate is set", one(negated)),
        ("(D24)", "has an attribute", one(clause("identifier", "segmentMatch", &["beta"]))),
        ("(D25)", "Rules share a priority", vec![rule(1, &[beta()], &yes), rule(1, &[beta()], &yes)]),
    ]
}

/// The same with fields of the flag itself.
fn fields() -> Vec<(&'static str, &'static str, Value)> {
    let both = json!({"variation": "yes", "distribution": rollout(50, 50)});
    let mapped = json!([{"variation": "no", "targets": [], "targetSegments": ["beta"]}]);
    let list = json!([{"identifier": "yes", "value": "[1]"}, {"identifier": "no", "value": "{}"}]);
    let default = |serve: &Value| json!({ "defaultServe": serve });
    vec![
        ("(D3)", "The default serves a rollout and", default(&both)),
        ("(D4)", "The default serves a rollout (", default(&json!({"distribution": rollout(50, 50)}))),
        ("(D28)", "do not sum to 100", default(&json!({"distribution": rollout(10, 20)}))),
        (
            "(D8)",
            "prerequisite does not exist",
            json!({"prerequisites": [{"feature": "gone", "variations": ["a"]}]}),
        ),
        ("(D12)", "Target groups in a list", json!({ "variationToTargetMap": mapped })),
        ("engine", "it has no variation \"gone\"", json!({"offVariation": "gone"})),
        ("admin", "does not fit its kind, json", json!({"kind": "json", "variations": list})),
        (
            "admin",
            "fewer than two variations",
            json!({"variations": [{"identifier": "yes", "value": "true"}]}),
        ),
    ]
}

#[test]
fn every_difference_between_sdks_is_named_with_its_place() {
    let of_rules = rules().into_iter().map(|(word, words, rules)| (word, words, json!({ "rules": rules })));
    let cases: Vec<_> = of_rules.chain(fields()).collect();
    let flags = (0..).zip(&cases).map(|(n, (_, _, part))| with(flag(&format!("case-{n}"), "dev", 1), part));

    let report = report(&flags.collect::<Vec<_>>(), &[segment("beta", &["ann"], 1)]);

    for (number, (word, words, _)) in (0..).zip(&cases) {
        let topic = report.split("\n\n").find(|topic| topic.contains(words));
        let topic = topic.unwrap_or_else(|| panic!("{words:?} is not in\n{report}"));
        assert!(topic.contains(word), "{word} is not in\n{topic}");
        assert!(topic.contains(&format!("\"case-{number}\"")), "case {number} is not in\n{topic}");
    }
}

#[test]
fn a_portable_directory_is_imported_without_a_word() {
    let rules = [rule(1, &[clause("", "segmentMatch", &["beta"])], &json!({"variation": "yes"}))];
    let flags = [with(flag("dark", "dev", 1), &json!({"rules": rules, "state": "on"}))];
    let members = json!({"servingRules": [{"ruleId": "r", "priority": 1, "clauses": [clause("plan", "in", &["a", "b"])]}]});

    let report = report(&flags, &[with(segment("beta", &["ann"], 1), &members)]);

    let topics: Vec<_> = report.split("\n\n").map(|topic| topic.lines().next().unwrap()).collect();
    assert_eq!(topics.len(), 4, "numbers, what files never hold, kinds of keys, the end:\n{report}");
}

#[test]
fn fields_that_are_not_known_are_tolerated_and_named() {
    let clause = with(beta(), &json!({"colour": "red"}));
    let rules = json!([rule(1, &[clause], &json!({"variation": "yes"}))]);
    let flags = [with(flag("dark", "dev", 1), &json!({"rules": rules, "jira": ["X-1"]}))];

    let report = report(&flags, &[segment("beta", &[], 1)]);

    for field in ["feature_config.json: jira", "feature_config.json: rules.clauses.colour"] {
        assert!(report.contains(field), "{field} is not in\n{report}");
    }
    assert!(!report.contains("segments.json:"), "{report}");
}

#[test]
fn what_cannot_be_kept_is_left_out_and_named() {
    let flags =
        [flag("dark", "dev", 1), with(flag("dark", "dev", 2), &json!({"state": "on"})), flag("", "dev", 1)];

    let report = report(&flags, &[]);

    assert!(
        report.contains("flag \"dark\" in environment dev is there twice; the last one is kept"),
        "{report}"
    );
    assert!(report.contains("a flag without identifier in environment dev"), "{report}");
}

#[test]
fn lists_may_be_null_and_hold_nulls_and_hashes_may_have_their_prefix() {
    let directory = Directory::of(&[flag("dark", "dev", 1)], &[]);
    directory.write_text(DEV, "segments.json", "null");
    directory.write_text(DEV, "targets.json", "[null]");
    directory.write(
        DEV,
        "auth_config.json",
        &json!([format!("auth-key-{}", key_hash("k").to_uppercase()), null]),
    );
    let data = TempDir::new().unwrap();

    let report = succeed(import(directory.path(), data.path(), &[]));

    assert!(report.contains("SDK keys                          1 new"), "{report}");
    assert!(report.contains(&key_hash("k")), "{report}");
}
