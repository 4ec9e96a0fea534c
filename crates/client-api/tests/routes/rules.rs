//! Who may read flags and segments, and what they are told.

use std::sync::atomic::Ordering;

use api::SdkClaims;
use axum::body::Body;
use http::{Request, StatusCode};
use model::{EnvironmentUuid, KeyKind, KeyRecord};
use serde_json::{Value, json};

use crate::contract::operations;
use crate::world::{CLIENT_KEY, ENVIRONMENT, SERVER_KEY, World, key, token_keys};

const ROUTES: [&str; 4] =
    ["feature-configs", "feature-configs/dark_mode", "target-segments", "target-segments/beta"];

fn world() -> World {
    World::new(json!({
        "version": 7,
        "flags": [{"feature": "dark_mode", "version": 5}],
        "segments": [{"identifier": "beta", "version": 6}],
    }))
}

#[tokio::test]
async fn a_server_key_reads_flags_and_segments() {
    let world = world();
    for route in ROUTES {
        let response = world.read(route).await;

        assert_eq!(response.status, StatusCode::OK, "{route}: {}", response.text);
        assert_eq!(response.headers["content-type"], "application/json");
        assert_eq!(response.headers["cache-control"], "no-store");
        assert_eq!(response.headers["burgee-version"], "7");
    }
    assert_eq!(world.read(ROUTES[0]).await.json()[0]["feature"], "dark_mode");
    assert_eq!(world.read(ROUTES[1]).await.json()["version"], 5);
    assert_eq!(world.read(ROUTES[2]).await.json()[0]["identifier"], "beta");
    assert_eq!(world.read(ROUTES[3]).await.json()["version"], 6);
}

#[tokio::test]
async fn an_empty_environment_is_an_empty_array() {
    let world = World::empty();

    assert_eq!(world.read("feature-configs").await.text, "[]");
    assert_eq!(world.read("target-segments?rules=v2").await.text, "[]");
}

#[tokio::test]
async fn an_object_that_is_not_there_is_404_at_a_version() {
    let world = world();
    for (route, message) in [
        ("feature-configs/gone", "flag \"gone\" does not exist"),
        ("target-segments/gone", "segment \"gone\" does not exist"),
    ] {
        let response = world.read(route).await;

        assert_eq!(response.status, StatusCode::NOT_FOUND);
        assert_eq!(response.json(), json!({"code": "404", "message": message}));
        assert_eq!(response.headers["burgee-version"], "7");
    }
}

#[tokio::test]
async fn query_parameters_of_sdks_are_ignored() {
    let world = world();
    for query in ["cluster=undefined", "cluster=1;rules=v2", "", "&&=", "cluster=%zz", "rules"] {
        for route in ROUTES {
            assert_eq!(
                world.read(&format!("{route}?{query}")).await.status,
                StatusCode::OK,
                "{route}?{query}"
            );
        }
    }
}

/// Everything that is not a live server key of this environment.
#[tokio::test]
async fn whoever_may_not_read_rules_is_told_so_in_one_way_on_every_route() {
    let world = world();
    let good = world.token(SERVER_KEY).await;
    let claims = world.claims(&good);
    let revoked = key("revoked-key-1111", KeyKind::Server);
    let foreign = SdkClaims { environment: "another".to_owned(), ..claims.clone() };
    let unreadable = SdkClaims { api_key: "auth-key-xyz".to_owned(), ..claims.clone() };
    let sign = |claims: &SdkClaims| world.state.tokens.sign(claims).unwrap();
    let cases = [
        ("a client key", world.token(CLIENT_KEY).await, 403),
        ("a revoked key", sign(&SdkClaims::new(&revoked, 0)), 403),
        ("a key that moved to another environment", sign(&foreign), 403),
        ("a token that names no key", sign(&unreadable), 401),
        ("a token of another installation", token_keys(2).sign(&claims).unwrap(), 401),
        ("an unsigned token", edited(&good, 0, &json!({"alg": "none", "typ": "JWT", "kid": "k1"})), 401),
        ("an unsigned token without signature", without_signature(&good), 401),
        ("edited claims", edited(&good, 1, &serde_json::to_value(&foreign).unwrap()), 401),
        ("an SDK key instead of a token", SERVER_KEY.to_owned(), 401),
        ("nothing", String::new(), 401),
        ("what JavaScript sends by mistake", "undefined".to_owned(), 401),
    ];
    for (what, token, status) in cases {
        for route in ROUTES {
            let response = world.get(&token, route).await;

            assert_eq!(response.status.as_u16(), status, "{what} on {route}: {}", response.text);
            assert_eq!(response.json()["code"], json!(status.to_string()));
            assert_eq!(response.headers["cache-control"], "no-store");
            assert!(!response.text.contains("dark_mode") && !response.text.contains("beta"));
        }
    }
}

