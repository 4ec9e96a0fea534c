//! While the stores are away: what is known is answered, with its age, and only while it may be true.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::world::{AGE_MAX, Answer, World};

const PATHS: [&str; 4] =
    ["feature-configs", "target-segments?rules=v2", "target/ann/evaluations", "snapshot"];

/// A world that has answered each path, and the token it answered to.
async fn warm() -> (World, String) {
    let world = World::new().await;
    let (token, _) = world.token(&json!({"apiKey": world.key})).await;
    for path in PATHS {
        assert_eq!(world.get(&token, path).await.status, StatusCode::OK);
    }
    (world, token)
}

fn set_away(world: &World, db: bool, cache: bool) {
    world.db_away.store(db, Ordering::Relaxed);
    world.cache_away.store(cache, Ordering::Relaxed);
}

fn age_ms(answer: &Answer) -> Option<i64> {
    answer.headers.get("burgee-age-ms").map(|age| age.to_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn what_was_last_known_is_answered_with_its_age_until_the_limit() {
    let (world, token) = warm().await;
    set_away(&world, true, true);
    for path in PATHS {
        let answer = world.get(&token, path).await;

        assert_eq!((answer.status, age_ms(&answer)), (StatusCode::OK, Some(0)), "{path}");
    }

    world.clock.advance(AGE_MAX - Duration::from_millis(1));
    let at_the_limit = world.get(&token, PATHS[0]).await;
    world.clock.advance(Duration::from_millis(1));
    let beyond = world.get(&token, PATHS[0]).await;

    assert_eq!((at_the_limit.status, age_ms(&at_the_limit)), (StatusCode::OK, Some(59_999)));
    assert_eq!(at_the_limit.body[0]["feature"], "dark");
    assert_eq!((beyond.status, age_ms(&beyond)), (StatusCode::BAD_GATEWAY, None));
}

#[tokio::test]
async fn stores_that_are_back_are_asked_at_once() {
    let (world, token) = warm().await;
    set_away(&world, true, true);
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(age_ms(&world.get(&token, PATHS[0]).await), Some(30_000));
    set_away(&world, false, true);
    world.switch("on").await;

    let answer = world.get(&token, PATHS[0]).await;

    assert_eq!((age_ms(&answer), &answer.body[0]["state"]), (None, &json!("on")));
}

/// The cache says that there is something newer: then nothing older will do.
#[tokio::test]
async fn nobody_is_answered_from_before_what_was_announced() {
    let (world, token) = warm().await;
    world.switch("on").await;
    set_away(&world, true, false);

    assert_eq!(world.get(&token, PATHS[0]).await.status, StatusCode::BAD_GATEWAY);

    set_away(&world, false, false);
    assert_eq!(world.get(&token, PATHS[0]).await.body[0]["state"], "on");
}

#[tokio::test]
async fn the_cache_alone_can_confirm_what_is_in_memory() {
    let (world, token) = warm().await;
    set_away(&world, true, false);
    world.clock.advance(Duration::from_secs(30));

    let answer = world.get(&token, PATHS[0]).await;

    assert_eq!((answer.status, age_ms(&answer)), (StatusCode::OK, None));
}

#[tokio::test]
async fn a_version_that_is_not_known_is_not_made_up() {
    let (world, token) = warm().await;
    let version = world.get(&token, "snapshot").await.body["version"].as_i64().unwrap();
    set_away(&world, true, true);

    assert_eq!(world.get(&token, &format!("snapshot/{version}")).await.status, StatusCode::OK);
    for version in [version - 1, version + 1] {
        let answer = world.get(&token, &format!("snapshot/{version}")).await;

        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    }
}

#[tokio::test]
async fn a_key_that_nobody_knows_is_502_not_403_until_the_database_says_so() {
    let (world, _) = warm().await;
    set_away(&world, true, true);
    let unknown = json!({"apiKey": "a-key-that-was-never-made"});

    assert_eq!(world.authenticate(&unknown).await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(world.authenticate(&json!({"apiKey": world.key})).await.status, StatusCode::OK);

    set_away(&world, false, false);
    assert_eq!(world.authenticate(&unknown).await.status, StatusCode::FORBIDDEN);
    set_away(&world, true, true);
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.authenticate(&unknown).await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_revoked_key_is_refused_a_second_later_and_stays_so() {
    let (world, token) = warm().await;
    world.administer("DELETE", "/admin/apikey/sdk", &json!(null)).await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.get(&token, PATHS[0]).await.status, StatusCode::FORBIDDEN);

    set_away(&world, true, true);
    assert_eq!(world.get(&token, PATHS[0]).await.status, StatusCode::FORBIDDEN);
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.get(&token, PATHS[0]).await.status, StatusCode::BAD_GATEWAY, "who knows by now");
}

#[tokio::test]
async fn earlier_versions_are_read_from_history() {
    let (world, token) = warm().await;
    let version = world.get(&token, "snapshot").await.body["version"].as_i64().unwrap();
    world.switch("on").await;

    let then = world.get(&token, &format!("snapshot/{version}")).await;
    let now = world.get(&token, "snapshot").await;

    assert_eq!(
        (&then.body["flags"][0]["state"], &now.body["flags"][0]["state"]),
        (&json!("off"), &json!("on"))
    );
    assert_eq!(then.body["version"], version);
    assert_eq!(then.headers["cache-control"], "private, max-age=31536000, immutable");
}
