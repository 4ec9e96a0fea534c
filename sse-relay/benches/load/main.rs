//! What a stream costs: memory when idle, time to open, time until everybody has heard of a change.
//!
//! `cargo bench -p sse-relay -- [streams] [fresh|reused|browsers]`, by hand, on a quiet machine; wait a minute
//! between runs, because closed connections keep their ports for so long. The relay is a process of its
//! own, so that its memory is its own; it shares the cores with the clients. `reused`: each stream is
//! asked for on a connection that served something else before, as Node's SDK does. `browsers`: each is
//! for a target of its own, which is evaluated at each change.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "it measures and prints; what goes wrong ends it"
)]

mod clients;
mod process;
mod server;

use std::time::{Duration, Instant};

use clients::{Clients, Manner};
use process::Server;

const STREAMS: usize = 5_000;
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if arguments.first().is_some_and(|argument| argument == "serve") {
        return runtime.block_on(server::serve());
    }
    let streams = arguments.first().and_then(|argument| argument.parse().ok()).unwrap_or(STREAMS);
    let manner = match arguments.get(1).map(String::as_str) {
        Some("reused") => Manner::Reused,
        Some("browsers") => Manner::Browsers,
        _ => Manner::Fresh,
    };
    runtime.block_on(measure(streams, manner));
}

async fn measure(streams: usize, manner: Manner) {
    let mut server = Server::start();
    let port = server.port();
    // The first streams pay for what all share.
    let mut clients = Clients::open(port, 50, manner).await;
    let before = server.resident_kib();

    let started = Instant::now();
    clients.add(Clients::open(port, streams, manner).await);
    let opening = started.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let per_stream = (server.resident_kib() - before) / count(streams);
    println!(
        "{streams} streams: {per_stream:.2} KiB each, {:.0} opened/s",
        count(streams) / opening.as_secs_f64()
    );

    for round in 1..=ROUNDS {
        let cpu = server.cpu_time();
        let published = Instant::now();
        server.publish();
        let mut heard: Vec<_> = clients.heard().await.into_iter().map(|at| at - published).collect();
        heard.sort_unstable();
        let at = |percent: usize| heard.get((heard.len() - 1) * percent / 100).expect("a stream").as_millis();
        println!(
            "round {round}: p50 {} ms, p99 {} ms, last {} ms, server CPU {} ms",
            at(50),
            at(99),
            at(100),
            (server.cpu_time() - cpu).as_millis()
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn count(streams: usize) -> f64 {
    u32::try_from(streams).expect("fewer streams").into()
}
