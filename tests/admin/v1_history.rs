//! What was done to flags and segments, and taking flags back.

use serde_json::{Value, json};
use store::Role;

use super::service::{Caller, START_MS, Service, each};

async fn patch(caller: &Caller, path: &str, comment: &str, instructions: &Value) -> Value {
    let body = json!({"comment": comment, "instructions": instructions});
    caller.send("PATCH", path, Some(&body)).await.is(200)
}

fn one(kind: &str, parameters: &Value) -> Value {
    json!([{"kind": kind, "parameters": parameters}])
}

/// All sentences of a history, change by change.
fn sentences(history: &Value) -> Vec<Vec<String>> {
    let changes = history["changes"].as_array().unwrap().iter();
    changes.map(|change| each(&change["differences"], "summary")).collect()
}

async fn make_segment(caller: &Caller, identifier: &str) {
    let body = json!({"identifier": identifier, "name": identifier, "project": "shop", "environment": "dev"});
    caller.post("/segments", &body).await.is(201);
}

fn rule(id: &str, segment: &str) -> Value {
    json!({
        "uuid": id, "priority": 100, "serve": {"variation": "true"},
        "clauses": [{"op": "segmentMatch", "values": [segment], "attribute": ""}],
    })
}

#[tokio::test]
async fn a_flags_history_says_who_did_what_when_and_why() {
    let service = Service::start().await;
    let editor = service.with_role(Role::Editor, None).await;
    editor.make_flag("dark", "shop", &[]).await;
    make_segment(&editor, "beta").await;
    let path = "/features/dark";
    let two = json!([
        {"kind": "setFeatureFlagState", "parameters": {"state": "on"}},
        {"kind": "addRule", "parameters": rule("r1", "beta")},
    ]);
    patch(&editor, path, "launch", &two).await;
    let targets = json!({"variation": "false", "targets": ["ann", "bob"]});
    patch(&editor, path, "", &one("addTargetsToVariationTargetMap", &targets)).await;
    patch(&editor, path, "", &one("updateName", &json!({"name": "Darkness"}))).await;

    let history = editor.get("/burgee/v1/flags/dark/history").await.is(200);

    assert_eq!(
        sentences(&history),
        [
            vec!["name: dark → Darkness"],
            vec!["targets served false: 2 added"],
            vec!["state: off → on", "rule r1 added"],
            vec![],
            vec![],
        ]
    );
    assert_eq!(
        each(&history["changes"], "action"),
        [
            "FeaturePatched",
            "FeatureActivationPatched",
            "FeatureActivationPatched",
            "FeatureActivationCreated",
            "FeatureCreated"
        ]
    );
    let launch = &history["changes"][2];
    let actor = launch["actor"].as_str().unwrap();
    assert!(actor.starts_with("editor "), "{actor}");
    assert_eq!(
        (&launch["comment"], &launch["environment"], &launch["at"], &launch["event"]),
        (&json!("launch"), &json!("dev"), &json!(START_MS), &json!("patch"))
    );
    assert_eq!(launch["version"], service.environment("dev").await.version.0 - 1);
    assert_eq!(
        launch["differences"][0],
        json!({"path": "state", "before": "off", "after": "on", "summary": "state: off → on"})
    );
    assert_eq!(history["changes"][0].get("environment"), None, "the name is the same everywhere");
    assert_eq!(history["itemCount"], 5);
}

#[tokio::test]
async fn the_history_of_one_environment_leaves_the_others_out_and_comes_in_pages() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    owner.make_flag("light", "shop", &[]).await;
    owner.switch_on("dark").await;
    owner.at("live").switch_on("dark").await;

    let live = owner.at("live").get("/burgee/v1/flags/dark/history").await.is(200);
    let everywhere = owner.with_scope("accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop");
    let all = everywhere.get("/burgee/v1/flags/dark/history").await.is(200);
    let second = everywhere.get("/burgee/v1/flags/dark/history?pageSize=2&pageNumber=1").await.is(200);

    assert_eq!(each(&live["changes"], "event"), ["patch", "create", "create"]);
    assert_eq!(all["itemCount"], 5);
    let changes = all["changes"].as_array().unwrap();
    assert_eq!(second["changes"], json!(changes[2..4]));
    assert_eq!((&second["itemCount"], &second["pageCount"]), (&json!(5), &json!(3)));
    owner.at("moon").get("/burgee/v1/flags/dark/history").await.refused(404);
    owner.get("/burgee/v1/flags/moon/history").await.refused(404);
    owner.get("/burgee/v1/flags/m%20n/history").await.refused(400);
}

