//! SIGTERM: everything that runs is finished or sent home, within the time that the operator allows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{Burgee, Demo, Launch};
use tests::deadline::wait_for;
use tests::listener::{Listener, Memory};
use tests::wire::Client;

use super::ledger::{Books, Fate, Ledger};
use super::traffic::{Place, Traffic};

const LIMIT: Duration = Duration::from_secs(30);

const DRAIN: Duration = Duration::from_secs(4);

/// What a process needs to end once nothing keeps it, on a busy machine.
const LEEWAY: Duration = Duration::from_secs(3);

const STREAMS: usize = 20;

const SWITCHERS: usize = 4;

#[test]
fn a_busy_server_finishes_what_it_began_and_sends_streams_home_one_after_the_other() {
    let folder = TempDir::new().unwrap();
    let (mut server, environment, key) = serve(folder.path(), DRAIN);
    let ledger = Arc::new(Ledger::default());
    for number in 0..SWITCHERS {
        let flag = format!("switched-{number}");
        environment.create_flag(&flag, "boolean", &[("true", "true"), ("false", "false")]);
        ledger.flag(&flag, Fate::Acknowledged);
    }
    let sdk = Client::new(&server.url(), &key, &Books::open(folder.path()).environment(), None);
    let place = Place { url: server.url(), sdk };
    let listen = |_| Listener::start(&place.url, &key, Memory::None);
    let listeners: Vec<_> = (0..STREAMS).map(listen).collect();
    let all_open = || listeners.iter().all(|listener| listener.connections() == 1).then_some(());
    wait_for("the streams", LIMIT, all_open);
    let running = Traffic::new(&ledger, SWITCHERS, 1, 3).start(&place);
    wait_for("traffic", LIMIT, || (running.answered() > 50).then_some(()));

    let asked = Instant::now();
    let status = server.terminate();
    let took = asked.elapsed();
    running.join();

    assert!(status.success(), "{status}");
    assert!(took < DRAIN + LEEWAY, "{took:?}");
    ledger.compare(folder.path());
    assert_eq!(ledger.made_without_answer(folder.path()), [""; 0]);
    assert_eq!(Books::open(folder.path()).reports_waiting(), 0);
    let heard: Vec<_> = listeners.iter().map(Listener::heard).collect();
    for stream in &heard {
        assert_eq!(stream.ends.len(), 1, "a stream was cut off");
        assert!(matches!(stream.retries_ms.as_slice(), [1_000..5_000]), "{:?}", stream.retries_ms);
    }
    let ends: Vec<_> = heard.iter().filter_map(|stream| stream.ends.first().copied()).collect();
    let spread = ends.iter().max().unwrap().duration_since(*ends.iter().min().unwrap());
    println!("ended in {took:.1?}; {STREAMS} streams went home over {spread:.1?}");
    assert!(spread > DRAIN / 8, "all streams ended within {spread:?}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = TempDir::new().unwrap();
    let (mut server, _, key) = serve(folder.path(), Duration::from_secs(300));
    let listener = Listener::start(&server.url(), &key, Memory::None);
    wait_for("the stream", LIMIT, || (listener.connections() == 1).then_some(()));
    server.signal(Signal::TERM);
    wait_for("the end to begin", LIMIT, || server.stderr().contains("shutting down").then_some(()));
    assert_eq!(server.ended(), None);

    let asked = Instant::now();
    server.signal(Signal::TERM);
    let status = wait_for("the end", LIMIT, || server.ended());

    assert_eq!(status.code(), Some(128 + 15));
    assert!(asked.elapsed() < LEEWAY, "{:?}", asked.elapsed());
}

#[test]
fn a_server_with_nothing_to_do_ends_at_once() {
    let folder = TempDir::new().unwrap();
    let mut server = Launch::new(folder.path(), Demo::No).set("BURGEE_DRAIN_S", "300").start();

    let asked = Instant::now();
    let status = server.terminate();

    assert!(status.success(), "{status}");
    assert!(asked.elapsed() < LEEWAY, "{:?}", asked.elapsed());
}

/// A server with that time for ending, an environment and a key of it.
fn serve(data: &std::path::Path, drain: Duration) -> (Burgee, Environment, String) {
    let server = Launch::new(data, Demo::No).set("BURGEE_DRAIN_S", &drain.as_secs().to_string()).start();
    let environment = server.admin().create_environment("shop", "dev");
    let key = environment.create_key("server", "Server");
    (server, environment, key)
}
