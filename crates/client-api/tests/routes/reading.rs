//! What every answer to a reader has in common: its version, its age, its tag, its coding.

use std::sync::atomic::Ordering;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::world::{CLIENT_KEY, ENVIRONMENT, SERVER_KEY, World};

const PATHS: [&str; 8] = [
    "feature-configs",
    "feature-configs/flag-0",
    "target-segments",
    "target-segments/beta?rules=v2",
    "target/alice/evaluations",
    "target/alice/evaluations/flag-0",
    "snapshot",
    "snapshot/7",
];

/// Enough flags for every list to be worth compressing.
fn world() -> World {
    let flag = |number: usize| {
        json!({
            "feature": format!("flag-{number}"), "kind": "boolean", "state": "on", "version": 5,
            "variations": [{"identifier": "yes", "value": "true"}, {"identifier": "no", "value": "false"}],
            "offVariation": "no", "defaultServe": {"variation": "yes"},
        })
    };
    let members: Vec<_> = (0..50).map(|number| json!({"identifier": format!("member-{number}")})).collect();
    World::new(json!({
        "version": 7,
        "flags": (0..30).map(flag).collect::<Vec<_>>(),
        "segments": [{"identifier": "beta", "version": 6, "included": members}],
    }))
}

#[tokio::test]
async fn whoever_has_the_answer_is_told_so_without_a_body() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    for path in PATHS {
        let first = world.get(&token, path).await;
        let tag = first.headers["etag"].to_str().unwrap();
        assert!(tag.starts_with("W/\"7"), "{path}: {tag}");
        let strong = tag.strip_prefix("W/").unwrap();

        for value in [tag, strong, "*", &format!("\"1\", {tag}"), &format!("{strong}, \"1\"")] {
            for coding in ["gzip", "identity"] {
                let headers = [("if-none-match", value), ("accept-encoding", coding)];
                let again = world.get_with(&token, path, &headers).await;

                assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path} {value}");
                assert_eq!(again.text, "");
                assert_eq!(again.headers["etag"], tag);
                assert_eq!(again.headers["burgee-version"], "7");
                assert_eq!(again.headers["vary"], "accept-encoding");
                assert!(!again.headers.contains_key("content-type"));
                assert!(!again.headers.contains_key("content-encoding"));
            }
        }
        for value in ["\"6\"", "W/\"77\"", "7", "", "\"7"] {
            let again = world.get_with(&token, path, &[("if-none-match", value)]).await;

            assert_eq!(again.status, StatusCode::OK, "{path} {value}");
        }
    }
}

#[tokio::test]
async fn a_change_is_an_answer_with_another_tag() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    let before = world.get(&token, "feature-configs").await;

    world.source.put_flag(json!({"feature": "another", "version": 8}), 8);
    let tag = before.headers["etag"].to_str().unwrap();
    let after = world.get_with(&token, "feature-configs", &[("if-none-match", tag)]).await;

    assert_eq!((after.status, &after.headers["burgee-version"]), (StatusCode::OK, &"8".parse().unwrap()));
    assert_eq!(after.json()[0]["feature"], "another");
    assert_eq!(before.json().as_array().unwrap().len() + 1, after.json().as_array().unwrap().len());
    assert_ne!(after.headers["etag"], before.headers["etag"]);
}

#[tokio::test]
async fn one_target_with_other_attributes_has_another_tag() {
    let world = world();
    let tag = async |plan: &str| {
        let target = json!({"identifier": "alice", "attributes": {"plan": plan}});
        let token = world.token_for(json!({"apiKey": CLIENT_KEY, "target": target})).await;
        world.get(&token, "target/alice/evaluations").await.headers["etag"].clone()
    };

    assert_eq!(tag("pro").await, tag("pro").await);
    assert_ne!(tag("pro").await, tag("free").await);
}

#[tokio::test]
async fn a_refusal_comes_before_the_tag() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    world.source.revoke(SERVER_KEY);
    for path in PATHS {
        let refused = world.get_with(&token, path, &[("if-none-match", "*")]).await;

        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!refused.headers.contains_key("etag"));
    }
}

