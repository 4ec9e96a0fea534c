//! Rules of flags, and segments that are served before all rules.

use serde_json::{Value, json};

use super::service::{Caller, Service, each};

const DARK: &str = "/features/dark";

/// The flag "dark" and the segments "beta" and "staff".
async fn owner(service: &Service) -> Caller {
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    for identifier in ["beta", "staff"] {
        let body =
            json!({ "identifier": identifier, "name": identifier, "project": "shop", "environment": "dev" });
        owner.post("/segments", &body).await.is(201);
    }
    owner
}

fn members(segments: &[&str]) -> Value {
    json!([{ "op": "segmentMatch", "attribute": "", "values": segments }])
}

fn rule(id: &str, segment: &str) -> Value {
    json!({ "uuid": id, "clauses": members(&[segment]), "serve": { "variation": "true" } })
}

fn rollout(on: i64, off: i64) -> Value {
    json!({ "distribution": { "bucketBy": "email", "variations": [
        { "variation": "true", "weight": on }, { "variation": "false", "weight": off },
    ]}})
}

/// The rules of "dark" as an answer shows them.
fn rules(answer: &Value) -> &Value {
    &answer["envProperties"]["rules"]
}

#[tokio::test]
async fn rules_are_added_changed_ordered_and_removed() {
    let service = Service::start().await;
    let owner = owner(&service).await;

    owner.instruct(DARK, "addRule", rule("one", "beta")).await.is(200);
    let added = owner.instruct(DARK, "addRule", rule("two", "staff")).await.is(200);
    let change = json!({ "ruleID": "one", "serve": rollout(25, 75), "clauses": members(&["beta", "staff"]) });
    let changed = owner.instruct(DARK, "updateRule", change).await.is(200);
    let ordered = owner.instruct(DARK, "reorderRules", json!({ "rules": ["two", "one"] })).await.is(200);
    let moved = owner.instruct(DARK, "updateRule", json!({ "ruleID": "two", "priority": 300 })).await.is(200);
    let removed = owner.instruct(DARK, "removeRule", json!({ "ruleID": "one" })).await.is(200);

    let places = |answer: &Value| {
        let rules = rules(answer).as_array().unwrap();
        rules.iter().map(|rule| (rule["ruleId"].to_string(), rule["priority"].clone())).collect::<Vec<_>>()
    };
    let place = |id: &str, priority: i64| (format!("\"{id}\""), json!(priority));
    assert_eq!(places(&added), [place("one", 100), place("two", 200)], "the last one comes last");
    assert_eq!(rules(&changed)[0]["serve"], rollout(25, 75));
    assert_eq!(rules(&changed)[0]["clauses"][0]["values"], json!(["beta", "staff"]));
    assert_eq!(places(&ordered), [place("two", 100), place("one", 200)]);
    assert_eq!(places(&moved), [place("one", 200), place("two", 300)]);
    assert_eq!(places(&removed), [place("two", 300)]);
    assert_eq!(owner.at("live").get(DARK).await.is(200)["envProperties"]["rules"], json!([]));
}

#[tokio::test]
async fn a_clause_of_a_rule_changes_by_its_id() {
    let service = Service::start().await;
    let owner = owner(&service).await;
    let added = owner.instruct(DARK, "addRule", rule("one", "beta")).await.is(200);
    let clause = rules(&added)[0]["clauses"][0]["id"].as_str().unwrap().to_owned();

    let change = json!({ "ruleID": "one", "clauseID": clause, "values": ["staff"] });
    let changed = owner.instruct(DARK, "updateClause", change).await.is(200);
    let second = json!({ "ruleID": "one", "op": "segmentMatch", "values": ["beta"] });
    let second = owner.instruct(DARK, "addClause", second).await.refused(400);
    let unknown = json!({ "ruleID": "one", "clauseID": "x" });
    let unknown = owner.instruct(DARK, "removeClause", unknown).await.refused(400);
    let last = json!({ "ruleID": "one", "clauseID": clause });
    let last = owner.instruct(DARK, "removeClause", last).await.refused(400);

    assert_eq!(rules(&changed)[0]["clauses"][0]["values"], json!(["staff"]));
    assert!(
        second.starts_with("rule \"one\".clauses: has 2 clauses; SDKs disagree about several"),
        "{second}"
    );
    assert_eq!(unknown, "instructions[0].parameters.clauseID: the rule has no clause \"x\"");
    assert!(last.starts_with("rule \"one\".clauses: has 0 clauses"), "{last}");
}

