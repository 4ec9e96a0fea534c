//! What Python, Ruby and .NET insist on: no `null` anywhere, and every field of the contract.

use serde_json::{Value, json};

use crate::world::World;

/// An environment as a file of another tool may hold it: everything that may be `null` or missing is.
fn sparse() -> World {
    World::new(json!({
        "version": 9,
        "flags": [
            {"feature": "bare"},
            {
                "feature": "full", "project": "shop", "environment": "dev", "state": "on", "kind": "number", "version": 8,
                "variations": [{"identifier": "one", "value": "1", "name": null, "description": null}, {"identifier": "two"}],
                "offVariation": "one",
                "defaultServe": {"variation": null, "distribution": {"bucketBy": null, "variations": [{"variation": "one", "weight": null}]}},
                "rules": [
                    {"clauses": [{"op": "segmentMatch", "values": ["beta"]}], "serve": {"variation": "two", "distribution": null}},
                    {"ruleId": null, "priority": null, "clauses": null, "serve": null},
                ],
                "variationToTargetMap": [{"variation": "two", "targets": [{"identifier": "bob", "name": null}], "targetSegments": null}],
                "prerequisites": [{"feature": "bare", "variations": null}],
            },
            {"feature": "nulls", "variations": null, "rules": null, "variationToTargetMap": null, "prerequisites": null, "defaultServe": null},
        ],
        "segments": [
            {"identifier": "bare"},
            {
                "identifier": "beta", "name": "Beta", "version": 9, "createdAt": 1, "modifiedAt": 2,
                "tags": [{"name": "a", "identifier": null}],
                "included": [{"identifier": "alice", "name": "Alice", "attributes": null}, {"identifier": "bob"}],
                "excluded": [{"identifier": "carol"}],
                "rules": [{"id": "old", "attribute": "x", "op": "equal", "values": ["1"]}],
                "servingRules": [
                    {"ruleId": "r1", "priority": 1, "clauses": [{"id": "c1", "attribute": "plan", "op": "equal", "values": ["pro"], "negate": null}]},
                    {"ruleId": null, "clauses": [{"op": "in", "attribute": "a", "values": null}, {"op": "in", "attribute": "b", "values": ["1"]}]},
                ],
            },
            {"identifier": "old", "rules": [{"attribute": "email", "op": "ends_with", "values": ["@example.com"]}]},
        ],
    }))
}

/// The contract's flag: every field that some SDK needs, by example. `?` marks what may be left out.
fn flag_shape() -> Value {
    let serve = json!({
        "variation?": "",
        "distribution?": {"bucketBy": "", "variations": [{"variation": "", "weight": 0}]},
    });
    json!({
        "project": "", "environment": "", "feature": "", "state": "", "kind": "", "version": 0,
        "variations": [{"identifier": "", "name": "", "value": "", "description?": ""}],
        "offVariation": "",
        "defaultServe": serve,
        "rules": [{"ruleId": "", "priority": 0, "clauses": [clause_shape()], "serve": serve}],
        "variationToTargetMap": [
            {"variation": "", "targets": [{"identifier": "", "name": ""}], "targetSegments": [""]},
        ],
        "prerequisites": [{"feature": "", "variations": [""]}],
    })
}

fn segment_shape() -> Value {
    let target = json!({
        "identifier": "", "name": "", "environment": "", "project": "", "account": "", "org": "",
    });
    json!({
        "identifier": "", "name": "", "environment": "", "version": 0, "createdAt": 0, "modifiedAt": 0,
        "tags": [{"name": "", "identifier": ""}],
        "included": [target],
        "excluded": [target],
        "rules": [clause_shape()],
        "servingRules?": [{"ruleId": "", "priority": 0, "clauses": [clause_shape()]}],
    })
}

fn clause_shape() -> Value {
    json!({"id": "", "attribute": "", "op": "", "values": [""], "negate": false})
}

