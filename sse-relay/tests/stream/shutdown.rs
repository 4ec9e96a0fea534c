//! Going away politely.

use std::time::Duration;

use crate::client::LAST_CHUNK;
use crate::world::{World, request};

#[tokio::test]
async fn streams_end_with_a_word_on_when_to_come_back() {
    let mut world = World::new().await;
    let mut stream = world.stream().await;

    world.shut_down();
    while world.metric("streams") > 0 {
        world.clock.advance(Duration::from_millis(1));
        tokio::task::yield_now().await;
    }

    let retry = stream.chunk().await;
    let ms = retry.strip_prefix("retry: ").and_then(|line| line.strip_suffix("\n\n"));
    let ms: u64 = ms.unwrap_or_else(|| panic!("{retry:?}")).parse().unwrap();
    assert!((1_000..5_000).contains(&ms));
    assert_eq!(stream.read_to_end().await, LAST_CHUNK);
    drop(stream);
    world.stopped().await;
}

#[tokio::test]
async fn streams_do_not_all_end_at_the_same_moment_and_hear_news_until_then() {
    let mut world = World::new().await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(world.stream().await);
    }
    world.shut_down();
    crate::time::until("no stream can be opened", || !world.relay.is_ready()).await;

    world.patch(&["late"]).await;

    let mut ends = Vec::new();
    for stream in &mut streams {
        assert_eq!(stream.event().await.0, "late");
    }
    while world.metric("streams") > 0 {
        world.clock.advance(Duration::from_millis(1));
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        ends.push(world.metric("streams"));
    }
    ends.dedup();
    assert!(ends.len() > 2, "streams left at once: {ends:?}");
}

#[tokio::test]
async fn no_stream_is_opened_any_more_and_nobody_can_connect() {
    let mut world = World::new().await;
    let mut waiting = world.connect().await;
    waiting.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
    waiting.read_until("hello\n").await;
    let _stream = world.stream().await;

    world.shut_down();
    crate::time::until("no stream can be opened", || !world.relay.is_ready()).await;
    let _ = waiting.socket.try_write(request("").as_bytes());

    let answer = waiting.read_to_end().await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert!(tokio::net::TcpStream::connect(world.address).await.is_err());
}

#[tokio::test]
async fn idle_connections_do_not_hold_a_shutdown_up() {
    let mut world = World::new().await;
    let _silent = world.connect().await;
    let mut kept_alive = world.connect().await;
    kept_alive.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
    kept_alive.read_until("hello\n").await;
    world.metric_is("connections", 2).await;

    world.shut_down();

    assert_eq!(kept_alive.read_to_end().await, "");
    drop(kept_alive);
    world.stopped().await;
}

#[tokio::test]
async fn a_stream_that_cannot_be_told_is_dropped_in_the_end() {
    let mut world = World::new().await;
    let _stalled = world.stream().await;
    let long = "x".repeat(60_000);
    while world.clock.count(crate::world::limits().write_time) == 0 {
        world.patch(&[&long]).await;
        tokio::task::yield_now().await;
    }

    world.shut_down();
    world.clock.pass(Duration::from_secs(7)).await;
    world.clock.pass(Duration::from_secs(1)).await;

    world.stopped().await;
}
