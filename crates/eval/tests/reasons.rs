//! Which check is named as the one that decided, and what there is besides an answer.

#![cfg(test)]

use eval::{Reason, Ruleset};
use model::{FlagKind, Snapshot, Target, Version};

/// One flag for each way to decide.
const FLAGS: &str = r#"{
    "version": 7,
    "segments": [{"identifier": "loop", "rules": [{"op": "segmentMatch", "values": ["loop"]}]}],
    "flags": [
        {"feature": "off", "offVariation": "a", "variations": [{"identifier": "a"}], "version": 3},
        {"feature": "unmet", "state": "on", "prerequisites": [{"feature": "off", "variations": []}]},
        {"feature": "endless", "state": "on", "variationToTargetMap": [{"targetSegments": ["loop"]}]},
        {"feature": "listed", "state": "on", "variationToTargetMap": [{"variation": "a", "targets": ["ann"]}]},
        {"feature": "ruled", "state": "on", "rules": [{"serve": {"variation": "a"},
            "clauses": [{"attribute": "identifier", "op": "equal", "values": ["ann"]}]}]},
        {"feature": "rolled", "state": "on", "rules": [{
            "serve": {"distribution": {"variations": [{"variation": "a", "weight": 100}]}},
            "clauses": [{"attribute": "identifier", "op": "equal", "values": ["ann"]}]}]},
        {"feature": "default", "state": "on", "kind": "string", "defaultServe": {"variation": "a"},
            "variations": [{"identifier": "a", "value": "x"}]},
        {"feature": "default-rolled", "state": "on",
            "defaultServe": {"distribution": {"variations": [{"variation": "a", "weight": 100}]}}}
    ]
}"#;

fn ruleset() -> Ruleset {
    let snapshot: Snapshot = serde_json::from_str(FLAGS).unwrap();
    eval::compile(&snapshot).0
}

#[test]
fn reason_names_the_check_that_decided() {
    let (ruleset, target) = (ruleset(), Target::bare("ann"));
    let reasons = ruleset.evaluate_all(&target).map(|(flag, evaluation)| (flag.id, evaluation.reason));

    assert_eq!(
        reasons.collect::<Vec<_>>(),
        [
            ("default", Reason::DefaultServe),
            ("default-rolled", Reason::DefaultRollout),
            ("endless", Reason::Unsound),
            ("listed", Reason::TargetMatch),
            ("off", Reason::Off),
            ("rolled", Reason::RuleRollout),
            ("ruled", Reason::RuleMatch),
            ("unmet", Reason::PrerequisiteUnmet),
        ]
    );
}

#[test]
fn flag_of_another_kind_has_no_value() {
    let ruleset = ruleset();
    let flag = ruleset.flag("default").unwrap();
    let target = Target::bare("ann");

    assert_eq!(ruleset.evaluate_as(flag, FlagKind::String, &target), ruleset.evaluate(flag, &target));
    let mismatch = ruleset.evaluate_as(flag, FlagKind::Boolean, &target);
    assert_eq!((mismatch.variation, mismatch.reason), (None, Reason::KindMismatch));
}

#[test]
fn index_of_another_ruleset_is_no_flag() {
    let ruleset = ruleset();
    let flag = ruleset.flag("unmet").unwrap();

    let (other, target) = (Ruleset::default(), Target::bare("ann"));

    let evaluation = other.evaluate(flag, &target);

    assert_eq!((evaluation.variation, evaluation.reason), (None, Reason::FlagMissing));
    assert_eq!(other.explain(flag, &target).steps, []);
    assert_eq!(other.describe(flag), None);
    assert_eq!(ruleset.flag("loop"), None, "a segment is no flag");
}

#[test]
fn explanation_has_a_json_form() {
    let ruleset = ruleset();
    let explanation = ruleset.explain(ruleset.flag("rolled").unwrap(), &Target::bare("ann"));

    assert_eq!(
        serde_json::to_value(&explanation).unwrap(),
        serde_json::json!({
            "flag": "rolled", "kind": "boolean", "flagVersion": 0, "version": 7, "target": "ann",
            "reason": "ruleRollout", "variation": null,
            "steps": [
                {"check": "state", "on": true},
                {"check": "rule", "id": "", "priority": 0, "matches": true, "steps": [
                    {"check": "clause", "attribute": "identifier", "operator": "equal", "operands": ["ann"],
                     "value": "ann", "holds": true}
                ]},
                {"check": "rollout", "bucketBy": "identifier", "value": "ann", "bucket": 43,
                 "shares": [{"variation": "a", "upTo": 100}], "serves": "a"}
            ]
        })
    );
}

#[test]
fn ruleset_knows_its_flags_and_versions() {
    let ruleset = ruleset();
    let off = ruleset.describe(ruleset.flag("off").unwrap()).unwrap();

    assert_eq!((ruleset.version(), off.version, off.kind), (Version(7), Version(3), FlagKind::Boolean));
    assert_eq!((ruleset.len(), ruleset.is_empty()), (8, false));
}

#[test]
fn warnings_say_which_object_and_what_is_done() {
    let snapshot: Snapshot = serde_json::from_str(
        r#"{"flags": [{"feature": "f", "state": "on", "defaultServe": {"variation": "nosuch"}, "rules": [
            {"ruleId": "empty"}, {"clauses": [{"op": "match", "values": ["("]}, {"op": "neq", "values": ["a"]}]}]},
            {"feature": "loop", "prerequisites": [{"feature": "loop"}]}, {"feature": "loop"}]}"#,
    )
    .unwrap();
    let (_, warnings) = eval::compile(&snapshot);

    let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "flag \"f\": rule \"empty\" has no clauses and never matches",
            "flag \"f\": pattern \"(\" is refused, its clause never matches: found open group without closing ')'",
            "flag \"f\": operator \"neq\" is unknown; its clause never matches",
            "flag \"f\": it has no variation \"nosuch\", so serving that gives no value",
            "flag \"loop\": it is there more than once; the last one counts",
        ]
    );
}