/// Every place where `value` is not as `shape`: missing, of another type, `null`, or not in the contract.
fn misfits(place: &str, value: &Value, shape: &Value, found: &mut Vec<String>) {
    match (value, shape) {
        (Value::Object(fields), Value::Object(shapes)) => {
            for (name, shape) in shapes {
                let required = name.trim_end_matches('?');
                match fields.get(required) {
                    Some(field) => misfits(&format!("{place}.{required}"), field, shape, found),
                    None if required == name => found.push(format!("{place}.{name} is missing")),
                    None => {}
                }
            }
            let known = |name: &str| shapes.keys().any(|shape| shape.trim_end_matches('?') == name);
            let unknown = fields.keys().filter(|name| !known(name));
            found.extend(unknown.map(|name| format!("{place}.{name} is not in the contract")));
        }
        (Value::Array(items), Value::Array(shape)) => {
            for (index, item) in items.iter().enumerate() {
                misfits(&format!("{place}[{index}]"), item, &shape[0], found);
            }
        }
        _ if std::mem::discriminant(value) == std::mem::discriminant(shape) => {}
        _ => found.push(format!("{place} is {value}")),
    }
}

fn assert_complete(items: &Value, shape: Value) {
    let mut found = Vec::new();
    misfits("$", items, &Value::Array(vec![shape]), &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test]
async fn flags_are_complete_whatever_was_imported() {
    let world = sparse();

    let flags = world.read("feature-configs?cluster=1").await.json();

    assert_eq!(flags.as_array().unwrap().len(), 3);
    assert_complete(&flags, flag_shape());
    for flag in flags.as_array().unwrap() {
        let feature = flag["feature"].as_str().unwrap();
        assert!(["on", "off"].contains(&flag["state"].as_str().unwrap()));
        assert!(["boolean", "int", "string", "json"].contains(&flag["kind"].as_str().unwrap()));
        assert_eq!(world.read(&format!("feature-configs/{feature}")).await.json(), *flag);
    }
}

#[tokio::test]
async fn segments_are_complete_in_both_views() {
    let world = sparse();
    for query in ["", "?rules=v2", "?cluster=1&rules=v2", "?cluster=1;rules=v2", "?rules=v1"] {
        let segments = world.read(&format!("target-segments{query}")).await.json();

        assert_eq!(segments.as_array().unwrap().len(), 3);
        assert_complete(&segments, segment_shape());
        let v2 = query.contains("v2");
        for segment in segments.as_array().unwrap() {
            let identifier = segment["identifier"].as_str().unwrap();
            assert_eq!(segment.get("servingRules").is_some(), v2, "{query}");
            assert_eq!(world.read(&format!("target-segments/{identifier}{query}")).await.json(), *segment);
        }
    }
}

#[tokio::test]
async fn old_readers_get_the_rules_that_can_be_said_in_the_old_way() {
    let world = sparse();
    let clause = |id: &str, attribute: &str, op: &str, value: &str| json!({"id": id, "attribute": attribute, "op": op, "values": [value], "negate": false});
    for query in ["", "?rules=v2"] {
        let read = async |id: &str| world.read(&format!("target-segments/{id}{query}")).await.json();

        assert_eq!(read("beta").await["rules"], json!([clause("c1", "plan", "equal", "pro")]), "{query}");
        assert_eq!(read("old").await["rules"], json!([clause("", "email", "ends_with", "@example.com")]));
        assert_eq!(read("bare").await["rules"], json!([]));
    }
    let beta = world.read("target-segments/beta?rules=v2").await.json();
    assert_eq!(beta["servingRules"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn members_are_complete_targets_of_the_keys_scope() {
    let beta = sparse().read("target-segments/beta").await.json();

    let scope = |identifier: &str, name: &str| json!({"identifier": identifier, "name": name, "environment": "dev", "project": "shop", "account": "acct1", "org": "default"});
    assert_eq!(beta["included"], json!([scope("alice", "Alice"), scope("bob", "bob")]));
    assert_eq!(beta["excluded"], json!([scope("carol", "carol")]));
}
