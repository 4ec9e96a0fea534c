//! The rules of the stream's bytes. Each breaks at least one published SDK when it is broken, so each has
//! a test that is named after it.

use std::time::Duration;

use model::{Domain, EventKind};
use socket2::SockRef;
use tokio::net::TcpSocket;

use crate::client::{Client, HEARTBEAT};
use crate::time::until;
use crate::world::{ENVIRONMENT, KEY, SILENCE, World, request};

/// Opens a stream, changes `flag` and returns the chunk that tells of it.
async fn chunk_about(flag: &str) -> String {
    let world = World::new().await;
    let mut stream = world.stream().await;
    world.patch(&[flag]).await;
    stream.chunk().await
}

/// The lines of a chunk, without the empty one that ends it.
fn lines(chunk: &str) -> Vec<&str> {
    chunk.strip_suffix("\n\n").expect("an empty line ends an event").split('\n').collect()
}

#[tokio::test]
async fn the_answer_is_an_event_stream_that_nobody_may_keep_collect_or_compress() {
    let world = World::new().await;
    let mut client = world.connect().await;

    client.send(&request("Accept-Encoding: gzip, deflate, br\r\n")).await;

    assert_eq!(
        client.head().await,
        "HTTP/1.1 200 OK\r\n\
         Content-Type: text/event-stream\r\n\
         Cache-Control: no-cache\r\n\
         X-Accel-Buffering: no\r\n\
         Access-Control-Allow-Origin: *\r\n\
         Transfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n"
    );
}

#[tokio::test]
async fn an_event_looks_like_this_to_the_last_byte() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    world.patch(&["dark_mode"]).await;

    let payload = "id: 2\nevent: *\n\
        data: {\"event\":\"patch\",\"domain\":\"flag\",\"identifier\":\"dark_mode\",\"version\":2}\n\n";
    assert_eq!(stream.read().await, format!("{:x}\r\n{payload}\r\n", payload.len()));
}

/// iOS listens for no other name, Go subscribes to no other channel.
#[tokio::test]
async fn event_name_is_exactly_a_star() {
    assert!(lines(&chunk_about("dark_mode").await).contains(&"event: *"));
}

/// Java and Android cut six characters.
#[tokio::test]
async fn exactly_one_space_follows_data() {
    let chunk = chunk_about("dark_mode").await;

    assert!(lines(&chunk).last().unwrap().starts_with("data: {"));
}

/// Node ends its process on anything else.
#[tokio::test]
async fn json_is_on_one_line_and_there_is_one_data_line_and_it_is_never_empty() {
    for flag in ["dark_mode", "line\nbreak", "carriage\r\nreturn", "data: x\n\ndata:", "\u{2028}", ""] {
        let chunk = chunk_about(flag).await;

        let data: Vec<_> = lines(&chunk).into_iter().filter(|line| line.starts_with("data:")).collect();
        assert_eq!(data.len(), 1, "{chunk:?}");
        let event: model::StreamEvent =
            serde_json::from_str(data[0].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(event.identifier, flag);
        assert!(!chunk.contains('\r'));
    }
}

/// Node and browsers lose an event that is cut, or end on it; Python finds chunk sizes inside its JSON.
#[tokio::test]
async fn an_event_is_one_write_and_one_chunk() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    for flag in ["a", "b", "c"] {
        world.patch(&[flag]).await;
        let bytes = stream.read().await;

        let (size, rest) = bytes.split_once("\r\n").unwrap();
        let payload = rest.strip_suffix("\r\n").unwrap();
        assert_eq!(
            usize::from_str_radix(size, 16).unwrap(),
            payload.len(),
            "one read brings one whole chunk"
        );
        assert_eq!(lines(payload).len(), 3);
    }
}

/// While many events wait for the network, nothing but our asking for it keeps the kernel from filling
/// packets to the brim. Node's SDK takes what one read brings for whole lines, and ends on half a one.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn events_that_wait_for_the_network_are_not_cut_where_packets_end() {
    let world = World::new().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    SockRef::from(&socket).set_tcp_mss(536).unwrap();
    let mut stream = Client::over(socket.connect(world.address).await.unwrap());
    stream.send(&request("")).await;
    stream.head().await;
    stream.chunk().await;

    let flags: Vec<_> = (0..90).map(|index| format!("flag_{index}")).collect();
    world.patch(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let all_sent = || world.metric("events_sent_total") == 90;
    let is_full = || world.clock.count(crate::world::limits().write_time) == 1;
    until("more is sent than one window holds", || all_sent() || is_full()).await;

    let mut received = 0;
    while received < flags.len() {
        let bytes = stream.read().await;
        assert!(bytes.ends_with("\n\n\r\n"), "cut: {bytes:?}");
        received += bytes.matches("data: ").count();
    }
}

/// Node throws away a block of data whose first character is a colon.
#[tokio::test]
async fn a_heartbeat_never_shares_a_chunk_with_an_event() {
    let world = World::new().await;
    world.patch(&["early"]).await;

    let mut stream = world.stream().await;
    let mut chunks = vec![stream.chunk().await];
    for flag in ["a", "b"] {
        world.clock.pass(SILENCE).await;
        chunks.push(stream.chunk().await);
        world.patch(&[flag]).await;
        chunks.push(stream.chunk().await);
    }

    let (heartbeats, events): (Vec<_>, Vec<_>) = chunks.iter().partition(|chunk| chunk.starts_with(':'));
    assert_eq!(heartbeats, [HEARTBEAT; 2]);
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|chunk| lines(chunk).len() == 3));
}

