//! What a client may not do.

use std::time::Duration;

use model::{Domain, EventKind, KeyRecord};
use sse_relay::Limits;

use crate::client::LAST_CHUNK;
use crate::time::START_MS;
use crate::world::{ENVIRONMENT, KEY, SILENCE, World, limits, request};

#[tokio::test]
async fn a_key_holds_no_more_streams_than_it_may() {
    let world = World::with(Limits { streams_per_key: 2, ..limits() }).await;
    world.source.add_key("another", ENVIRONMENT);
    let first = world.stream().await;
    let _second = world.stream().await;

    assert!(world.ask(&request("")).await.starts_with("HTTP/1.1 503 "));
    let another = request("").replace(KEY, "another");
    assert!(world.ask(&another).await.starts_with("HTTP/1.1 200 "));
    drop(first);
    world.metric_is("streams_ended_total{reason=\"left\"}", 2).await;
    let _third = world.stream().await;
}

#[tokio::test]
async fn an_address_holds_no_more_streams_than_it_may() {
    let world = World::with(Limits { streams_per_address: Some(1), ..limits() }).await;
    let _first = world.stream().await;

    let answer = world.ask(&request("")).await;

    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(world.metric("streams_refused_total{status=\"503\"}"), 1);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_one_ends() {
    let world = World::with(Limits { connections: 1, ..limits() }).await;
    let first = world.stream().await;
    let mut second = world.connect().await;
    second.send(&request("")).await;
    world.patch(&["a"]).await;
    world.metric_is("events_sent_total", 1).await;
    assert_eq!(world.metric("connections"), 1);

    drop(first);

    assert!(second.head().await.starts_with("HTTP/1.1 200 "));
}

/// Publishes until what a stalled client does not read fills every buffer on the way.
async fn stall(world: &World) {
    let long = "x".repeat(60_000);
    while world.clock.count(world_write_time()) == 0 {
        world.publish(ENVIRONMENT, &[(EventKind::Patch, Domain::Flag, &long)]).await;
        tokio::task::yield_now().await;
    }
}

fn world_write_time() -> Duration {
    limits().write_time
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_disconnected_and_others_do_not_notice() {
    let world = World::new().await;
    let _stalled = world.stream().await;
    let mut good = world.connect().await;
    good.send(&request("")).await;
    good.head().await;

    stall(&world).await;
    world.patch(&["after"]).await;
    while !good.chunk().await.contains("after") {}
    assert_eq!(world.metric("streams"), 2);
    world.clock.advance(world_write_time());

    world.metric_is("streams_ended_total{reason=\"too_slow\"}", 1).await;
    world.patch(&["still"]).await;
    while !good.chunk().await.contains("still") {}
}

#[tokio::test]
async fn a_reader_that_falls_behind_the_log_is_disconnected() {
    let world = World::new().await;
    let mut stalled = world.stream().await;
    stall(&world).await;
    let sent = world.metric("feed_entries_total");
    for _ in 0..1_100 {
        world.patch(&["a"]).await;
    }
    world.metric_is("feed_entries_total", sent + 1_100).await;

    let rest = stalled.read_to_end().await;

    assert!(!rest.ends_with(LAST_CHUNK), "it is not told that this is all");
    world.metric_is("streams_ended_total{reason=\"too_slow\"}", 1).await;
}

#[tokio::test]
async fn a_client_that_keeps_sending_is_disconnected() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    stream.send(&"x".repeat(20_000)).await;

    world.metric_is("streams_ended_total{reason=\"too_talkative\"}", 1).await;
}

#[tokio::test]
async fn what_a_client_sends_does_not_put_its_heartbeat_off() {
    let world = World::new().await;
    let mut stream = world.stream().await;
    world.clock.sleeping(SILENCE, 1).await;

    world.clock.advance(Duration::from_secs(9));
    stream.send("x").await;
    world.patch(&[]).await;
    world.metric_is("feed_entries_total", 1).await;
    world.clock.advance(Duration::from_secs(1));

    assert_eq!(stream.chunk().await, ":\n\n");
}

#[tokio::test]
async fn a_stream_ends_after_a_day_at_most() {
    let world = World::new().await;
    let mut stream = world.stream().await;
    world.clock.sleeping(SILENCE, 1).await;

    world.clock.advance(Duration::from_secs(24 * 60 * 60));

    assert_eq!(stream.read_to_end().await, LAST_CHUNK);
    assert_eq!(world.metric("streams_ended_total{reason=\"lifetime\"}"), 1);
}

#[tokio::test]
async fn a_stream_ends_when_its_key_expires() {
    let world = World::new().await;
    let record = world.source.add_key("short", ENVIRONMENT);
    world.source.put_key(KeyRecord { expires_ms: Some(START_MS + 4_000), ..record });
    let mut client = world.connect().await;
    client.send(&request("").replace(KEY, "short")).await;
    client.head().await;
    client.chunk().await;

    world.clock.pass(Duration::from_secs(4)).await;

    assert_eq!(client.read_to_end().await, LAST_CHUNK);
    assert_eq!(world.metric("streams_ended_total{reason=\"key_revoked\"}"), 1);
}

#[tokio::test]
async fn a_stream_ends_when_its_key_is_made_to_expire_while_it_is_open() {
    let world = World::new().await;
    let record = world.source.add_key("made-short", ENVIRONMENT);
    let mut client = world.connect().await;
    client.send(&request("").replace(KEY, "made-short")).await;
    client.head().await;
    client.chunk().await;

    world.source.put_key(KeyRecord { expires_ms: Some(START_MS + 1_500), ..record.clone() });
    world.publish(ENVIRONMENT, &[(EventKind::Patch, Domain::Key, record.hash.as_str())]).await;
    world.metric_is("feed_entries_total", 1).await;
    for _ in 0..2 {
        world.clock.pass(Duration::from_secs(1)).await;
    }

    assert_eq!(client.read_to_end().await, LAST_CHUNK);
    assert_eq!(world.metric("streams_ended_total{reason=\"key_revoked\"}"), 1);
}