#[tokio::test]
async fn whoever_takes_gzip_gets_the_same_in_less() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    for path in PATHS {
        let plain = world.get(&token, path).await;
        let gzip = world.get_with(&token, path, &[("accept-encoding", "gzip, deflate, br")]).await;

        let is_worth_it = plain.text.len() > 1_280;
        assert_eq!(gzip.headers.contains_key("content-encoding"), is_worth_it, "{path}");
        assert!(!plain.headers.contains_key("content-encoding"));
        assert_eq!((gzip.text, gzip.headers["etag"].clone()), (plain.text, plain.headers["etag"].clone()));
        assert_eq!(
            (&plain.headers["vary"], &gzip.headers["vary"]),
            (&gzip.headers["vary"], &plain.headers["vary"])
        );
        assert_eq!(plain.headers["vary"], "accept-encoding");
        assert_eq!(gzip.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn tokens_and_errors_are_never_compressed() {
    let world = world();
    let target = json!({"identifier": "alice", "attributes": {"x": "y".repeat(1_500)}});
    let body = json!({"apiKey": CLIENT_KEY, "target": target}).to_string();
    let request = Request::post("/client/auth").header("accept-encoding", "gzip").body(Body::from(body));
    let long = "x".repeat(2_000);

    let token = world.send(request.unwrap()).await;
    let gone = world
        .get_with(
            &world.token(SERVER_KEY).await,
            &format!("feature-configs/{long}"),
            &[("accept-encoding", "gzip")],
        )
        .await;

    assert_eq!((token.status, gone.status), (StatusCode::OK, StatusCode::NOT_FOUND));
    assert!(token.text.len() > 2_000 && gone.text.len() > 2_000);
    assert!(!token.headers.contains_key("content-encoding"));
    assert!(!gone.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    for path in PATHS {
        let get = world.get(&token, path).await;
        let request = Request::head(format!("/client/env/{ENVIRONMENT}/{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("accept-encoding", "gzip");

        let head = world.send(request.body(Body::empty()).unwrap()).await;

        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""), "{path}");
        assert_eq!(head.headers["content-length"], get.text.len().to_string());
        assert!(!head.headers.contains_key("content-encoding"));
        assert_eq!(head.headers["etag"], get.headers["etag"]);
    }
}

#[tokio::test]
async fn an_answer_that_may_be_old_says_how_old() {
    let world = world();
    let token = world.token(SERVER_KEY).await;
    for path in PATHS {
        world.source.age_ms.store(0, Ordering::Relaxed);
        assert!(!world.get(&token, path).await.headers.contains_key("burgee-age-ms"));

        world.source.age_ms.store(1_500, Ordering::Relaxed);
        for headers in [&[][..], &[("if-none-match", "*")][..]] {
            assert_eq!(
                world.get_with(&token, path, headers).await.headers["burgee-age-ms"],
                "1500",
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_snapshot_holds_everything_at_one_version() {
    let world = world();

    let snapshot = world.read("snapshot").await.json();

    assert_eq!((&snapshot["format"], &snapshot["version"]), (&json!(1), &json!(7)));
    assert_eq!(snapshot["environment"], ENVIRONMENT);
    assert_eq!(snapshot["flags"], world.read("feature-configs").await.json());
    assert_eq!(snapshot["segments"][0]["included"].as_array().unwrap().len(), 50);
    let read: model::Snapshot = serde_json::from_value(snapshot).unwrap();
    assert_eq!((read.flags.len(), read.segments.len(), read.version.0), (30, 1, 7));
}

#[tokio::test]
async fn a_snapshot_of_a_version_may_be_kept_for_ever_by_its_reader() {
    let world = world();
    for (version, flags) in [(7, 30), (6, 0)] {
        let response = world.read(&format!("snapshot/{version}")).await;

        assert_eq!(response.headers["cache-control"], "private, max-age=31536000, immutable");
        assert_eq!(response.headers["etag"], format!("W/\"{version}\""));
        assert_eq!(response.json()["version"], version);
        assert_eq!(response.json()["flags"].as_array().unwrap().len(), flags);
    }
    assert_eq!(world.read("snapshot").await.headers["cache-control"], "no-store");
    for (version, status) in [("8", 502), ("0", 400), ("-1", 400), ("new", 400), ("7.0", 400), ("", 404)] {
        let response = world.read(&format!("snapshot/{version}")).await;

        assert_eq!(response.status.as_u16(), status, "{version}");
        assert_eq!(response.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn only_server_keys_read_snapshots() {
    let world = world();
    let client = world.token(CLIENT_KEY).await;
    for path in ["snapshot", "snapshot/7", "snapshot/6"] {
        assert_eq!(world.get(&client, path).await.status, StatusCode::FORBIDDEN);
        assert_eq!(world.get("", path).await.status, StatusCode::UNAUTHORIZED);
    }
    let request = Request::builder().method(Method::POST).uri(format!("/client/env/{ENVIRONMENT}/snapshot"));
    let posted = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
}