#[tokio::test]
async fn a_segments_history_outlives_the_segment() {
    let service = Service::start().await;
    let owner = service.owner();
    make_segment(&owner, "beta").await;
    let path = "/segments/beta";
    patch(&owner, path, "", &one("addToIncludeList", &json!({"targets": ["ann", "bob"]}))).await;
    patch(&owner, path, "", &one("removeFromIncludeList", &json!({"targets": ["ann"]}))).await;
    owner.delete(path).await.is(204);

    let viewer = service.with_role(Role::Viewer, None).await;
    let history = viewer.get("/burgee/v1/segments/beta/history").await.is(200);

    assert_eq!(each(&history["changes"], "event"), ["delete", "patch", "patch", "create"]);
    let empty: Vec<&str> = Vec::new();
    assert_eq!(
        sentences(&history),
        [empty.clone(), vec!["included targets: 1 removed"], vec!["included targets: 2 added"], empty]
    );
    viewer.at("live").get("/burgee/v1/segments/beta/history").await.refused(404);
}

#[tokio::test]
async fn erased_bodies_leave_the_fact_of_the_change() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    owner.switch_on("dark").await;
    let erase =
        "UPDATE change SET erased = TRUE, before_body = NULL, after_body = NULL WHERE event = 'patch'";
    service.platform.db.batch(vec![platform::Statement::new(erase)]).await.unwrap();

    let history = owner.get("/burgee/v1/flags/dark/history").await.is(200);

    let change = &history["changes"][0];
    assert_eq!((&change["erased"], &change["differences"]), (&json!(true), &json!([])));
    assert_eq!(change["action"], "FeatureActivationPatched");
}

#[tokio::test]
async fn what_a_flag_served_at_a_version_is_had_again_at_a_new_one() {
    let service = Service::start().await;
    let editor = service.with_role(Role::Editor, None).await;
    editor.make_flag("dark", "shop", &[]).await;
    make_segment(&editor, "beta").await;
    patch(&editor, "/features/dark", "", &one("addRule", &rule("r1", "beta"))).await;
    editor.switch_on("dark").await;
    let good = editor.get("/features/dark").await.is(200)["envProperties"].clone();
    patch(&editor, "/features/dark", "", &one("removeRule", &json!({"ruleID": "r1"}))).await;
    patch(&editor, "/features/dark", "", &one("setFeatureFlagState", &json!({"state": "off"}))).await;
    let before = service.environment("dev").await.version.0;

    let body = json!({"version": good["version"], "comment": "it broke"});
    let reverted = editor.post("/burgee/v1/flags/dark/revert", &body).await.is(200);

    let now = &reverted["envProperties"];
    for field in ["state", "rules", "defaultServe", "offVariation", "variationMap"] {
        assert_eq!(now[field], good[field], "{field}");
    }
    assert_eq!(now["version"], before + 1, "a new version, not an old one");
    let history = editor.get("/burgee/v1/flags/dark/history?pageSize=1").await.is(200);
    assert_eq!(history["changes"][0]["comment"], "it broke");
    assert_eq!(sentences(&history), [["state: off → on", "rule r1 added"]]);
    let announced = service.announced().await.pop().unwrap();
    assert_eq!((announced.version.0, announced.events[0].identifier.as_str()), (before + 1, "dark"));
}

#[tokio::test]
async fn going_back_to_what_is_served_already_writes_nothing() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let revision = service.project("shop").await.revision;

    let body = json!({"version": service.environment("dev").await.version});
    owner.post("/burgee/v1/flags/dark/revert", &body).await.is(200);

    assert_eq!(service.project("shop").await.revision, revision);
}

