//! Segments (target groups): every instruction, who is a member, who uses them, and in which order it is told.

use serde_json::{Value, json};

use super::service::{Caller, Service, each};

fn clause(id: &str, attribute: &str, op: &str, values: &[&str]) -> Value {
    json!({ "id": id, "attribute": attribute, "op": op, "values": values, "negate": false })
}

async fn make(caller: &Caller, identifier: &str, fields: Value) {
    let mut body = json!({
        "identifier": identifier, "name": identifier, "project": "shop", "environment": "dev",
    });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    assert_eq!(caller.post("/segments", &body).await.is(201), Value::Null, "the answer has no body");
}

async fn read(caller: &Caller, identifier: &str) -> Value {
    caller.get(&format!("/segments/{identifier}")).await.is(200)
}

/// What the feed told of the last version: `patch flag dark`.
async fn told(service: &Service) -> Vec<String> {
    let last = service.announced().await.pop().unwrap();
    let text = |value: &Value, field: &str| value[field].as_str().unwrap().to_owned();
    let event = |event| {
        let event = serde_json::to_value(event).unwrap();
        ["event", "domain", "identifier"].map(|field| text(&event, field)).join(" ")
    };
    last.events.into_iter().map(event).collect()
}

/// The flag "dark", on in "dev", with one rule that serves `true` to that segment.
async fn flag_with_rule(caller: &Caller, segment: &str) {
    caller.make_flag("dark", "shop", &[]).await;
    let rule = json!({
        "uuid": "rule", "priority": 100, "serve": { "variation": "true" },
        "clauses": [{ "op": "segmentMatch", "attribute": "", "values": [segment] }],
    });
    caller.instruct("/features/dark", "addRule", rule).await.is(200);
}

#[tokio::test]
async fn a_segment_is_made_read_listed_and_deleted() {
    let service = Service::start().await;
    let owner = service.owner();
    let plan = clause("c", "plan", "equal", &["pro"]);
    let fields = json!({
        "name": "Beta testers", "included": ["ann"], "excluded": ["bob"], "rules": [plan],
        "tags": [{ "identifier": "web", "name": "Web" }],
    });

    make(&owner, "beta", fields).await;
    make(&owner, "alpha", json!({ "name": "Testers" })).await;
    let beta = read(&owner, "beta").await;
    let down = owner.get("/segments?sortByField=name&sortOrder=DESCENDING").await.is(200);
    let named = owner.get("/segments?name=bETA").await.is(200);
    let identified = owner.get("/segments?identifier=ALP").await.is(200);
    owner.delete("/segments/alpha").await.is(204);

    assert_eq!((&beta["name"], &beta["environment"]), (&json!("Beta testers"), &json!("dev")));
    assert_eq!(
        (each(&beta["included"], "identifier"), each(&beta["excluded"], "name")),
        (vec!["ann".to_owned()], vec!["bob".to_owned()])
    );
    assert_eq!((&beta["rules"], &beta["servingRules"]), (&json!([plan]), &json!([])));
    assert_eq!(each(&beta["tags"], "identifier"), ["web"]);
    assert_eq!(each(&down["segments"], "identifier"), ["alpha", "beta"]);
    assert_eq!(
        (each(&named["segments"], "identifier"), &named["itemCount"]),
        (vec!["beta".to_owned()], &json!(1))
    );
    assert_eq!(each(&identified["segments"], "identifier"), ["alpha"]);
    assert_eq!(owner.get("/segments/alpha").await.refused(404), "segment \"alpha\" does not exist");
    owner.at("live").get("/segments/beta").await.refused(404);
}

#[tokio::test]
async fn a_segment_without_identifier_is_named_after_its_name() {
    let service = Service::start().await;
    let owner = service.owner();
    let body = json!({ "name": "Beta testers!", "project": "shop", "environment": "dev" });

    owner.post("/segments", &body).await.is(201);
    let again = owner.post("/segments", &body).await.refused(409);

    assert_eq!(read(&owner, "Beta_testers_").await["name"], "Beta testers!");
    assert_eq!(again, "segment \"Beta_testers_\" already exists; choose another identifier");
}