/// Go counts no other comment as a sign of life.
#[tokio::test]
async fn the_comment_line_is_exactly_a_colon() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    world.clock.pass(SILENCE).await;

    assert_eq!(stream.read().await, "3\r\n:\n\n\r\n");
}

/// Node, Go and browsers give up after 30 s of silence.
#[tokio::test]
async fn a_heartbeat_follows_every_ten_seconds_of_silence_at_the_latest() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    for _ in 0..5 {
        world.clock.pass(SILENCE).await;
        assert_eq!(stream.chunk().await, HEARTBEAT);
    }
    world.clock.sleeping(SILENCE, 1).await;
    world.clock.advance(Duration::from_secs(9));
    world.patch(&["a"]).await;
    assert_eq!(stream.event().await.0, "a");
    // Silence is counted from the event.
    world.clock.pass(SILENCE).await;
    assert_eq!(stream.chunk().await, HEARTBEAT);
}

/// Thousands that heard of one change would otherwise all be written to again in one moment.
#[tokio::test]
async fn streams_that_heard_of_a_change_at_once_do_not_get_their_heartbeats_at_once() {
    let world = World::new().await;
    let mut streams = [world.stream().await, world.stream().await];
    world.patch(&["a"]).await;
    for stream in &mut streams {
        assert_eq!(stream.event().await.0, "a");
    }
    let own = |nth: u64| Duration::from_secs(10) - Duration::from_millis(2 * nth);
    world.clock.sleeping(own(1), 1).await;
    world.clock.sleeping(own(2), 1).await;

    world.clock.advance(own(2));

    assert_eq!(streams[1].chunk().await, HEARTBEAT);
    assert_eq!(world.metric("heartbeats_sent_total"), 1);
}

/// What wakes a stream without anything to send must not make the silence longer.
#[tokio::test]
async fn news_that_are_not_for_sdks_do_not_put_a_heartbeat_off() {
    let world = World::new().await;
    let mut stream = world.stream().await;
    world.clock.sleeping(SILENCE, 1).await;

    world.clock.advance(Duration::from_secs(9));
    world.publish(ENVIRONMENT, &[(EventKind::Create, Domain::Key, "another")]).await;
    world.metric_is("feed_entries_total", 1).await;
    world.clock.advance(Duration::from_secs(1));

    assert_eq!(stream.chunk().await, HEARTBEAT);
}

/// Browsers are not connected, and poll, before the first byte.
#[tokio::test]
async fn the_first_heartbeat_comes_at_once_with_the_head() {
    let world = World::new().await;
    let mut client = world.connect().await;

    client.send(&request("")).await;

    let first = client.read().await;
    assert!(first.ends_with("\r\n\r\n3\r\n:\n\n\r\n"), "{first:?}");
}

/// Go's scanner holds no more.
#[tokio::test]
async fn an_event_never_exceeds_64_kib() {
    let world = World::new().await;
    let mut stream = world.stream().await;

    world.patch(&[&"x".repeat(70_000), "short", &"y".repeat(65_000)]).await;

    assert_eq!(stream.event().await.0, "short");
    let chunk = stream.chunk().await;
    assert!(chunk.len() <= 64 * 1024 && chunk.contains("yyy"), "{} bytes", chunk.len());
}

/// .NET skips lines without that word, and parses the others as JSON.
#[tokio::test]
async fn the_word_domain_is_in_the_data_line_and_in_no_other() {
    let world = World::new().await;
    let mut stream = world.stream().await;
    world.patch(&["domain"]).await;
    let chunk = stream.chunk().await;

    let (data, others): (Vec<_>, Vec<_>) =
        lines(&chunk).into_iter().partition(|line| line.contains("domain"));

    assert_eq!(data.len(), 1);
    assert!(data[0].starts_with("data: {") && data[0].ends_with('}'));
    assert_eq!(others, ["id: 2", "event: *"]);
}

/// Any byte makes a browser believe that it is connected, whatever the status.
#[tokio::test]
async fn error_statuses_have_an_empty_body() {
    let world = World::new().await;
    let unavailable = World::new().await;
    unavailable.source.set_away(true);
    let key = |key: &str| format!("GET /stream HTTP/1.1\r\nHost: x\r\nAPI-Key: {key}\r\n\r\n");
    let answers = [
        (400, world.ask("GET /stream HTTP/1.1\r\nnot a header\r\n\r\n").await),
        (401, world.ask("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n").await),
        (403, world.ask(&key("unknown")).await),
        (503, unavailable.ask(&key(KEY)).await),
    ];
    for (status, answer) in answers {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains("\r\nAccess-Control-Allow-Origin: *\r\n"), "{answer}");
        assert!(answer.contains("\r\nContent-Length: 0\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "no byte follows the head: {answer}");
    }
}

/// Python reads what comes, undecoded.
#[tokio::test]
async fn nothing_is_encoded_even_if_the_client_could_read_it() {
    let world = World::new().await;
    let mut client = world.connect().await;

    client.send(&request("Accept-Encoding: gzip\r\nTE: gzip\r\n")).await;
    let head = client.head().await;
    client.chunk().await;
    world.patch(&["plain"]).await;

    assert!(!head.to_ascii_lowercase().contains("content-encoding"));
    assert!(client.chunk().await.contains("plain"));
}
