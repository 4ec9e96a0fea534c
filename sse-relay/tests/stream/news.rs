//! Following the feed, with and without it.

use std::time::Duration;

use model::{Domain, EventKind};
use platform::ChangeFeed;

use crate::client::LAST_CHUNK;
use crate::world::{ENVIRONMENT, World};

const RETRY: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_environment_hears_of_its_own_changes_only() {
    let world = World::new().await;
    world.source.add_key("another", "e-2");
    let mut stream = world.stream().await;

    world.publish("e-2", &[(EventKind::Patch, Domain::Flag, "theirs")]).await;
    world.patch(&["ours"]).await;

    assert_eq!(stream.event().await.0, "ours");
}

#[tokio::test]
async fn segments_are_told_of_as_target_segments() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    world.publish(ENVIRONMENT, &[(EventKind::Create, Domain::Segment, "beta")]).await;

    let chunk = stream.chunk().await;
    assert!(
        chunk.contains(r#"{"event":"create","domain":"target-segment","identifier":"beta","version":2}"#)
    );
}

#[tokio::test]
async fn what_the_feed_repeats_is_sent_once() {
    let world = World::new().await;
    let mut stream = world.stream().await;
    let first = world.commit(ENVIRONMENT, &[(EventKind::Patch, Domain::Flag, "a")]);

    for entry in [&first, &first] {
        world.feed.append(entry.clone()).await.unwrap();
    }
    world.patch(&["b"]).await;
    world.feed.append(first).await.unwrap();
    world.patch(&["c"]).await;

    let expected = [("a", 2), ("b", 3), ("c", 4)].map(|(flag, version)| (flag.to_owned(), version));
    assert_eq!(stream.events(3).await, expected);
}

#[tokio::test]
async fn what_the_feed_lost_is_read_from_the_database_and_sent_first() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    world.commit(ENVIRONMENT, &[(EventKind::Patch, Domain::Flag, "lost")]);
    world.patch(&["told"]).await;

    let expected = [("lost", 2), ("told", 3)].map(|(flag, version)| (flag.to_owned(), version));
    assert_eq!(stream.events(2).await, expected);
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_makes_us_ask_the_database() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    world.commit(ENVIRONMENT, &[(EventKind::Patch, Domain::Flag, "a")]);
    world.feed.append("{\"damaged\":".into()).await.unwrap();

    assert_eq!(stream.event().await, ("a".to_owned(), 2));
}

#[tokio::test]
async fn while_the_feed_is_away_the_database_is_asked() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    world.feed.set_away(true);
    world.patch(&["wakes-the-reader"]).await;
    assert_eq!(stream.event().await.0, "wakes-the-reader");
    world.commit(ENVIRONMENT, &[(EventKind::Patch, Domain::Flag, "unfed")]);
    world.clock.sleeping(RETRY, 2).await;
    world.clock.advance(RETRY);
    assert_eq!(stream.event().await.0, "unfed");

    world.feed.set_away(false);
    world.clock.sleeping(RETRY, 2).await;
    world.clock.advance(RETRY);
    world.patch(&["fed"]).await;
    assert_eq!(stream.event().await.0, "fed");
}

#[tokio::test]
async fn no_stream_is_opened_before_the_feeds_position_is_known() {
    let world = World::without_feed().await;
    let key = crate::world::request("");

    assert!(world.ask(&key).await.starts_with("HTTP/1.1 503 "));
    assert!(!world.relay.is_ready());
    world.feed.set_away(false);
    world.clock.pass(RETRY).await;
    crate::time::until("the feed is followed", || world.relay.is_ready()).await;

    let mut stream = world.stream().await;
    world.patch(&["a"]).await;
    assert_eq!(stream.event().await.0, "a");
}

#[tokio::test]
async fn streams_are_closed_when_feed_and_database_are_away_for_half_a_minute() {
    let world = World::new().await;
    let mut stream = world.stream().await;
    world.feed.set_away(true);
    world.source.set_away(true);
    world.commit(ENVIRONMENT, &[(EventKind::Patch, Domain::Flag, "unread")]);
    world.feed.append("{}".into()).await.unwrap();

    while world.metric("streams") == 1 {
        world.clock.advance(RETRY);
        tokio::task::yield_now().await;
    }
    let rest = stream.read_to_end().await;
    assert!(rest.ends_with(LAST_CHUNK), "{rest}");
    assert!(world.ask(&crate::world::request("")).await.starts_with("HTTP/1.1 503 "));

    world.feed.set_away(false);
    world.source.set_away(false);
    let mut stream = world.stream_with("Last-Event-ID: 1\r\n").await;
    assert_eq!(stream.event().await, ("unread".to_owned(), 2));
}

#[tokio::test]
async fn a_deleted_key_closes_its_streams_and_no_others() {
    let world = World::new().await;
    let deleted = world.source.add_key("deleted", ENVIRONMENT);
    let mut other = world.stream().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut client = world.connect().await;
        client.send("GET /stream HTTP/1.1\r\nHost: x\r\nAPI-Key: deleted\r\n\r\n").await;
        client.head().await;
        client.chunk().await;
        streams.push(client);
    }

    world.source.remove_key("deleted");
    world.publish(ENVIRONMENT, &[(EventKind::Delete, Domain::Key, deleted.hash.as_str())]).await;

    for mut stream in streams {
        assert_eq!(stream.read_to_end().await, LAST_CHUNK, "the end, and no word of the key");
    }
    world.patch(&["a"]).await;
    assert_eq!(other.event().await.0, "a");
}

#[tokio::test]
async fn a_deleted_environment_closes_all_of_its_streams() {
    let world = World::new().await;
    world.source.add_key("another", "e-2");
    let mut streams = [world.stream().await, world.stream().await];

    world.publish(ENVIRONMENT, &[(EventKind::Delete, Domain::Environment, ENVIRONMENT)]).await;

    for stream in &mut streams {
        assert_eq!(stream.read_to_end().await, LAST_CHUNK);
    }
}

#[tokio::test]
async fn an_environment_that_nobody_listens_to_is_let_go_and_read_anew() {
    let world = World::new().await;
    drop(world.stream().await);
    world.metric_is("streams", 0).await;
    for _ in 0..62 {
        world.clock.pass(RETRY).await;
    }
    world.clock.sleeping(RETRY, 1).await;

    world.patch(&["a"]).await;
    let mut stream = world.stream().await;

    assert_eq!(stream.event().await, ("a".to_owned(), 2));
    assert_eq!(world.source.questions(), 2);
}
