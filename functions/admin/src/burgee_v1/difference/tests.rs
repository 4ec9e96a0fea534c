//! Differences, as people read them.

use model::{Clause, Flag, FlagConfig, FlagState, Segment, Serve, ServingRule, TargetName, VariationMap};
use serde_json::{Value, json};
use store::Kind;

use super::differences;

fn summaries(kind: Kind, before: &Value, after: &Value) -> Vec<String> {
    let (before, after) = (before.to_string(), after.to_string());
    let found = differences(kind, Some(&before), Some(&after)).unwrap();
    found.into_iter().map(|difference| difference.summary).collect()
}

fn serves(variation: &str) -> Serve {
    Serve::variation(model::VariationId::from_wire(variation))
}

fn rule(id: &str, priority: i64, segment: &str, variation: &str) -> ServingRule {
    ServingRule {
        rule_id: id.into(),
        priority,
        clauses: vec![Clause {
            op: "segmentMatch".into(),
            values: vec![segment.into()],
            ..Clause::default()
        }],
        serve: serves(variation),
    }
}

fn map(variation: &str, targets: &[&str]) -> VariationMap {
    let target = |id: &&str| TargetName::unnamed(model::TargetId::from_wire(*id));
    VariationMap {
        variation: model::VariationId::from_wire(variation),
        targets: targets.iter().map(target).collect(),
        target_segments: Vec::new(),
    }
}

#[test]
fn what_a_flag_serves_is_told_change_by_change() {
    let before = FlagConfig {
        default_serve: serves("on"),
        rules: vec![rule("r1", 100, "beta", "on"), rule("r2", 200, "vip", "on")],
        variation_to_target_map: vec![map("on", &["ann", "bob"]), map("off", &["eve"])],
        ..FlagConfig::default()
    };
    let mut after = FlagConfig {
        state: FlagState::On,
        rules: vec![rule("r3", 50, "staff", "off"), rule("r2", 300, "vip", "off")],
        variation_to_target_map: vec![map("on", &["bob", "cid", "dan"])],
        ..before.clone()
    };
    after.default_serve =
        serde_json::from_value(json!({"distribution": {"bucketBy": "email", "variations": [
        {"variation": "on", "weight": 30}, {"variation": "off", "weight": 70}]}}))
        .unwrap();

    let found = summaries(Kind::FlagConfig, &json!(before), &json!(after));

    assert_eq!(
        found,
        [
            "state: off → on",
            "default serve: on → 30 % on, 70 % off by email",
            "rule r1 removed",
            "rule r3 added",
            "serve of rule r2: on → off",
            "priority of rule r2: 200 → 300",
            "targets served off: 1 removed",
            "targets served on: 2 added, 1 removed",
        ]
    );
}

#[test]
fn a_difference_has_its_path_and_both_values() {
    let before = json!({"feature": "a", "state": "off"}).to_string();
    let after = json!({"feature": "a", "state": "on"}).to_string();

    let found = differences(Kind::FlagConfig, Some(&before), Some(&after)).unwrap();

    assert_eq!(
        json!(found),
        json!([{"path": "state", "before": "off", "after": "on", "summary": "state: off → on"}])
    );
}

#[test]
fn targets_are_counted_not_named() {
    let segment = |included: &[&str]| Segment {
        included: included.iter().map(|id| TargetName::unnamed(model::TargetId::from_wire(*id))).collect(),
        ..Segment::default()
    };
    let (before, after) = (json!(segment(&["ann"])).to_string(), json!(segment(&["bob", "cid"])).to_string());

    let found = differences(Kind::Segment, Some(&before), Some(&after)).unwrap();

    let expected = json!([{
        "path": "included", "before": 1, "after": 2, "summary": "included targets: 2 added, 1 removed",
    }]);
    assert_eq!(json!(found), expected);
}

#[test]
fn variations_tags_and_prerequisites_are_known_by_their_identifiers() {
    let flag = |body: Value| {
        let mut flag = json!({
            "identifier": "a", "name": "A", "kind": "string", "variations": [], "defaultOnVariation": "on",
            "defaultOffVariation": "off", "createdAt": 1, "modifiedAt": 1,
        });
        flag.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        serde_json::from_value::<Flag>(flag).unwrap()
    };
    let before = flag(json!({
        "description": "x".repeat(100),
        "variations": [{"identifier": "on", "value": "1"}, {"identifier": "off", "value": "0"}],
        "tags": [{"identifier": "old", "name": "Old"}],
        "prerequisites": [{"feature": "b", "variations": ["on"]}],
    }));
    let after = flag(json!({
        "modifiedAt": 2,
        "variations": [{"identifier": "off", "value": "0"}, {"identifier": "on", "value": "2"}],
        "tags": [{"identifier": "new", "name": "New"}],
        "prerequisites": [{"feature": "b", "variations": ["on", "off", "c", "d"]}],
    }));

    let found = summaries(Kind::Flag, &json!(before), &json!(after));

    assert_eq!(
        found,
        [
            format!("description: {}… → (empty)", "x".repeat(60)).as_str(),
            "value of variation on: 1 → 2",
            "variations: order changed",
            "prerequisite b serves: on → on, off, c and 1 more",
            "tag old removed",
            "tag new added",
        ]
    );
}

#[test]
fn an_object_that_is_new_or_gone_has_no_differences() {
    let body = json!({"feature": "a"}).to_string();

    for (before, after) in [(None, Some(body.as_str())), (Some(body.as_str()), None), (None, None)] {
        assert_eq!(differences(Kind::FlagConfig, before, after).unwrap(), []);
    }
    assert_eq!(differences(Kind::FlagConfig, Some(&body), Some(&body)).unwrap(), []);
}