#[tokio::test]
async fn targets_move_between_the_lists_as_terraform_moves_them() {
    let service = Service::start().await;
    let owner = service.owner();
    make(&owner, "beta", json!({ "included": ["ann", "bob"], "excluded": ["cat"] })).await;
    let instruction =
        |kind: &str, targets: &[&str]| json!({ "kind": kind, "parameters": { "targets": targets } });
    let body = json!({ "instructions": [
        instruction("removeFromIncludeList", &["ann"]), instruction("removeFromExcludeList", &["cat"]),
        instruction("addToExcludeList", &["ann", "ann"]), instruction("addToIncludeList", &["cat", "dan"]),
    ]});

    let answer = owner.send("PATCH", "/segments/beta", Some(&body)).await.is(200);
    let both = owner.instruct("/segments/beta", "addToExcludeList", json!({ "targets": ["dan"] })).await;

    assert_eq!(each(&answer["included"], "identifier"), ["bob", "cat", "dan"]);
    assert_eq!(each(&answer["excluded"], "identifier"), ["ann"]);
    assert_eq!(both.refused(400), "excluded: target \"dan\" is included too; take it off one list");
    assert_eq!(read(&owner, "beta").await, answer);
}

#[tokio::test]
async fn targets_that_nobody_has_seen_are_listed_when_a_segment_names_them() {
    let service = Service::start().await;
    let owner = service.owner();
    let ann = json!({ "identifier": "ann", "name": "Ann", "project": "shop", "environment": "dev" });
    owner.post("/targets", &ann).await.is(201);

    make(&owner, "beta", json!({ "included": ["ann", "bob"], "excluded": ["cat"] })).await;
    owner
        .instruct("/segments/beta", "addToIncludeList", json!({ "targets": ["dan", "upload"] }))
        .await
        .is(200);
    owner.delete("/targets/bob").await.is(204);
    let cat =
        |name: &str| json!({ "identifier": "cat", "name": name, "project": "shop", "environment": "dev" });
    owner.post("/targets", &cat("Cat")).await.is(201);
    owner.post("/targets", &cat("Kitty")).await.refused(409);
    owner.instruct("/segments/beta", "updateName", json!({ "name": "Testers" })).await.is(200);

    let list = owner.get("/targets").await.is(200);
    assert_eq!(
        each(&list["targets"], "identifier"),
        ["ann", "cat", "dan"],
        "who was deleted does not come back"
    );
    assert_eq!(each(&list["targets"], "name"), ["Ann", "Cat", "dan"], "a name that somebody gave stays");
    assert_eq!(owner.at("live").get("/targets").await.is(200)["itemCount"], 0);
}

#[tokio::test]
async fn clauses_are_added_changed_and_removed_by_their_ids() {
    let service = Service::start().await;
    let owner = service.owner();
    make(&owner, "beta", json!({})).await;
    let path = "/segments/beta";

    let added = json!({ "attribute": "plan", "op": "equal", "values": ["pro"], "negate": false });
    let answer = owner.instruct(path, "addClause", added).await.is(200);
    let id = answer["rules"][0]["id"].as_str().unwrap();
    let change = json!({ "clauseID": id, "op": "in", "values": ["pro", "team"] });
    let changed = owner.instruct(path, "updateClause", change).await.is(200);
    let unknown = owner.instruct(path, "removeClause", json!({ "clauseID": "x" })).await.refused(400);
    let removed = owner.instruct(path, "removeClause", json!({ "clauseID": id })).await.is(200);

    assert_eq!(changed["rules"], json!([clause(id, "plan", "in", &["pro", "team"])]));
    assert_eq!(unknown, "instructions[0].parameters.clauseID: the group has no clause \"x\"");
    assert_eq!(removed["rules"], json!([]));
}

