//! Values of all kinds, for many targets, by everything that can decide one.

use std::fs;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Target;
use serde_json::{Map, Value, json};
use tests::admin::Environment;
use tests::burgee::burgee;
use tests::sdk::Answer;
use tests::wire;

use super::participant::{Question, alice};
use super::table::Cell;
use super::world::World;

const TARGETS: usize = 32;

/// Identifiers and values.
type Variations = &'static [(&'static str, &'static str)];

/// Identifier, kind and variations; the first is served when the flag is on, the last when it is off.
const FLAGS: &[(&str, &str, Variations)] = &[
    ("off", "boolean", &[("true", "true"), ("false", "false")]),
    ("listed", "boolean", &[("true", "true"), ("false", "false")]),
    ("by-list", "int", &[("many", "2.5"), ("few", "-1")]),
    ("by-condition", "string", &[("gold", "Gold, of course"), ("paper", "Paper")]),
    ("by-two-conditions", "boolean", &[("true", "true"), ("false", "false")]),
    ("by-negation", "string", &[("both", "both"), ("neither", "neither")]),
    ("rollout", "string", &[("one", "one"), ("two", "two"), ("three", "three")]),
    ("rollout-by-plan", "json", &[("blue", r#"{"colour":"blue","sizes":[1,2.5]}"#), ("bare", "{}")]),
    ("needs-rollout", "boolean", &[("true", "true"), ("false", "false")]),
    ("needs-what-is-off", "boolean", &[("true", "true"), ("false", "false")]),
];

/// Makes the flags and segments that the values come from.
pub(crate) fn fill(environment: &Environment) {
    for (flag, kind, variations) in FLAGS {
        environment.create_flag(flag, kind, variations);
        if *flag != "off" {
            environment.switch(flag, "on");
        }
    }
    fill_segments(environment);
    let listed = json!({ "variation": "false", "targets": ["user-4", "user-5"] });
    environment.instruct("listed", "addTargetsToVariationTargetMap", &listed);
    for (flag, segments, variation) in [
        ("by-list", &["insiders"][..], "few"),
        ("by-condition", &["silver"], "paper"),
        ("by-two-conditions", &["paying-in-europe"], "false"),
        ("by-negation", &["no-admin-of-first-region", "silver"], "neither"),
    ] {
        let clause = clause("", "segmentMatch", segments);
        environment.instruct(
            flag,
            "addRule",
            &json!({ "clauses": [clause], "serve": { "variation": variation } }),
        );
    }
    rollout(environment, "rollout", "identifier", &[("one", 20), ("two", 30), ("three", 50)]);
    rollout(environment, "rollout-by-plan", "email", &[("blue", 50), ("bare", 50)]);
    let needs = |flag, feature, variations: Value| {
        let parameters = json!({ "feature": feature, "variations": variations });
        environment.instruct(flag, "addPrerequisite", &parameters);
    };
    needs("needs-rollout", "rollout", json!(["two", "three"]));
    needs("needs-what-is-off", "off", json!(["true"]));
}

/// Lists, and conditions by all that every SDK understands alike. Conditions of one rule hold together.
fn fill_segments(environment: &Environment) {
    let instruct = |segment: &str, kind, parameters| environment.instruct_segment(segment, kind, &parameters);
    for segment in ["insiders", "silver", "paying-in-europe", "no-admin-of-first-region"] {
        environment.create_segment(segment);
    }
    instruct("insiders", "addToIncludeList", json!({ "targets": ["user-1", "user-2"] }));
    instruct("insiders", "addToExcludeList", json!({ "targets": ["user-3", "user-6"] }));
    instruct("insiders", "addRule", json!({ "clauses": [clause("plan", "equal", &["gold"])] }));
    instruct("silver", "addRule", json!({ "clauses": [clause("plan", "equal_sensitive", &["silver"])] }));
    let both = [clause("plan", "in", &["gold", "silver"]), clause("region", "starts_with", &["eu-"])];
    instruct("paying-in-europe", "addRule", json!({ "clauses": both }));
    let mut no_admin = clause("email", "contains", &["admin"]);
    no_admin["negate"] = json!(true);
    let both = [clause("region", "ends_with", &["-1"]), no_admin];
    instruct("no-admin-of-first-region", "addRule", json!({ "clauses": both }));
}

fn clause(attribute: &str, op: &str, values: &[&str]) -> Value {
    json!({ "attribute": attribute, "op": op, "values": values })
}

fn rollout(environment: &Environment, flag: &str, bucket_by: &str, weights: &[(&str, u8)]) {
    let variations: Vec<_> = weights
        .iter()
        .map(|(variation, weight)| json!({ "variation": variation, "weight": weight }))
        .collect();
    let distribution = json!({ "bucketBy": bucket_by, "variations": variations });
    environment.instruct(flag, "updateDefaultServe", &json!({ "distribution": distribution }));
}

/// Every SDK answers every flag for every target as our evaluations and `burgee eval` do.
pub(crate) fn agree(world: &mut World) -> Vec<Cell> {
    let targets = targets();
    let expected: Vec<Vec<Value>> = served(world, &targets);
    assert_eq!(expected, evaluated(world, &targets), "the client API against `burgee eval`");
    for (index, (flag, ..)) in FLAGS.iter().enumerate().filter(|(_, (flag, ..))| !flag.contains("off")) {
        let first = expected[0][index].clone();
        assert!(
            expected.iter().any(|of_target| of_target[index] != first),
            "{flag} serves everybody the same"
        );
    }
    world.each(|participant| {
        for (target, expected) in targets.iter().zip(&expected) {
            participant.become_target(target);
            for ((flag, kind, _), expected) in FLAGS.iter().zip(expected) {
                let otherwise = json!("the default");
                let question = Question { flag: (*flag).to_owned(), kind, otherwise };
                let value = participant.value(&question);
                assert_eq!(Answer::of(value), Answer::of(expected.clone()), "{flag} for {target:?}");
            }
        }
        participant.become_target(&alice());
        format!("{} values", targets.len() * FLAGS.len())
    })
}

fn targets() -> Vec<Target> {
    let target = |number: usize| {
        let plan = ["gold", "silver", "free"][number % 3];
        let region = ["eu-1", "eu-2", "us-1"][number / 3 % 3];
        let email =
            format!("{}{number}@example.com", if number.is_multiple_of(5) { "admin" } else { "user" });
        let attributes =
            json!({ "plan": plan, "region": region, "email": email }).as_object().cloned().unwrap();
        let identifier = format!("user-{number}");
        Target {
            name: identifier.as_str().into(),
            identifier: identifier.into(),
            anonymous: false,
            attributes,
        }
    };
    (0..TARGETS).map(target).collect()
}

/// By target and flag, what our client API answers, as typed values.
fn served(world: &World, targets: &[Target]) -> Vec<Vec<Value>> {
    let environment = world.environment.snapshot()["environment"].as_str().unwrap().to_owned();
    let url = world.burgee.url();
    let client = wire::Client::new(&url, &world.client_key, &environment, None);
    let bearer = format!("Bearer {}", client.token());
    let of_target = |target: &Target| {
        let header = STANDARD.encode(json!(target).to_string());
        let headers = [("authorization", bearer.as_str()), ("harness-target", &header)];
        let path = format!("/client/env/{environment}/target/{}/evaluations?cluster=1", target.identifier);
        let (status, evaluations) = wire::send("GET", &format!("{url}{path}"), &headers, None);
        assert_eq!(status, 200, "{evaluations}");
        let text = |flag: &str| {
            let mut all = evaluations.as_array().unwrap().iter();
            all.find(|one| one["flag"] == flag).unwrap()["value"].as_str().unwrap().to_owned()
        };
        FLAGS.iter().map(|(flag, kind, _)| typed(kind, &text(flag))).collect()
    };
    targets.iter().map(of_target).collect()
}

/// The same by `burgee eval` on the environment's snapshot.
fn evaluated(world: &World, targets: &[Target]) -> Vec<Vec<Value>> {
    let file = world.burgee.data().with_file_name("snapshot.json");
    fs::write(&file, world.environment.snapshot().to_string()).unwrap();
    let of_target = |target: &Target| {
        let mut command: Command = burgee();
        command.args(["eval", "--all", "--snapshot"]).arg(&file);
        let output = command.args(["--target", &json!(target).to_string()]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let lines = String::from_utf8(output.stdout).unwrap();
        let texts: Map<String, Value> = lines.lines().map(read_line).collect();
        FLAGS.iter().map(|(flag, kind, _)| typed(kind, texts[*flag].as_str().unwrap())).collect()
    };
    targets.iter().map(of_target).collect()
}

/// `flag: value (variation …; reason)`.
fn read_line(line: &str) -> (String, Value) {
    let (flag, rest) = line.split_once(": ").unwrap();
    let (value, _) = rest.rsplit_once(" (variation ").unwrap();
    (flag.to_owned(), json!(value))
}

/// A variation's text as an SDK hands it to the application.
fn typed(kind: &str, text: &str) -> Value {
    if kind == "string" { json!(text) } else { serde_json::from_str(text).unwrap() }
}
