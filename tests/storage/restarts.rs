//! Stores that end and come back while functions work: requests fail cleanly, then succeed again in the same
//! process, and nothing that was acknowledged is lost.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use platform::{Platform, Statement};
use platform_native::{Redis, distributed, on_postgres};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::TestClock;
use tests::deadline::wait_for;
use tests::exchange::Asked;
use tests::postgres::Postgres as Server;
use tests::redis::Redis as RedisServer;
use tests::smoke::{Function, Installation, routers};
use tests::stores::{database_url, migrate, open};
use tests::wire::counted;
use tokio::task::{JoinSet, block_in_place};

const LIMIT: Duration = Duration::from_secs(60);
const WRITERS: usize = 4;
const ENDS: usize = 3;

/// Requests that are acknowledged between two ends of a store.
const ACKNOWLEDGED: usize = 25;

/// How long a reader believes its cache, and a moment.
const CACHE_TRUST: Duration = Duration::from_secs(11);

const BUDGET: Duration = Duration::from_secs(20);

/// What was asked for, by its name, and what was told.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<BTreeMap<String, StatusCode>>>);

impl Ledger {
    fn note(&self, name: String, status: StatusCode) {
        self.0.lock().unwrap().insert(name, status);
    }

    fn with(&self, status: StatusCode) -> Vec<String> {
        let entries = self.0.lock().unwrap();
        entries.iter().filter(|(_, told)| **told == status).map(|(name, _)| name.clone()).collect()
    }

    /// Nothing but success and "later".
    fn assert_clean(&self, success: StatusCode) {
        for (name, status) in &*self.0.lock().unwrap() {
            assert!([success, StatusCode::SERVICE_UNAVAILABLE].contains(status), "{name}: {status}");
        }
    }
}

/// Does `work` in several tasks until `end` has happened several times, with progress between.
async fn amid<F: Future<Output = ()> + Send>(
    ledger: &Ledger,
    success: StatusCode,
    work: impl Fn(usize) -> F + Clone + Send + 'static,
    mut end: impl FnMut(),
) {
    let going = Arc::new(AtomicBool::new(true));
    let mut workers = JoinSet::new();
    for worker in 0..WRITERS {
        let (work, going) = (work.clone(), Arc::clone(&going));
        workers.spawn(async move {
            let mut number = worker;
            while going.load(Ordering::Relaxed) {
                work(number).await;
                number += WRITERS;
            }
        });
    }
    block_in_place(|| {
        for round in 0..=ENDS {
            let before = ledger.with(success).len();
            let grown = || (ledger.with(success).len() >= before + ACKNOWLEDGED).then_some(());
            wait_for("requests to succeed again", LIMIT, grown);
            if round < ENDS {
                end();
            }
        }
    });
    going.store(false, Ordering::Relaxed);
    workers.join_all().await;
}

/// Sends it and notes what is told.
async fn send(to: Router, asked: Asked, name: String, ledger: Ledger) {
    let told = asked.of(&to).await;
    ledger.note(name, StatusCode::from_u16(told.status).unwrap());
}