#[tokio::test]
async fn rules_of_the_new_form_are_added_changed_ordered_and_removed() {
    let service = Service::start().await;
    let owner = service.owner();
    make(&owner, "beta", json!({})).await;
    let path = "/segments/beta";
    let rule =
        |id: &str, value: &str| json!({ "ruleId": id, "clauses": [clause(id, "plan", "equal", &[value])] });

    owner.instruct(path, "addRule", rule("one", "pro")).await.is(200);
    owner.instruct(path, "addRule", rule("two", "team")).await.is(200);
    let again = owner.instruct(path, "addRule", rule("two", "team")).await.refused(400);
    let ordered = owner.instruct(path, "reorderRules", json!({ "rules": ["two", "one"] })).await.is(200);
    let half = owner.instruct(path, "reorderRules", json!({ "rules": ["two"] })).await.refused(400);
    let changed = owner.instruct(path, "updateRule", rule("one", "free")).await.is(200);
    let taken = json!({ "ruleId": "one", "priority": 100 });
    let taken = owner.instruct(path, "updateRule", taken).await.refused(400);
    let removed = owner.instruct(path, "removeRule", json!({ "ruleId": "two" })).await.is(200);
    let last = owner.instruct(path, "removeClause", json!({ "clauseID": "one" })).await.is(200);

    let ids = |segment: &Value| each(&segment["servingRules"], "ruleId");
    assert_eq!(ids(&ordered), ["two", "one"]);
    assert_eq!(changed["servingRules"][1]["clauses"][0]["values"], json!(["free"]));
    assert_eq!(ids(&removed), ["one"]);
    assert_eq!(last["servingRules"], json!([]), "a rule goes with its last clause");
    assert!(again.ends_with("a rule \"two\" exists; use updateRule or another id"), "{again}");
    assert!(half.ends_with("names 1 rules; name each of the group's 2 rules once"), "{half}");
    assert_eq!(taken, "servingRules[1].priority: two rules have the priority 100; give each its own");
}

#[tokio::test]
async fn the_first_rule_of_the_new_form_takes_the_clauses_of_the_old_one_along() {
    let service = Service::start().await;
    let owner = service.owner();
    make(&owner, "beta", json!({ "rules": [clause("c", "plan", "equal", &["pro"])] })).await;

    let rule = json!({ "ruleId": "r", "clauses": [clause("d", "age", "equal", &["7"])] });
    let answer = owner.instruct("/segments/beta", "addRule", rule).await.is(200);

    assert_eq!(answer["rules"], json!([]));
    let clauses = |index: usize| each(&answer["servingRules"][index]["clauses"], "id");
    assert_eq!([clauses(0), clauses(1)], [["c"], ["d"]], "any of them makes a member, as before");
}

#[tokio::test]
async fn names_and_tags_change_by_instructions() {
    let service = Service::start().await;
    let owner = service.owner();
    make(&owner, "beta", json!({ "tags": [{ "identifier": "old", "name": "Old" }] })).await;
    let body = json!({ "comment": "tidy up", "instructions": [
        { "kind": "updateName", "parameters": { "name": "Testers" } },
        { "kind": "addTag", "parameters": { "name": "New", "identifier": "new" } },
        { "kind": "removeTag", "parameters": { "identifier": "old" } },
    ]});

    let answer = owner.send("PATCH", "/segments/beta", Some(&body)).await.is(200);
    let unknown = owner.instruct("/segments/beta", "rename", json!({})).await.refused(400);

    assert_eq!((&answer["name"], each(&answer["tags"], "name")), (&json!("Testers"), vec!["New".to_owned()]));
    assert!(
        unknown.starts_with("instructions[0].kind: \"rename\" is not an instruction; use addToIncludeList")
    );
}