#[tokio::test]
async fn every_operation_of_the_contract_is_served_and_asks_who_is_there() {
    for (method, template) in operations() {
        let path = template.replace(['{', '}'], "");
        let request = Request::builder().method(&method).uri(&path).body(Body::empty()).unwrap();

        let response = world().send(request).await;

        let status = if path == "/client/auth" { 400 } else { 401 };
        assert_eq!(response.status.as_u16(), status, "{method} {template}");
    }
}

#[tokio::test]
async fn a_request_without_authorization_is_401() {
    for name in ["x-nothing", "api-key", "x-api-key"] {
        let request =
            Request::get(format!("/client/env/{ENVIRONMENT}/feature-configs")).header(name, SERVER_KEY);

        let response = world().send(request.body(Body::empty()).unwrap()).await;

        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_path_of_another_environment_is_403_even_if_it_exists() {
    let world = world();
    let other = "0b9c5d0e-0000-4000-8000-00000000000f";
    world.source.put_key(KeyRecord {
        environment_uuid: EnvironmentUuid::from_wire(other),
        ..key("other-key-1111-2222", KeyKind::Server)
    });
    let token = world.token(SERVER_KEY).await;
    let expected = [(other, 403), ("dev", 403), ("undefined", 403), ("%00", 400)];
    for (environment, status) in expected {
        let request = Request::get(format!("/client/env/{environment}/feature-configs"))
            .header("authorization", format!("Bearer {token}"));

        let response = world.send(request.body(Body::empty()).unwrap()).await;

        assert_eq!(response.status, status, "{environment}");
    }
}

#[tokio::test]
async fn a_token_dies_with_its_key() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    assert_eq!(world.get(&token, "feature-configs").await.status, StatusCode::OK);

    world.source.revoke(SERVER_KEY);

    assert_eq!(world.get(&token, "feature-configs").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn while_anything_is_unsure_the_answer_is_502() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    for away in [&world.source.keys_away, &world.source.environments_away] {
        away.store(true, Ordering::Relaxed);
        for route in ROUTES {
            let response = world.get(&token, route).await;

            assert_eq!(response.status, StatusCode::BAD_GATEWAY);
            assert_eq!(response.json()["code"], "502");
            assert!(!response.text.contains("secret"));
        }
        away.store(false, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_deleted_environment_is_404() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    world.source.delete_environment();

    assert_eq!(world.get(&token, "feature-configs").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_reader_can_ask_for_a_version() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    for (version, status) in [("0", 200), ("7", 200), (" 7 ", 200), ("8", 502), ("new", 400), ("", 400)] {
        let request = Request::get(format!("/client/env/{ENVIRONMENT}/feature-configs"))
            .header("authorization", format!("Bearer {token}"))
            .header("burgee-min-version", version);

        let response = world.send(request.body(Body::empty()).unwrap()).await;

        assert_eq!(response.status.as_u16(), status, "{version:?}");
    }
}

fn edited(token: &str, part: usize, json: &Value) -> String {
    use base64::Engine;
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts[part] = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
    parts.join(".")
}

fn without_signature(token: &str) -> String {
    let unsigned = edited(token, 0, &json!({"alg": "none", "typ": "JWT", "kid": "k1"}));
    format!("{}.", unsigned.rsplit_once('.').unwrap().0)
}