#[tokio::test]
async fn without_an_environment_the_flag_itself_goes_back() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &["old"]).await;
    let revision = service.project("shop").await.revision;
    let changes = json!([
        {"kind": "updateName", "parameters": {"name": "x"}},
        {"kind": "removeTag", "parameters": {"identifier": "old"}},
        {"kind": "addVariation", "parameters": {"identifier": "maybe", "value": "true"}},
    ]);
    patch(&owner, "/features/dark", "", &changes).await;
    owner.switch_on("dark").await;

    let nowhere = owner.with_scope("accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop");
    nowhere.post("/burgee/v1/flags/dark/revert", &json!({"version": revision})).await.is(200);

    let flag = owner.get("/features/dark").await.is(200);
    assert_eq!((&flag["name"], &flag["tags"][0]["identifier"]), (&json!("dark"), &json!("old")));
    assert_eq!(each(&flag["variations"], "identifier"), ["true", "false"]);
    assert_eq!(flag["envProperties"]["state"], "on", "what is served stays");
    let history = nowhere.get("/burgee/v1/flags/dark/history?pageSize=1").await.is(200);
    assert_eq!(history["changes"][0]["comment"], format!("Back to version {revision}"));
}

#[tokio::test]
async fn what_names_something_that_is_gone_is_refused_with_all_that_is_gone() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    make_segment(&owner, "beta").await;
    let maybe = json!([
        {"kind": "addVariation", "parameters": {"identifier": "maybe", "value": "true"}},
        {"kind": "addRule", "parameters": rule("r1", "beta")},
        {"kind": "updateOffVariation", "parameters": {"variation": "maybe"}},
    ]);
    let then = patch(&owner, "/features/dark", "", &maybe).await["envProperties"]["version"].clone();
    let undo = json!([
        {"kind": "updateOffVariation", "parameters": {"variation": "false"}},
        {"kind": "deleteVariation", "parameters": {"identifier": "maybe"}},
        {"kind": "removeRule", "parameters": {"ruleID": "r1"}},
    ]);
    patch(&owner, "/features/dark", "", &undo).await;
    owner.delete("/segments/beta").await.is(204);
    let before = service.versions().await;

    let refused = owner.post("/burgee/v1/flags/dark/revert", &json!({"version": then})).await.refused(409);

    assert_eq!(
        refused,
        format!(
            "flag \"dark\" cannot go back to version {then}: it served variation \"maybe\", which the flag has no more; \
             it named target group \"beta\", which does not exist any more"
        )
    );
    assert_eq!(service.versions().await, before);
}

#[tokio::test]
async fn a_revert_that_cannot_be_is_refused_with_the_reason() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("first", "shop", &[]).await;
    owner.make_flag("dark", "shop", &[]).await;
    owner.delete("/features/dark?forceDelete=true").await.is(204);
    let gone = service.environment("dev").await.version;
    owner.make_flag("dark", "shop", &[]).await;
    let current = service.environment("dev").await.version;
    let path = "/burgee/v1/flags/dark/revert";
    let cases = [
        (
            400,
            json!({"version": 0}),
            format!("version: 0 is none that the environment has had; use 1 to {current}"),
        ),
        (
            400,
            json!({"version": 99}),
            format!("version: 99 is none that the environment has had; use 1 to {current}"),
        ),
        (400, json!({}), "version: is missing".to_owned()),
        (
            409,
            json!({"version": 1}),
            "flag \"dark\" cannot go back to version 1: the flag was not there yet".to_owned(),
        ),
        (
            409,
            json!({"version": gone}),
            format!("flag \"dark\" cannot go back to version {gone}: the flag was archived or deleted then"),
        ),
        (
            400,
            json!({"version": 1, "environmentIdentifier": "live"}),
            "environmentIdentifier: is \"live\" here and \"dev\" in the query".to_owned(),
        ),
    ];
    for (status, body, message) in cases {
        assert_eq!(owner.post(path, &body).await.refused(status), message);
    }
    let viewer = service.with_role(Role::Viewer, None).await;
    viewer.post(path, &json!({"version": current})).await.refused(403);
    owner.post("/burgee/v1/flags/moon/revert", &json!({"version": 1})).await.refused(404);
    owner.delete("/features/dark").await.is(204);
    let archived = owner.post(path, &json!({"version": current})).await.refused(409);
    assert_eq!(archived, "flag \"dark\" is archived; restore it before changing it");
}
