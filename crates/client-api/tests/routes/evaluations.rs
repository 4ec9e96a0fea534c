//! Values for one target: who may read them, and whose they are.

use std::sync::atomic::Ordering;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{CLIENT_KEY, ENVIRONMENT, Response, SERVER_KEY, World};

/// One flag of each kind; `plan` follows the attribute `plan` by way of a segment, and `valueless`
/// names a variation that it does not have, as only an import can.
fn world() -> World {
    let flag = |feature: &str, kind: &str, values: [&str; 2]| {
        json!({
            "feature": feature, "kind": kind, "state": "on", "version": 3,
            "variations": [
                {"identifier": "one", "value": values[0]},
                {"identifier": "two", "value": values[1]},
            ],
            "offVariation": "two", "defaultServe": {"variation": "one"},
        })
    };
    let mut plan = flag("plan", "string", ["free", "pro"]);
    plan["rules"] = json!([{
        "ruleId": "r", "priority": 1, "serve": {"variation": "two"},
        "clauses": [{"attribute": "", "op": "segmentMatch", "values": ["pro"]}],
    }]);
    let mut valueless = flag("valueless", "boolean", ["true", "false"]);
    valueless["defaultServe"] = json!({"variation": "three"});
    World::new(json!({
        "version": 9,
        "flags": [
            valueless, plan,
            flag("dark_mode", "boolean", ["true", "false"]),
            flag("empty", "string", ["", "x"]),
            flag("limits", "json", ["{\"a\":1}", "{}"]),
            flag("rate", "int", ["2.5", "7"]),
        ],
        "segments": [{
            "identifier": "pro",
            "servingRules": [
                {"ruleId": "s", "clauses": [{"attribute": "plan", "op": "equal", "values": ["pro"]}]},
            ],
        }],
    }))
}

fn alice(plan: &str) -> Value {
    json!({"identifier": "alice", "name": "Alice", "anonymous": false, "attributes": {"plan": plan}})
}

impl World {
    async fn plan_of(&self, target: &str, token: &str, header: Option<Value>) -> String {
        let uri = format!("/client/env/{ENVIRONMENT}/target/{target}/evaluations/plan?cluster=1");
        let mut request = Request::get(uri).header("authorization", format!("Bearer {token}"));
        if let Some(target) = header {
            request = request.header("harness-target", STANDARD.encode(target.to_string()));
        }
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status, StatusCode::OK, "{}", response.text);
        response.json()["value"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, api_key: &str, path: &str) -> Response {
        self.get(&self.token(api_key).await, path).await
    }
}

