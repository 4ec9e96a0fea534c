//! `POST /client/auth`.

use std::sync::atomic::Ordering;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{CLIENT_KEY, ENVIRONMENT, NOW_MS, SERVER_KEY, World};

#[tokio::test]
async fn every_request_gets_the_status_that_sdks_act_on() {
    let with_target = |target: Value| json!({"apiKey": CLIENT_KEY, "target": target}).to_string();
    let cases = [
        ("", 400, "body: is empty"),
        ("{\"apiKey\":\"serv", 400, "body: is not JSON: EOF"),
        ("{}", 400, "apiKey: is missing"),
        ("[\"server-key-1111-2222\"]", 400, "body: is a list"),
        ("{\"apiKey\":null}", 400, "apiKey: invalid type: null"),
        ("{\"apiKey\":7}", 400, "apiKey: invalid type: integer"),
        ("{\"apiKey\":\"\"}", 400, "apiKey: is empty"),
        (&with_target(json!({"identifier": "a b"})), 400, "target.identifier: "),
        (&with_target(json!({"identifier": "a", "name": "<b>"})), 400, "target.name: "),
        (&with_target(json!("alice")), 400, "target: is not an object"),
        ("{\"apiKey\":\"unknown\"}", 403, "the SDK key is unknown, was revoked or has expired"),
        ("{\"apiKey\":\"unknown\",\"target\":{\"identifier\":\"a b\"}}", 400, "target.identifier: "),
        (&with_target(json!({"identifier": "alice"})), 200, ""),
        (&with_target(json!({"identifier": 7})), 200, ""),
        (&with_target(json!({"identifier": ""})), 200, ""),
        (&with_target(json!(null)), 200, ""),
        (&json!({"apiKey": CLIENT_KEY}).to_string(), 200, ""),
        (&json!({"apiKey": SERVER_KEY, "target": {"identifier": ""}, "x": 1}).to_string(), 200, ""),
    ];
    let world = World::empty();
    for (body, status, message) in cases {
        let response = world.authenticate(body).await;

        assert_eq!(response.status.as_u16(), status, "{body}: {}", response.text);
        assert_eq!(response.headers[CONTENT_TYPE], "application/json");
        assert_eq!(response.headers[CACHE_CONTROL], "no-store");
        if status != 200 {
            assert_eq!(response.json()["code"], json!(status.to_string()));
            assert!(response.json()["message"].as_str().unwrap().starts_with(message), "{}", response.text);
        }
    }
}

/// Node would otherwise ask for rules again and again, and never say that it cannot start.
#[tokio::test]
async fn a_server_sdk_with_a_client_key_is_told_at_once() {
    let world = World::empty();
    for (key, info, status) in [
        (CLIENT_KEY, "NodeJS 1.8.12 Server", 403),
        (CLIENT_KEY, "Javascript 1.32.0 Client", 200),
        (SERVER_KEY, "NodeJS 1.8.12 Server", 200),
        (SERVER_KEY, "Javascript 1.32.0 Client", 200),
    ] {
        let request = Request::post("/client/auth").header("harness-sdk-info", info);
        let response = world.send(request.body(json!({ "apiKey": key }).to_string().into()).unwrap()).await;

        assert_eq!(response.status.as_u16(), status, "{info}: {}", response.text);
    }
}

#[tokio::test]
async fn a_body_without_end_is_refused_by_size() {
    let response = World::empty().authenticate(&"x".repeat(1024 * 1024 + 1)).await;

    assert_eq!(response.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(response.text.contains("1048576 bytes"), "{}", response.text);
}

#[tokio::test]
async fn while_keys_cannot_be_read_the_answer_is_502() {
    let world = World::empty();
    world.source.keys_away.store(true, Ordering::Relaxed);

    let response = world.authenticate(&json!({"apiKey": SERVER_KEY}).to_string()).await;

    assert_eq!(response.status, StatusCode::BAD_GATEWAY);
    assert_eq!(response.json(), json!({"code": "502", "message": "the database does not answer"}));
}

#[tokio::test]
async fn a_revoked_key_gets_no_token() {
    let world = World::empty();
    world.source.revoke(SERVER_KEY);

    let response = world.authenticate(&json!({"apiKey": SERVER_KEY}).to_string()).await;

    assert_eq!(response.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_token_says_where_its_key_belongs() {
    let world = World::empty();

    let claims = world.claims(&world.token(CLIENT_KEY).await);

    assert_eq!(claims.environment, ENVIRONMENT);
    assert_eq!((claims.environment_identifier.as_str(), claims.project_identifier.as_str()), ("dev", "shop"));
    assert_eq!((claims.account_id.as_str(), claims.cluster_identifier.as_str()), ("acct1", "1"));
    assert_eq!((claims.key_type.as_str(), claims.iat), ("Client", NOW_MS / 1000));
    assert_eq!((claims.target, claims.target_hash), (None, None));
}

#[tokio::test]
async fn a_target_that_authenticates_is_registered_unless_it_is_anonymous() {
    let world = World::empty();
    for (target, registered) in [
        (json!({"identifier": "alice", "name": "Alice", "attributes": {"plan": "pro"}}), 1),
        (json!({"identifier": "ghost", "anonymous": true}), 1),
        (json!({"identifier": ""}), 1),
        (json!({"identifier": "bob"}), 2),
    ] {
        world.token_for(json!({"apiKey": CLIENT_KEY, "target": target})).await;

        assert_eq!(world.targets.registered.lock().unwrap().len(), registered);
    }
    let first = world.targets.registered.lock().unwrap()[0].clone();
    assert_eq!((&*first.name, &first.attributes["plan"]), ("Alice", &json!("pro")));
}

#[tokio::test]
async fn nobody_waits_for_a_registration_that_hangs_or_fails() {
    let world = World::empty();
    let request = json!({"apiKey": CLIENT_KEY, "target": {"identifier": "alice"}});
    for (lost, fault) in [(1, &world.targets.hangs), (2, &world.targets.away)] {
        fault.store(true, Ordering::Relaxed);

        world.token_for(request.clone()).await;

        assert_eq!(world.state.registrations_lost.load(Ordering::Relaxed), lost);
    }
}

#[tokio::test]
async fn a_target_too_large_for_the_token_is_stored_before_the_answer() {
    let world = World::empty();
    let target = json!({"identifier": "alice", "attributes": {"x": "y".repeat(3_000)}});
    let request = json!({"apiKey": CLIENT_KEY, "target": target});

    let token = world.token_for(request.clone()).await;

    let hash = world.claims(&token).target_hash.unwrap();
    assert!(token.len() < 2_000);
    assert!(world.targets.stored.lock().unwrap()[&hash].contains("yyyy"));
    world.targets.away.store(true, Ordering::Relaxed);
    assert_eq!(world.authenticate(&request.to_string()).await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_wrong_method_is_405_and_an_unknown_path_404_both_in_json() {
    let world = World::empty();
    for (method, path, status) in [
        ("GET", "/client/auth", 405),
        ("DELETE", "/client/env/x/feature-configs", 405),
        ("GET", "/client", 404),
        ("GET", "/client/nothing", 404),
        ("PUT", "/client/env/x/nothing/y/z", 404),
        ("GET", "/client/env/x/feature-configs/a/b", 404),
    ] {
        let request = Request::builder().method(method).uri(path).body(axum::body::Body::empty());

        let response = world.send(request.unwrap()).await;

        assert_eq!(response.status.as_u16(), status, "{method} {path}");
        if path != "/client" {
            assert_eq!(response.json()["code"], json!(status.to_string()));
            assert_eq!(response.headers.contains_key("allow"), status == 405);
        }
    }
}
