//! Functions whose database is away when they start: they start, refuse as their readers want it told, and work once
//! it is there.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use platform_native::on_postgres;
use serde_json::{Value, json};
use tests::exchange::{Asked, Told};
use tests::lambda::{Front, Lambda, Outcome, sample};
use tests::postgres::Postgres;
use tests::smoke::{Function, Installation};
use tests::stores::{migrate, open};
use tests::wire::counted;

use super::idleness::assert_rests;
use super::world::World;

/// No function may take longer to say that it cannot reach anything.
const REFUSED_WITHIN: Duration = Duration::from_secs(8);

/// A server of its own with an installation, and a request for each function that is answered with success.
pub(crate) async fn installation() -> (Postgres, String, Installation, BTreeMap<Function, Asked>) {
    let server = Postgres::start();
    let url = server.default_url();
    migrate(&url).await;
    let installation = Installation::on(&on_postgres(open(&url))).await;
    let flags = installation.sdk("GET", "/client/env/{environment}/feature-configs", &Value::Null);
    let segment = json!({"identifier": "late", "name": "Late", "project": "shop", "environment": "dev"});
    let report = json!({"metricsData": [counted("dark", "yes", 3)]});
    let report = installation.sdk("POST", "/metrics/{environment}", &report);
    let asked = BTreeMap::from([
        (Function::Client, flags),
        (Function::Admin, installation.administer("/segments", &segment)),
        (Function::MetricsIngest, report),
    ]);
    (server, url, installation, asked)
}

/// The status and what a client is told to do with it.
fn shape(told: &Told) -> (u16, Option<&str>, bool) {
    let header = |name: &str| told.headers.get(name).map(String::as_str);
    (told.status, header("retry-after"), header("access-control-allow-origin").is_some())
}

fn errors(instance: &Lambda) -> Vec<Value> {
    let log = instance.log();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["level"] == "ERROR").collect()
}

#[tokio::test]
async fn a_function_whose_database_is_away_refuses_as_its_contract_says_and_works_when_it_is_back() {
    let (mut server, url, _installation, asked) = installation().await;
    server.stop();
    let mut world = World::on_stores(&[("BURGEE_DATABASE_URL", &url)]);
    for (function, expected) in [
        (Function::Client, (502, None, true)),
        (Function::Admin, (503, Some("1"), false)),
        (Function::MetricsIngest, (503, Some("1"), true)),
    ] {
        for _ in 0..2 {
            let told = world.ask(Front::FunctionUrl, function, &asked[&function]);

            assert_eq!(shape(&told), expected, "{function:?} {told:?}");
            let body: Value = serde_json::from_slice(&told.body).unwrap();
            assert_eq!(body["code"], told.status.to_string(), "a string, as SDKs read it");
        }
        // One when it started, one for each request.
        let errors = errors(world.instance(function));
        assert_eq!(errors.len(), 3, "{function:?} {errors:#?}");
        for error in errors {
            assert!(error.to_string().contains("BURGEE_DATABASE_URL"), "{function:?} {error}");
        }
        assert_rests(world.instance(function), &format!("{function:?} without its database"));
    }

    server.start_again();
    for (function, asked) in &asked {
        let pid = world.instance(*function).pid();

        let told = world.ask(Front::FunctionUrl, *function, asked);

        assert!(matches!(told.status, 200 | 201), "{function:?} {told:?}");
        assert_eq!(world.instance(*function).pid(), pid);
    }
}

#[tokio::test]
async fn work_that_cannot_reach_the_database_fails_and_is_done_the_next_time() {
    let (mut server, url, ..) = installation().await;
    server.stop();
    let world = World::on_stores(&[("BURGEE_DATABASE_URL", &url)]);
    for (program, done) in [
        ("fn-admin", json!({"announced": 0, "isComplete": true})),
        ("fn-metrics-process", json!({"jobs": 0, "unreadable": 0, "unknown": 0, "isComplete": true})),
    ] {
        let mut instance = world.start(program);

        let Outcome::Error(error) = instance.invoke(&sample("schedule")) else { panic!("{program}") };
        assert!(error["errorMessage"].as_str().unwrap().contains("BURGEE_DATABASE_URL"), "{error}");
        server.start_again();
        let Outcome::Answer(report) = instance.invoke(&sample("schedule")) else { panic!("{program}") };
        server.stop();

        assert_eq!(report, done, "{program}");
    }
}

#[test]
fn a_database_that_swallows_everything_is_refused_before_the_function_is_ended() {
    // It takes connections and never says a word, as a host behind a firewall.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://burgee@{}/burgee", silent.local_addr().unwrap());
    let mut world = World::on_stores(&[("BURGEE_DATABASE_URL", &url)]);
    world.instance(Function::Client).wait_until_idle();
    let started = Instant::now();

    let asked = Asked::new("GET", "/client/env/x/feature-configs", &[], "");
    let told = world.ask(Front::FunctionUrl, Function::Client, &asked);

    assert_eq!(told.status, 502, "{told:?}");
    assert!(started.elapsed() < REFUSED_WITHIN, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_redis_that_is_away_is_named_and_only_what_needs_it_is_refused() {
    let (_server, url, _installation, asked) = installation().await;
    let mut world = World::on_stores(&[
        ("BURGEE_DATABASE_URL", &url),
        ("BURGEE_REDIS_URL", "redis+unix:///nowhere/changes.sock"),
        ("BURGEE_METRICS_REDIS_URL", "redis+unix:///nowhere/reports.sock"),
    ]);
    for (function, expected, named) in [
        (Function::Client, (200, None, true), "BURGEE_REDIS_URL"),
        (Function::Admin, (201, None, false), "BURGEE_REDIS_URL"),
        (Function::MetricsIngest, (503, Some("1"), true), "BURGEE_METRICS_REDIS_URL"),
    ] {
        let told = world.ask(Front::FunctionUrl, function, &asked[&function]);

        assert_eq!(shape(&told), expected, "{function:?} {told:?}");
        let log = world.instance(function).log();
        let is_named = |line: &&str| line.contains("cannot be reached") && line.contains(named);
        assert_eq!(log.lines().filter(is_named).count(), 1, "{function:?} {log}");
    }
}
