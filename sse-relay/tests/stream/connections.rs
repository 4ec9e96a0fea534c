//! Requests in every shape that clients send them.

use std::time::Duration;

use crate::client::HEARTBEAT;
use crate::world::{KEY, SILENCE, World, request};

#[tokio::test]
async fn a_head_may_come_in_any_number_of_pieces() {
    let world = World::new().await;
    let mut client = world.connect().await;

    for byte in request("").chars() {
        client.send(&byte.to_string()).await;
        tokio::task::yield_now().await;
    }

    assert!(client.head().await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(client.chunk().await, HEARTBEAT);
}

#[tokio::test]
async fn everything_else_reaches_the_router_whole() {
    let world = World::new().await;
    let mut client = world.connect().await;

    for request in ["GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"; 3] {
        let (first, second) = request.split_at(2);
        client.send(first).await;
        tokio::task::yield_now().await;
        client.send(second).await;
        assert!(client.head().await.starts_with("HTTP/1.1 200 OK"));
        assert_eq!(client.read_until("\n").await, "hello\n");
    }
}

/// Node keeps connections alive and asks for its stream on one that has served its other requests.
#[tokio::test]
async fn a_stream_may_be_asked_for_on_a_connection_that_served_something_else() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
    client.read_until("hello\n").await;

    client.send(&request("")).await;

    assert!(client.head().await.ends_with("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"));
    assert_eq!(client.chunk().await, HEARTBEAT);
    world.patch(&["a"]).await;
    assert_eq!(client.event().await.0, "a");
    world.clock.pass(SILENCE).await;
    assert_eq!(client.chunk().await, HEARTBEAT);
}

#[tokio::test]
async fn a_stream_asked_for_in_one_breath_with_something_else_comes_after_it() {
    let world = World::new().await;
    let mut client = world.connect().await;

    client.send(&format!("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n{}", request(""))).await;

    client.read_until("hello\n").await;
    assert!(client.head().await.contains("text/event-stream"));
    assert_eq!(client.chunk().await, HEARTBEAT);
}

#[tokio::test]
async fn a_refusal_on_a_used_connection_has_no_body_either() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
    client.read_until("hello\n").await;

    client.send("GET /stream HTTP/1.1\r\nHost: x\r\nAPI-Key: unknown\r\n\r\n").await;

    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_stream_may_be_asked_for_with_a_whole_url() {
    let world = World::new().await;
    let mut client = world.connect().await;

    client.send(&request("").replace("GET /stream", &format!("GET http://{}/stream", world.address))).await;

    assert!(client.head().await.contains("text/event-stream"));
}

#[tokio::test]
async fn what_is_pipelined_behind_a_stream_is_not_answered_and_does_no_harm() {
    let world = World::new().await;
    let mut client = world.connect().await;

    client.send(&format!("{}GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", request(""))).await;
    client.head().await;
    client.chunk().await;
    client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
    world.patch(&["a"]).await;

    assert_eq!(client.event().await.0, "a");
}

#[tokio::test]
async fn http_1_0_gets_a_stream_that_ends_with_the_connection() {
    let world = World::new().await;
    world.patch(&["early"]).await;
    let mut client = world.connect().await;

    client.send(&format!("GET /stream HTTP/1.0\r\nAPI-Key: {KEY}\r\n\r\n")).await;
    let head = client.head().await;
    assert_eq!(client.read_until("\n\n").await, HEARTBEAT);
    // Only time keeps a heartbeat and an event apart without chunks.
    world.clock.pass(Duration::from_millis(50)).await;

    assert!(!head.contains("Transfer-Encoding"), "{head}");
    assert_eq!(
        client.read().await,
        "id: 2\nevent: *\ndata: {\"event\":\"patch\",\"domain\":\"flag\",\"identifier\":\"early\",\"version\":2}\n\n"
    );
}

#[tokio::test]
async fn other_methods_get_no_stream() {
    let world = World::new().await;

    for method in ["POST", "PUT", "HEAD", "DELETE"] {
        let mut client = world.connect().await;
        let close = "Content-Length: 0\r\nConnection: close\r\n";
        client.send(&request(close).replace("GET ", &format!("{method} "))).await;

        let answer = client.read_to_end().await.to_ascii_lowercase();
        assert!(answer.starts_with("http/1.1 405 "), "{method}: {answer}");
        assert!(answer.contains("\r\nallow: get, options\r\n"), "{method}: {answer}");
        assert!(answer.contains("\r\naccess-control-allow-origin: *\r\n"), "{method}: {answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{method}: {answer}");
    }
}

/// The page's origin is never ours, and the SDK's headers are not simple.
#[tokio::test]
async fn browsers_are_told_that_they_may_open_a_stream() {
    let world = World::new().await;

    for path in ["/stream?cluster=1", "/api/1.0/stream?cluster=1"] {
        let mut client = world.connect().await;
        let preflight = format!(
            "OPTIONS {path} HTTP/1.1\r\nHost: x\r\nOrigin: https://shop.example\r\n\
             Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: api-key\r\n\
             Connection: close\r\n\r\n"
        );
        client.send(&preflight).await;

        let answer = client.read_to_end().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains("access-control-allow-origin: *\r\n"), "{answer}");
        assert!(answer.contains("access-control-allow-headers: accept,api-key,authorization,"), "{answer}");
    }
}

/// .NET opens a stream that it never reads, and then the one that it does.
#[tokio::test]
async fn a_client_may_open_two_streams_and_read_only_the_second() {
    let world = World::new().await;
    let mut idle = world.connect().await;
    idle.send(&request("")).await;
    let mut stream = world.stream().await;

    for _ in 0..10 {
        world.patch(&["a"]).await;
        assert_eq!(stream.event().await.0, "a");
    }

    assert_eq!(world.metric("streams"), 2);
    drop(idle);
    world.metric_is("streams", 1).await;
    world.patch(&["b"]).await;
    assert_eq!(stream.event().await.0, "b");
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_at_once() {
    let world = World::new().await;
    let stream = world.stream().await;
    assert_eq!(world.metric("streams"), 1);

    drop(stream);

    world.metric_is("streams", 0).await;
    world.metric_is("connections", 0).await;
    assert_eq!(world.metric("streams_ended_total{reason=\"left\"}"), 1);
}

#[tokio::test]
async fn a_head_that_does_not_end_is_refused() {
    let world = World::new().await;
    let mut client = world.connect().await;

    client.send("GET /stream HTTP/1.1\r\nX: ").await;
    client.send(&"x".repeat(70_000)).await;

    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 431 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_browsers_target_fits_into_the_head() {
    let world = World::new().await;

    let _stream = world.stream_with(&format!("Harness-Target: {}\r\n", "x".repeat(60_000))).await;
}

#[tokio::test]
async fn a_head_that_does_not_come_in_time_is_refused() {
    let world = World::new().await;
    let mut slow = world.connect().await;
    let mut silent = world.connect().await;
    slow.send("GET /stream HTTP/1.1\r\nHost").await;
    world.clock.sleeping(Duration::from_secs(6), 2).await;
    // Whoever answers this has read what was sent before it.
    world.ask("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;

    world.clock.advance(Duration::from_secs(6));

    let answer = slow.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(silent.read_to_end().await, "", "who says nothing is told nothing");
}
