//! How long the same requests take on each kind of stores. Only in a soak: `cargo xtask soak stores`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{Burgee, Demo, Launch, burgee};
use tests::postgres::Postgres;
use tests::redis::Redis;
use tests::seed::is_soak;
use tests::wire::{Client, send};

const FLAGS: usize = 100;
const ONE_BY_ONE: usize = 1_000;
const CHANGES: usize = 300;
const AT_ONCE: usize = 8;
const WINDOW: Duration = Duration::from_secs(5);

/// Runs the same requests against a server on the stores that these variables name.
fn measure(what: &str, names: &[(&str, String)]) {
    let folder = TempDir::new().unwrap();
    let launch = Launch::new(folder.path(), Demo::No).set("BURGEE_LOG", "warn");
    let server = names.iter().fold(launch, |launch, (name, value)| launch.set(name, value)).start();
    let environment = server.admin().create_environment("shop", "dev");
    for number in 0..FLAGS {
        environment.create_flag(&format!("flag{number}"), "boolean", &[("yes", "true"), ("no", "false")]);
    }
    let key = environment.create_key("sdk", "Client");
    let evaluations = evaluations(&server, &environment, &key);

    one_by_one(&format!("{what}: POST /client/auth"), ONE_BY_ONE, |_| authenticate(&server, &key));
    one_by_one(&format!("{what}: evaluations of {FLAGS} flags"), ONE_BY_ONE, |_| evaluations());
    one_by_one(&format!("{what}: PATCH of a flag"), CHANGES, |number| switch(&environment, number));
    println!("{what}: {AT_ONCE} at once, POST /client/auth: {} /s", at_once(|_| authenticate(&server, &key)));
    println!("{what}: {AT_ONCE} at once, evaluations: {} /s", at_once(|_| evaluations()));
    println!(
        "{what}: {AT_ONCE} at once, PATCH of a flag: {} /s",
        at_once(|number| switch(&environment, CHANGES + number))
    );
}

fn authenticate(server: &Burgee, key: &str) {
    let body = json!({"apiKey": key, "target": {"identifier": "ann"}});
    let (status, answer) = send("POST", &format!("{}/client/auth", server.url()), &[], Some(&body));
    assert_eq!(status, 200, "{answer}");
}

fn evaluations(server: &Burgee, environment: &Environment, key: &str) -> impl Fn() + Sync + use<> {
    let id = environment.snapshot()["environment"].as_str().unwrap().to_owned();
    let client = Client::new(&server.url(), key, &id, Some(&json!({"identifier": "ann"})));
    move || {
        let (status, answer) = client.get("target/ann/evaluations?cluster=1");
        assert_eq!((status, answer.as_array().map(Vec::len)), (200, Some(FLAGS)), "{answer}");
    }
}

/// Changes something for every number above the last one.
fn switch(environment: &Environment, number: usize) {
    let state = if (number / FLAGS).is_multiple_of(2) { "on" } else { "off" };
    environment.switch(&format!("flag{}", number % FLAGS), state);
}

/// Prints the median and the 99th percentile.
fn one_by_one(what: &str, count: usize, ask: impl Fn(usize)) {
    let mut times: Vec<Duration> = (0..count)
        .map(|number| {
            let started = Instant::now();
            ask(number);
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("{what}: p50 {:.2?}, p99 {:.2?}", times[count / 2], times[count * 99 / 100]);
}

/// Requests per second.
fn at_once(ask: impl Fn(usize) + Sync) -> usize {
    let (answered, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    ask(answered.fetch_add(1, Ordering::Relaxed));
                }
            });
        }
        thread::sleep(WINDOW);
        over.store(true, Ordering::Relaxed);
    });
    answered.load(Ordering::Relaxed) / usize::try_from(WINDOW.as_secs()).unwrap()
}

#[test]
fn the_same_requests_take_their_time_on_each_kind_of_stores() {
    if !is_soak() {
        return;
    }
    let postgres = [(); 3].map(|()| Postgres::start_durable());
    let (changes, reports) = (Redis::start(), Redis::start_durable());
    let [alone, unprepared, beside] = postgres.each_ref().map(|server| {
        let database = ("BURGEE_DATABASE_URL", server.default_url());
        let migrated = burgee().arg("migrate").env(database.0, &database.1).output().unwrap();
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        database
    });
    let redis = [("BURGEE_REDIS_URL", changes.url()), ("BURGEE_METRICS_REDIS_URL", reports.url())];

    measure("SQLite", &[]);
    measure("Postgres", &[alone]);
    measure("Postgres, nothing prepared", &[unprepared, ("BURGEE_DATABASE_PREPARE", "false".to_owned())]);
    measure("Postgres and two Redis", &[&[beside][..], &redis].concat());
}
