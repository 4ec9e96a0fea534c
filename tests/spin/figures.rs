//! How long a request takes whose instance has to be made first, beside the same request to a native server.

use std::future::pending;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::exchange::Asked;
use tests::smoke::{Function, Installation, file_in, open, routers};
use tokio::net::TcpListener;

use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_made_for_a_request_answers_it() {
    let is_long = std::env::var_os("BURGEE_SOAK").is_some();
    let count = if is_long { 5_000 } else { 200 };
    let installation = Installation::new().await;
    let evaluate = installation.sdk("GET", "/client/env/{environment}/target/ann/evaluations", &Value::Null);
    let world = World::copy(&installation, &["--reuses", "1"]);
    let folder = installation.copy();
    let router = routers(&open(&file_in(folder.path()))).await(Function::Client);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(platform_native::run(listener, router, pending(), Duration::ZERO));

    let (fresh, native) = tokio::task::block_in_place(|| {
        (times(&world.spin.url, &evaluate, count), times(&format!("http://{address}"), &evaluate, count))
    });

    println!("an instance is made and evaluates: p50 {:?}, p99 {:?}", fresh.0, fresh.1);
    println!("a native server evaluates: p50 {:?}, p99 {:?}", native.0, native.1);
}

/// The times below which half, and 99 of 100, of the requests were answered.
fn times(url: &str, asked: &Asked, count: usize) -> (Duration, Duration) {
    let time = |_| {
        let start = Instant::now();
        assert_eq!(asked.at(url).status, 200);
        start.elapsed()
    };
    let mut times: Vec<Duration> = (0..count).map(time).collect();
    times.sort_unstable();
    (times[count / 2], times[count * 99 / 100])
}