#[tokio::test]
async fn every_value_is_text_beside_its_kind() {
    let response = world().ask(CLIENT_KEY, "target/alice/evaluations?cluster=undefined").await;

    assert_eq!(
        response.json(),
        json!([
            {"flag": "dark_mode", "value": "true", "kind": "boolean", "identifier": "one"},
            {"flag": "empty", "value": "", "kind": "string", "identifier": "one"},
            {"flag": "limits", "value": "{\"a\":1}", "kind": "json", "identifier": "one"},
            {"flag": "plan", "value": "free", "kind": "string", "identifier": "one"},
            {"flag": "rate", "value": "2.5", "kind": "int", "identifier": "one"},
        ])
    );
    assert_eq!(response.headers["content-type"], "application/json");
    assert_eq!(response.headers["burgee-version"], "9");
    assert_eq!(response.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn one_value_is_the_same_as_in_the_list() {
    let world = world();
    let all = world.ask(CLIENT_KEY, "target/alice/evaluations").await.json();
    for evaluation in all.as_array().unwrap() {
        let flag = evaluation["flag"].as_str().unwrap();

        let one = world.ask(CLIENT_KEY, &format!("target/alice/evaluations/{flag}")).await;

        assert_eq!(one.json(), *evaluation);
    }
}

#[tokio::test]
async fn a_flag_that_is_not_there_or_has_no_value_is_404() {
    for flag in ["gone", "valueless"] {
        let response = world().ask(CLIENT_KEY, &format!("target/alice/evaluations/{flag}")).await;

        assert_eq!(response.status, StatusCode::NOT_FOUND);
        assert_eq!(response.headers["burgee-version"], "9");
        let message = format!("flag {flag:?} does not exist, or has no value for this target");
        assert_eq!(response.json(), json!({"code": "404", "message": message}));
    }
}

#[tokio::test]
async fn no_flags_are_an_empty_array() {
    let response = World::empty().ask(CLIENT_KEY, "target/alice/evaluations").await;

    assert_eq!((response.status, response.text.as_str()), (StatusCode::OK, "[]"));
}

#[tokio::test]
async fn the_target_comes_from_the_header_then_the_token_then_the_path() {
    let world = world();
    let bare = world.token(CLIENT_KEY).await;
    let pro = world.token_for(json!({"apiKey": CLIENT_KEY, "target": alice("pro")})).await;
    let free = world.token_for(json!({"apiKey": CLIENT_KEY, "target": alice("free")})).await;

    assert_eq!(world.plan_of("alice", &bare, None).await, "free");
    assert_eq!(world.plan_of("alice", &pro, None).await, "pro");
    assert_eq!(world.plan_of("alice", &bare, Some(alice("pro"))).await, "pro");
    assert_eq!(world.plan_of("alice", &pro, Some(alice("free"))).await, "free");
    assert_eq!(world.plan_of("alice", &free, Some(json!("not a target"))).await, "free");
}

#[tokio::test]
async fn attributes_of_another_target_are_never_used() {
    let world = world();
    let pro = world.token_for(json!({"apiKey": CLIENT_KEY, "target": alice("pro")})).await;
    let free = world.token_for(json!({"apiKey": CLIENT_KEY, "target": alice("free")})).await;

    assert_eq!(world.plan_of("bob", &pro, None).await, "free");
    assert_eq!(world.plan_of("bob", &pro, Some(alice("pro"))).await, "free");
    assert_eq!(world.plan_of("alice", &free, None).await, "free", "what somebody else registered");
}

#[tokio::test]
async fn a_large_target_is_found_where_it_was_stored() {
    let world = world();
    let mut target = alice("pro");
    target["attributes"]["long"] = json!("x".repeat(5_000));
    let token = world.token_for(json!({"apiKey": CLIENT_KEY, "target": target})).await;

    assert_eq!(world.plan_of("alice", &token, None).await, "pro");

    world.targets.away.store(true, Ordering::Relaxed);
    assert_eq!(world.get(&token, "target/alice/evaluations").await.status, StatusCode::BAD_GATEWAY);
}

/// As SDKs write identifiers into paths: browsers as they are, but for what a URL cannot hold; phones with
/// every special character escaped.
#[tokio::test]
async fn any_identifier_fits_into_the_path() {
    let world = world();
    let token = world.token(CLIENT_KEY).await;
    for (target, path) in [
        ("a.b", "a.b"),
        ("ann@example.com", "ann@example.com"),
        ("ann@example.com", "ann%40example.com"),
        ("a_b-c.D", "a_b-c.D"),
        ("7", "7"),
        ("-", "-"),
        ("Ann", "%41nn"),
        ("O'Brien", "O'Brien"),
        ("\"ann\"", "%22ann%22"),
        ("a/b/evaluations/c", "a%2Fb%2fevaluations%2Fc"),
        ("100%", "100%25"),
        ("100%", "100%"),
        ("%41", "%2541"),
        ("a b+c", "a%20b+c"),
        ("Zo\u{eb} \u{1f680}", "Zo%C3%AB%20%F0%9F%9A%80"),
        ("a?b#c&d=e;f", "a%3Fb%23c&d=e;f"),
        ("..", "%2E%2E"),
        ("evaluations", "evaluations"),
        (&"x".repeat(4_000), &"x".repeat(4_000)),
    ] {
        let pro = json!({"identifier": target, "attributes": {"plan": "pro"}});

        assert_eq!(world.plan_of(path, &token, Some(pro)).await, "pro", "{path} is not {target:?}");
    }
    for path in ["%FF", "%C3%28", "a%00b"] {
        let response = world.get(&token, &format!("target/{path}/evaluations")).await;

        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{path} is no text");
    }
}

#[tokio::test]
async fn both_kinds_of_key_may_ask_and_nobody_else() {
    let world = world();
    let path = "target/alice/evaluations";
    let token = world.token(CLIENT_KEY).await;

    assert_eq!(world.ask(SERVER_KEY, path).await.status, StatusCode::OK);
    assert_eq!(world.get("", path).await.status, StatusCode::UNAUTHORIZED);
    let foreign = Request::get("/client/env/another/target/alice/evaluations")
        .header("authorization", format!("Bearer {token}"));
    assert_eq!(world.send(foreign.body(Body::empty()).unwrap()).await.status, StatusCode::FORBIDDEN);
    world.source.revoke(CLIENT_KEY);
    assert_eq!(world.get(&token, path).await.status, StatusCode::FORBIDDEN);
}
