//! Environments to measure with. The comparison with a peer (`benches/peer`) and the memory test use
//! the same ones.

use serde_json::{Value, json};

/// A flag that is on for everybody, without rules.
pub(crate) fn plain_flag(id: &str) -> Value {
    flag(id, &json!([]), &json!({"variation": "on"}))
}

/// A flag that is rolled out to half of a segment.
pub(crate) fn rollout_flag(id: &str, segment: &str) -> Value {
    let clause = json!({"id": "clause-1", "attribute": "", "op": "segmentMatch", "values": [segment], "negate": false});
    let shares = json!([{"variation": "on", "weight": 50}, {"variation": "off", "weight": 50}]);
    let serve = json!({"distribution": {"bucketBy": "identifier", "variations": shares}});
    let rule = json!({"ruleId": format!("rule-of-{id}"), "priority": 1, "clauses": [clause], "serve": serve});
    flag(id, &json!([rule]), &json!({"variation": "off"}))
}

fn flag(id: &str, rules: &Value, default_serve: &Value) -> Value {
    json!({
        "project": "shop", "environment": "production", "feature": id, "state": "on", "kind": "boolean",
        "variations": [
            {"identifier": "on", "name": "On", "value": "true"},
            {"identifier": "off", "name": "Off", "value": "false"},
        ],
        "offVariation": "off", "defaultServe": default_serve, "rules": rules, "variationToTargetMap": [],
        "prerequisites": [], "version": 1,
    })
}

/// A segment whose members fulfil all clauses: `(attribute, operator, operand)`.
pub(crate) fn segment(id: &str, clauses: &[(&str, &str, &str)]) -> Value {
    let clauses = clauses.iter().map(|(attribute, operator, operand)| {
        json!({"id": "clause-1", "attribute": attribute, "op": operator, "values": [operand], "negate": false})
    });
    let rule = json!({"ruleId": "rule-1", "priority": 1, "clauses": clauses.collect::<Vec<_>>()});
    json!({
        "identifier": id, "name": id, "environment": "production", "tags": [], "included": [], "excluded": [],
        "rules": [], "servingRules": [rule], "version": 1, "createdAt": 1, "modifiedAt": 1,
    })
}

/// A segment with targets listed by identifier.
pub(crate) fn listing_segment(id: &str, count: usize) -> Value {
    let included = (0..count).map(|number| {
        let identifier = target_id(number);
        json!({"identifier": identifier, "name": identifier})
    });
    json!({"identifier": id, "name": id, "included": included.collect::<Vec<_>>(), "version": 1})
}

/// The identifier of the target with that number.
pub(crate) fn target_id(number: usize) -> String {
    format!("user-{number:07}@example.com")
}

/// JSON of `count` flags, each rolled out to half of one of 20 segments of one clause.
pub(crate) fn typical(count: usize) -> String {
    let segments = (0..20).map(|number| {
        let (attribute, operand) = if number % 2 == 0 { ("plan", "enterprise") } else { ("country", "CH") };
        segment(&format!("segment-{number:02}"), &[(attribute, "equal", operand)])
    });
    let flags = (0..count)
        .map(|number| rollout_flag(&format!("flag-{number:05}"), &format!("segment-{:02}", number % 20)));
    json!({"version": 1, "flags": flags.collect::<Vec<_>>(), "segments": segments.collect::<Vec<_>>()})
        .to_string()
}

/// JSON of a target with seven attributes.
pub(crate) fn target() -> Value {
    json!({
        "identifier": target_id(42), "name": "Ann Smith",
        "attributes": {
            "email": "ann.smith@example.com", "plan": "enterprise", "country": "CH", "language": "de",
            "version": "2.14.0", "age": 42, "beta": true,
        },
    })
}
