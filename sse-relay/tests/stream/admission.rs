//! Who gets a stream.

use model::{Domain, EventKind, KeyKind};

use crate::time::START_MS;
use crate::world::{ENVIRONMENT, KEY, World};

fn with(headers: &str) -> String {
    format!("GET /api/1.0/stream?cluster=undefined HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
}

async fn status(world: &World, headers: &str) -> u16 {
    world.ask(&with(headers)).await.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_key_or_a_token_is_enough() {
    let world = World::new().await;
    let token = world.token(&world.source.add_key(KEY, ENVIRONMENT));

    for headers in [
        format!("API-Key: {KEY}\r\n"),
        format!("api-key:{KEY}\r\n"),
        format!("Authorization: Bearer {token}\r\n"),
        format!("authorization: bearer {token}\r\n"),
        format!("API-Key: {KEY}\r\nAuthorization: Bearer {token}\r\n"),
        format!("API-Key: {KEY}\r\nAuthorization: Bearer not-one-of-ours\r\n"),
        format!("API-Key: unknown\r\nAuthorization: Bearer {token}\r\n"),
    ] {
        assert_eq!(status(&world, &headers).await, 200, "{headers}");
    }
}

#[tokio::test]
async fn keys_of_both_kinds_may_listen() {
    let world = World::new().await;
    let record = world.source.add_key("browser", ENVIRONMENT);
    world.source.put_key(model::KeyRecord { kind: KeyKind::Client, ..record });

    assert_eq!(status(&world, "API-Key: browser\r\n").await, 200);
}

#[tokio::test]
async fn nobody_without_readable_credentials() {
    let world = World::new().await;

    for headers in [
        "",
        "API-Key: \r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Basic YTpi\r\n",
        "Authorization: Bearer a.b.c\r\n",
        "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n",
        "X-Api-Key: the-key-of-the-tests\r\n",
    ] {
        assert_eq!(status(&world, headers).await, 401, "{headers}");
    }
}

#[tokio::test]
async fn a_key_that_is_unknown_revoked_or_expired_is_refused_for_good() {
    let world = World::new().await;
    let record = world.source.add_key("revoked", ENVIRONMENT);
    let token = world.token(&record);
    world.source.remove_key("revoked");
    let gone = world.source.add_key("of-a-deleted-environment", "e-2");
    world.source.remove_environment("e-2");
    let moved = world.token(&gone);
    world.source.add_key("of-a-deleted-environment", "e-3");

    assert_eq!(status(&world, "API-Key: unknown\r\n").await, 403);
    assert_eq!(status(&world, "API-Key: revoked\r\n").await, 403);
    assert_eq!(status(&world, &format!("Authorization: Bearer {token}\r\n")).await, 403);
    assert_eq!(status(&world, &format!("Authorization: Bearer {moved}\r\n")).await, 403);
}

#[tokio::test]
async fn a_live_key_of_a_deleted_environment_is_refused_for_good() {
    let world = World::new().await;
    world.source.remove_environment(ENVIRONMENT);

    assert_eq!(status(&world, &format!("API-Key: {KEY}\r\n")).await, 403);
}

#[tokio::test]
async fn while_it_cannot_be_known_nobody_is_refused_for_good() {
    let world = World::new().await;
    world.source.set_away(true);

    for headers in [format!("API-Key: {KEY}\r\n"), "API-Key: unknown\r\n".to_owned()] {
        assert_eq!(status(&world, &headers).await, 503, "{headers}");
    }
    world.source.set_away(false);
    assert_eq!(status(&world, &format!("API-Key: {KEY}\r\n")).await, 200);
}

#[tokio::test]
async fn a_database_that_does_not_answer_makes_a_stream_wait_five_seconds_at_most() {
    let world = World::new().await;
    let mut client = world.connect().await;
    let shut = world.source.gate.write().await;

    client.send(&with(&format!("API-Key: {KEY}\r\n"))).await;
    world.metric_is("connections", 1).await;
    // The feed's wait is as long as ours, hence two.
    world.clock.sleeping(std::time::Duration::from_secs(5), 2).await;
    world.clock.advance(std::time::Duration::from_secs(5));

    assert!(client.head().await.starts_with("HTTP/1.1 503 "));
    drop(shut);
}

#[tokio::test]
async fn a_key_that_was_just_deleted_is_refused_even_if_its_record_is_still_remembered() {
    let world = World::new().await;
    let _another = world.stream().await;
    let record = world.source.add_key("deleted", ENVIRONMENT);
    world.source.remove_key_behind_a_cache("deleted");

    let key = (EventKind::Delete, Domain::Key, record.hash.as_str());
    world.publish(ENVIRONMENT, &[key]).await;
    world.metric_is("feed_entries_total", 1).await;

    assert_eq!(status(&world, "API-Key: deleted\r\n").await, 403);
}

#[tokio::test]
async fn a_key_that_was_deleted_while_nobody_listened_is_refused_too() {
    let world = World::new().await;
    let record = world.source.add_key("deleted", ENVIRONMENT);
    world.source.remove_key_behind_a_cache("deleted");
    world.source.commit(ENVIRONMENT, START_MS, &[(EventKind::Delete, Domain::Key, record.hash.as_str())]);

    assert_eq!(status(&world, "API-Key: deleted\r\n").await, 403);
}