#[tokio::test]
async fn members_of_a_segment_are_served_before_all_rules_until_it_is_taken_off() {
    let service = Service::start().await;
    let owner = owner(&service).await;
    let map = |segments: &[&str]| json!({ "variation": "false", "targetSegments": segments });
    let targets = json!({ "variation": "true", "targets": ["ann"] });

    owner.instruct(DARK, "addTargetsToVariationTargetMap", targets).await.is(200);
    let added =
        owner.instruct(DARK, "addSegmentToVariationTargetMap", map(&["beta", "staff", "beta"])).await.is(200);
    let removed = owner.instruct(DARK, "removeSegmentToVariationTargetMap", map(&["staff"])).await.is(200);
    let cleared = json!({ "variation": "false" });
    let cleared = owner.instruct(DARK, "clearVariationTargetMapping", cleared).await.is(200);
    let empty = owner.instruct(DARK, "clearVariationTargetMapping", json!({})).await.is(200);

    let maps = |answer: &Value| answer["envProperties"]["variationMap"].clone();
    assert_eq!(maps(&added)[1]["targetSegments"], json!(["beta", "staff"]));
    assert_eq!(maps(&removed)[1]["targetSegments"], json!(["beta"]));
    assert_eq!(each(&maps(&cleared), "variation"), ["true"]);
    assert_eq!(maps(&empty), json!([]));
}

#[tokio::test]
async fn a_rule_that_sdks_would_disagree_about_is_refused() {
    let service = Service::start().await;
    let owner = owner(&service).await;
    owner.instruct(DARK, "addRule", rule("one", "beta")).await.is(200);
    let before = service.versions().await;
    let with = |fields: Value| {
        let mut rule = rule("new", "staff");
        rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        rule
    };
    let by_plan = json!([{ "op": "equal", "attribute": "plan", "values": ["pro"] }]);
    let both = json!({ "variation": "true", "distribution": rollout(50, 50)["distribution"] });
    let within = "instructions[0].parameters.";

    for (kind, parameters, message) in [
        ("addRule", with(json!({ "clauses": [] })), "rule \"new\".clauses: has 0 clauses"),
        (
            "addRule",
            with(json!({ "clauses": by_plan })),
            "rule \"new\".clauses[0].op: \"equal\" is not for rules",
        ),
        (
            "addRule",
            with(json!({ "clauses": members(&["moon"]) })),
            "values: target group \"moon\" does not exist",
        ),
        (
            "addRule",
            with(json!({ "clauses": members(&[]) })),
            "rule \"new\".clauses[0].values: holds 0 values",
        ),
        ("addRule", with(json!({ "priority": 100 })), "priority: two rules have the priority 100"),
        ("addRule", with(json!({ "uuid": "one" })), &format!("{within}uuid: a rule \"one\" exists")),
        ("addRule", with(json!({ "serve": both })), &format!("{within}serve: needs either a variation, or")),
        ("addRule", with(json!({ "serve": {} })), &format!("{within}serve: needs either a variation, or")),
        (
            "addRule",
            with(json!({ "serve": { "variation": "maybe" } })),
            &format!("{within}variation: \"maybe\" is no"),
        ),
        (
            "addRule",
            with(json!({ "serve": rollout(60, 60) })),
            &format!("{within}serve.variations: the weights 60 + 60"),
        ),
        (
            "addRule",
            with(json!({ "serve": rollout(-1, 101) })),
            &format!("{within}serve.variations: the weights -1"),
        ),
        ("updateRule", json!({ "ruleID": "two" }), &format!("{within}ruleID: the flag has no rule \"two\"")),
        ("updateRule", json!({ "priority": 1 }), &format!("{within}ruleID: is missing")),
        ("removeRule", json!({ "ruleID": "two" }), &format!("{within}ruleID: the flag has no rule \"two\"")),
        ("reorderRules", json!({ "rules": ["one", "one"] }), &format!("{within}rules: names 2 rules")),
        (
            "addSegmentToVariationTargetMap",
            json!({ "variation": "true", "targetSegments": ["moon"] }),
            "values: target group \"moon\" does not exist in environment \"dev\"",
        ),
    ] {
        let found = owner.instruct(DARK, kind, parameters.clone()).await.refused(400);
        assert!(found.starts_with(message), "{kind} {parameters}\nexpected {message}\nfound    {found}");
    }
    assert_eq!(service.versions().await, before);
}

#[tokio::test]
async fn a_variation_that_a_rule_serves_stays() {
    let service = Service::start().await;
    let owner = owner(&service).await;
    let third = json!({ "identifier": "other", "name": "Other", "value": "true" });
    owner.instruct(DARK, "addVariation", third).await.is(200);
    let serve = json!({ "uuid": "one", "clauses": members(&["beta"]), "serve": { "variation": "other" } });
    owner.instruct(DARK, "addRule", serve).await.is(200);
    let delete = || owner.instruct(DARK, "deleteVariation", json!({ "identifier": "other" }));

    let refused = delete().await.refused(409);
    owner.instruct(DARK, "removeRule", json!({ "ruleID": "one" })).await.is(200);
    let deleted = delete().await.is(200);

    let expected = "variation \"other\" is used as a served variation in environment \"dev\"; change that before deleting it";
    assert_eq!(refused, expected);
    assert_eq!(each(&deleted["variations"], "identifier"), ["true", "false"]);
}