#[tokio::test]
async fn segments_may_name_segments_but_not_in_a_circle_and_not_without_end() {
    let service = Service::start().await;
    let owner = service.owner();
    let naming = |other: &str| json!({ "rules": [clause("c", "", "segmentMatch", &[other])] });
    make(&owner, "level0", json!({})).await;
    for level in 1..=8 {
        make(&owner, &format!("level{level}"), naming(&format!("level{}", level - 1))).await;
    }
    let body = |identifier: &str, other: &str| {
        let mut body = naming(other);
        body["identifier"] = json!(identifier);
        body["name"] = json!(identifier);
        body["project"] = json!("shop");
        body["environment"] = json!("dev");
        body
    };

    let deep = owner.post("/segments", &body("level9", "level8")).await.refused(400);
    let missing = owner.post("/segments", &body("x", "moon")).await.refused(400);
    let back = json!({ "attribute": "", "op": "segmentMatch", "values": ["level3"] });
    let circle = owner.instruct("/segments/level0", "addClause", back).await.refused(400);

    assert_eq!(deep, "values: groups would name groups more than 8 deep; use fewer levels");
    assert_eq!(missing, "values: target group \"moon\" does not exist; create it first");
    assert_eq!(circle, "values: would lead back to the group itself; SDKs would follow the circle for ever");
}

#[tokio::test]
async fn a_segment_in_use_stays_unless_what_names_it_may_change() {
    let service = Service::start().await;
    let owner = service.owner();
    make(&owner, "beta", json!({})).await;
    make(&owner, "wider", json!({ "rules": [clause("c", "", "segmentMatch", &["beta"])] })).await;
    flag_with_rule(&owner, "beta").await;
    owner.make_flag("needs", "shop", &[]).await;
    let needed = json!({ "feature": "dark", "variations": ["true"] });
    owner.instruct("/features/needs", "addPrerequisite", needed).await.is(200);
    let before = service.versions().await;

    let refused = owner.delete("/segments/beta").await.refused(409);
    let unchanged = service.versions().await;
    owner.delete("/segments/beta?forceDelete=true").await.is(204);

    assert_eq!(
        refused,
        "target group \"beta\" is used by flag \"dark\", target group \"wider\"; remove it there first, or send \
         forceDelete=true to have that done"
    );
    assert_eq!(unchanged, before);
    let order =
        ["patch flag dark", "patch flag needs", "patch target-segment wider", "delete target-segment beta"];
    assert_eq!(told(&service).await, order, "nobody is told that it is gone while a flag still names it");
    let dark = owner.get("/features/dark").await.is(200);
    assert_eq!(dark["envProperties"]["rules"], json!([]));
    assert_eq!(read(&owner, "wider").await["rules"], json!([]));
}

#[tokio::test]
async fn the_flags_of_a_segment_and_those_it_could_have_are_listed() {
    let service = Service::start().await;
    let owner = service.owner();
    make(&owner, "beta", json!({})).await;
    flag_with_rule(&owner, "beta").await;
    for flag in ["banner", "free", "fresh"] {
        owner.make_flag(flag, "shop", &[]).await;
    }
    let direct = json!({ "variation": "false", "targetSegments": ["beta"] });
    owner.instruct("/features/banner", "addSegmentToVariationTargetMap", direct).await.is(200);

    let flags = owner.get("/segments/beta/flags").await.is(200);
    let available = owner.get("/segments/beta/available_flags?pageSize=1&pageNumber=1").await.is(200);
    let named = owner.get("/segments/beta/available_flags?flagNameIdentifier=RES").await.is(200);

    assert_eq!(
        flags,
        json!([
            { "identifier": "banner", "name": "banner", "project": "shop", "environment": "dev", "type": "DIRECT",
              "variation": "false" },
            { "identifier": "dark", "name": "dark", "project": "shop", "environment": "dev", "type": "CONDITION",
              "ruleId": "rule", "variation": "true" },
        ])
    );
    assert_eq!(
        (each(&available["featureFlags"], "identifier"), &available["itemCount"]),
        (vec!["fresh".to_owned()], &json!(2))
    );
    assert_eq!(each(&named["featureFlags"], "name"), ["fresh"]);
    owner.get("/segments/moon/flags").await.refused(404);
}