fn flag(name: &str) -> Value {
    json!({
        "identifier": name, "name": name, "kind": "boolean", "project": "shop", "permanent": false,
        "variations": [{"identifier": "yes", "value": "true"}, {"identifier": "no", "value": "false"}],
        "defaultOnVariation": "yes", "defaultOffVariation": "no",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_acknowledged_survives_its_crashes_and_nobody_is_restarted() {
    let mut server = Server::start();
    let url = server.default_url();
    migrate(&url).await;
    let platform = on_postgres(open(&url));
    let installation = Arc::new(Installation::on(&platform).await);
    let admin = routers(&platform).await(Function::Admin);
    let ledger = Ledger::default();
    let noted = ledger.clone();

    let work = move |number| {
        let name = format!("flag{number}");
        let asked = installation.administer("/features", &flag(&name));
        send(admin.clone(), asked, name, noted.clone())
    };
    amid(&ledger, StatusCode::CREATED, work, || {
        server.crash();
        server.start_again();
    })
    .await;

    ledger.assert_clean(StatusCode::CREATED);
    let made = "SELECT identifier FROM current_object WHERE kind = 'flag' AND body IS NOT NULL";
    let made = platform.db.query(Statement::new(made)).await.unwrap();
    let made: Vec<_> = made.iter().map(|row| row.text(0).unwrap().to_owned()).collect();
    let lost: Vec<_> =
        ledger.with(StatusCode::CREATED).into_iter().filter(|name| !made.contains(name)).collect();
    assert_eq!(lost, [""; 0]);
    for project in store::known_projects(&*platform.db).await.unwrap() {
        let report = store::verify_project(&*platform.db, &project.row, &[]).await.unwrap();
        assert!(report.is_sound(), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_a_durable_redis_acknowledged_survive_its_kills() {
    let (changes, mut reports) = (RedisServer::start(), RedisServer::start_durable());
    let redis = Redis::new("BURGEE_REDIS_URL", &changes.url(), "burgee:").unwrap();
    let metrics = Redis::new("BURGEE_METRICS_REDIS_URL", &reports.url(), "burgee:").unwrap();
    let platform = distributed(open(&database_url().await), &redis, &metrics).unwrap();
    let installation = Installation::on(&platform).await;
    let ingest = routers(&platform).await(Function::MetricsIngest);
    let report = json!({"metricsData": [counted("dark", "yes", 1)]});
    let asked = installation.sdk("POST", "/metrics/{environment}", &report);
    let ledger = Ledger::default();
    let noted = ledger.clone();

    let work =
        move |number: usize| send(ingest.clone(), asked.clone(), format!("report{number}"), noted.clone());
    amid(&ledger, StatusCode::OK, work, || {
        reports.kill();
        reports.start_again();
    })
    .await;

    ledger.assert_clean(StatusCode::OK);
    let drained = fn_metrics_process::drain(&platform, BUDGET).await.unwrap();
    assert!(drained.is_complete, "{drained:?}");
    let counted = usize::try_from(evaluations(&platform).await).unwrap();
    let (acknowledged, all) = (ledger.with(StatusCode::OK).len(), ledger.0.lock().unwrap().len());
    assert!(
        (acknowledged..=all).contains(&counted),
        "{acknowledged} acknowledged, {counted} counted, {all} sent"
    );
}

async fn evaluations(platform: &Platform) -> i64 {
    let sum = "SELECT CAST(sum(evaluations) AS BIGINT) FROM evaluation_hour WHERE flag = 'dark'";
    platform.db.query(Statement::new(sum)).await.unwrap()[0].int(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_of_redis_is_followed_by_writers_at_once_and_by_readers_when_they_ask_the_primary() {
    let (one, other, reports) = (RedisServer::start(), RedisServer::start(), RedisServer::start());
    let folder = TempDir::new().unwrap();
    // What a name is in a network that moves to the server that took over.
    let address = folder.path().join("redis.sock");
    symlink(one.socket(), &address).unwrap();
    let url = format!("redis+unix://{}", address.display());
    let redis = || Redis::new("BURGEE_REDIS_URL", &url, "burgee:").unwrap();
    let metrics = Redis::new("BURGEE_METRICS_REDIS_URL", &reports.url(), "burgee:").unwrap();
    let database = database_url().await;
    let clock = TestClock::at(1_800_000_000_000);
    // Two processes, which meet in data.
    let [writes, reads] = [(); 2].map(|()| {
        let platform = distributed(open(&database), &redis(), &metrics).unwrap();
        Platform { clock: Arc::new(clock.clone()), ..platform }
    });
    let installation = Installation::on(&writes).await;
    let (admin, client) = (routers(&writes).await(Function::Admin), routers(&reads).await(Function::Client));
    let switch = async |state: &str| {
        let instruction = json!({"kind": "setFeatureFlagState", "parameters": {"state": state}});
        let mut asked = installation.administer("/features/dark", &json!({"instructions": [instruction]}));
        asked.method = "PATCH".to_owned();
        let switched = asked.of(&admin).await;
        assert_eq!(switched.status, 200, "{switched:?}");
    };
    let state = async || {
        let asked = installation.sdk("GET", "/client/env/{environment}/feature-configs/dark", &Value::Null);
        let told = asked.of(&client).await;
        assert_eq!(told.status, 200, "{told:?}");
        serde_json::from_slice::<Value>(&told.body).unwrap()["state"].clone()
    };
    switch("on").await;
    assert_eq!(state().await, "on");

    // The old server lives on and is asked by whoever is connected to it.
    make_replica(&one);
    switch("off").await;
    fs::remove_file(&address).unwrap();
    symlink(other.socket(), &address).unwrap();
    clock.advance(CACHE_TRUST);

    assert_eq!(state().await, "off", "the primary knows better than a server that was put aside");
    for now in ["on", "off"] {
        switch(now).await;
        assert_eq!(state().await, now, "nothing older than the news");
    }
}

/// From now on it refuses writes, as the old primary does.
fn make_replica(server: &RedisServer) {
    let socket = server.socket();
    let output =
        Command::new("redis-cli").arg("-s").arg(socket).args(["REPLICAOF", "127.0.0.1", "1"]).output();
    assert_eq!(String::from_utf8_lossy(&output.unwrap().stdout).trim(), "OK");
}
