//! What a stream is told first, and that nothing is lost where that ends and the news begin.

use std::time::Duration;

use model::{Domain, EventKind};
use platform::ChangeFeed;

use crate::client::HEARTBEAT;
use crate::world::{ENVIRONMENT, World, limits};

fn named(events: &[(&str, i64)]) -> Vec<(String, i64)> {
    events.iter().map(|(identifier, version)| ((*identifier).to_owned(), *version)).collect()
}

fn resume(version: i64) -> String {
    format!("Last-Event-ID: {version}\r\n")
}

#[tokio::test]
async fn a_client_that_says_what_it_has_gets_exactly_what_changed_since() {
    let world = World::new().await;
    for flag in ["a", "b", "c", "a"] {
        world.patch(&[flag]).await;
    }

    let mut stream = world.stream_with(&resume(3)).await;
    assert_eq!(stream.events(2).await, named(&[("c", 4), ("a", 5)]));
    world.patch(&["live"]).await;
    assert_eq!(stream.event().await.0, "live");

    let mut stream = world.stream_with(&resume(6)).await;
    world.patch(&["later"]).await;
    assert_eq!(stream.events(1).await, named(&[("later", 7)]));
}

#[tokio::test]
async fn a_client_that_was_cut_off_within_a_version_gets_the_rest_of_it() {
    let world = World::new().await;
    let mut stream = world.stream().await;
    world.patch(&["a", "b"]).await;
    let first = stream.chunk().await;
    assert!(first.contains("\"a\""));
    let id = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap();
    drop(stream);

    let mut stream = world.stream_with(&resume(id)).await;

    assert_eq!(stream.events(2).await, named(&[("a", 2), ("b", 2)]));
}

#[tokio::test]
async fn a_client_that_does_not_say_gets_the_newest_of_the_last_two_minutes() {
    let world = World::new().await;
    world.patch(&["old"]).await;
    world.clock.advance(Duration::from_secs(121));
    for flag in ["a", "b", "a"] {
        world.patch(&[flag]).await;
    }
    world.publish(ENVIRONMENT, &[(EventKind::Delete, Domain::Flag, "b")]).await;

    let mut stream = world.stream().await;

    let chunks = [stream.chunk().await, stream.chunk().await];
    assert!(
        chunks[0].contains(r#""event":"patch","domain":"flag","identifier":"a","version":5"#),
        "{chunks:?}"
    );
    assert!(
        chunks[1].contains(r#""event":"delete","domain":"flag","identifier":"b","version":6"#),
        "{chunks:?}"
    );
    world.patch(&["live"]).await;
    assert_eq!(stream.event().await.0, "live");
}

#[tokio::test]
async fn an_id_that_is_no_version_or_from_the_future_is_as_good_as_none() {
    let world = World::new().await;
    world.patch(&["a"]).await;

    for id in ["abc", "", "-3", "99999999999999999999", "1000000"] {
        let mut stream = world.stream_with(&format!("Last-Event-ID: {id}\r\n")).await;
        assert_eq!(stream.event().await, ("a".to_owned(), 2), "{id}");
    }
}

#[tokio::test]
async fn a_client_that_has_heard_of_more_than_the_relay_is_taken_at_its_word() {
    let world = World::new().await;
    world.patch(&["a"]).await;
    let _asked_just_now = world.stream().await;
    let entry = world.commit(ENVIRONMENT, &[(EventKind::Patch, Domain::Flag, "b")]);

    let mut stream = world.stream_with(&resume(3)).await;
    world.feed.append(entry).await.unwrap();
    world.patch(&["c"]).await;

    assert_eq!(stream.events(1).await, named(&[("c", 4)]));
}

#[tokio::test]
async fn many_clients_from_before_a_restore_share_few_questions() {
    let world = World::with(sse_relay::Limits { streams_per_address: None, ..limits() }).await;
    world.patch(&["a"]).await;
    let _first = world.stream().await;
    let shut = world.source.gate.write().await;
    let mut clients = Vec::new();
    for version in 0..200 {
        let mut client = world.connect().await;
        client.send(&crate::world::request(&resume(1_000 + version))).await;
        clients.push(client);
    }
    world.metric_is("connections", 201).await;
    drop(shut);

    for client in &mut clients {
        client.head().await;
        assert_eq!(client.chunk().await, HEARTBEAT);
        assert_eq!(client.event().await, ("a".to_owned(), 2));
    }

    assert!(world.source.questions() <= 4, "{} questions", world.source.questions());
}

#[tokio::test]
async fn many_streams_that_connect_at_once_ask_the_database_once() {
    let world = World::with(sse_relay::Limits { streams_per_address: None, ..limits() }).await;
    world.patch(&["a"]).await;
    let shut = world.source.gate.write().await;
    let mut clients = Vec::new();
    for _ in 0..200 {
        let mut client = world.connect().await;
        client.send(&crate::world::request("")).await;
        clients.push(client);
    }
    world.metric_is("connections", 200).await;
    drop(shut);

    for client in &mut clients {
        client.head().await;
        assert_eq!(client.chunk().await, HEARTBEAT);
        assert_eq!(client.event().await, ("a".to_owned(), 2));
    }

    assert_eq!(world.source.questions(), 1);
}

#[tokio::test]
async fn many_streams_that_missed_the_same_ask_the_database_once_more() {
    let world = World::new().await;
    for flag in ["a", "b", "c"] {
        world.patch(&[flag]).await;
    }
    let _first = world.stream().await;

    for _ in 0..50 {
        let mut stream = world.stream_with(&resume(2)).await;
        assert_eq!(stream.events(2).await, named(&[("b", 3), ("c", 4)]));
    }

    assert_eq!(world.source.questions(), 2);
}

#[tokio::test]
async fn more_than_a_hundred_objects_are_spread_over_five_seconds() {
    let world = World::new().await;
    let flags: Vec<_> = (0..500).map(|index| format!("f{index}")).collect();
    world.patch(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await;

    let mut stream = world.stream().await;
    let mut events = Vec::new();
    for portion in 0..50 {
        if portion > 0 {
            world.clock.pass(Duration::from_millis(100)).await;
        }
        events.extend(stream.events(10).await);
    }

    let expected: Vec<_> = flags.into_iter().map(|flag| (flag, 2)).collect();
    assert_eq!(events, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_lost_or_out_of_order_where_subscribing_meets_publishing() {
    for _ in 0..10 {
        subscribe_while_publishing().await;
    }
}

async fn subscribe_while_publishing() {
    // Few enough to be replayed at once.
    const CHANGES: i64 = 90;
    let world = World::with(sse_relay::Limits { streams_per_address: None, ..limits() }).await;
    let publish = async {
        for version in 2..CHANGES {
            // A flag of its own for each version, so that nothing is replaced by something newer.
            world.patch(&[&format!("v{version}")]).await;
            tokio::task::yield_now().await;
        }
        world.patch(&["last"]).await
    };
    let subscribe = async {
        let mut streams = Vec::new();
        for index in 0..40 {
            let known = world.source.version(ENVIRONMENT);
            let resumed = index % 2 == 1;
            let headers = if resumed { resume(known) } else { String::new() };
            streams.push((if resumed { known + 1 } else { 2 }, world.stream_with(&headers).await));
        }
        streams
    };

    let (last, streams) = tokio::join!(publish, subscribe);

    for (first, mut stream) in streams {
        let mut versions = Vec::new();
        while versions.last() != Some(&last) && first <= last {
            versions.push(stream.event().await.1);
        }
        assert!(versions.is_sorted(), "out of order: {versions:?}");
        versions.dedup();
        assert_eq!(versions, (first..=last).collect::<Vec<_>>());
    }
}
