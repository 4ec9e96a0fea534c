//! Lambda freezes an instance between two invocations. Whatever would run then would run late, or never.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use platform_native::on_postgres;
use serde_json::Value;
use tests::deadline::{wait_for, wait_until};
use tests::lambda::{Front, Lambda, sample};
use tests::redis::Redis;
use tests::smoke::{Function, Installation};
use tests::stores::{database_url, open};

use super::world::World;

/// For how long nothing may happen. A poll or a timer of a minute would not be seen; there is none that long.
const WATCHED: Duration = Duration::from_secs(2);

/// What was under way when the answer left ends within that time.
const SETTLED: Duration = Duration::from_millis(200);

const SETTLED_LIMIT: Duration = Duration::from_secs(10);

/// What a process has done so far, as the kernel counts it.
#[derive(Debug, Eq, PartialEq)]
struct Activity {
    /// Of each thread: how often it was woken, and how often interrupted.
    switches: BTreeMap<String, Vec<String>>,
    /// Open sockets and files.
    descriptors: BTreeMap<String, String>,
    /// Bytes read and written, and calls for that.
    transfers: String,
}

impl Activity {
    fn of(instance: &Lambda) -> Self {
        let process = format!("/proc/{}", instance.pid());
        let threads = fs::read_dir(format!("{process}/task")).unwrap().map(|thread| thread.unwrap().path());
        let switches = threads.map(|thread| {
            let status = fs::read_to_string(thread.join("status")).unwrap();
            let counts = status.lines().filter(|line| line.contains("ctxt_switches")).map(str::to_owned);
            (thread.display().to_string(), counts.collect())
        });
        let descriptors = fs::read_dir(format!("{process}/fd")).unwrap().map(|descriptor| {
            let path = descriptor.unwrap().path();
            (path.display().to_string(), fs::read_link(path).unwrap().display().to_string())
        });
        Self {
            switches: switches.collect(),
            descriptors: descriptors.collect(),
            transfers: fs::read_to_string(format!("{process}/io")).unwrap(),
        }
    }
}

/// Fails if the instance does anything while it has no event.
pub(crate) fn assert_rests(instance: &mut Lambda, name: &str) {
    instance.wait_until_idle();
    let changes = |instance: &Lambda, before: &Activity, limit| {
        wait_until(limit, || Some(Activity::of(instance)).filter(|now| now != before))
    };
    let at_rest = wait_for(&format!("{name} to come to rest"), SETTLED_LIMIT, || {
        let now = Activity::of(instance);
        changes(instance, &now, SETTLED).is_none().then_some(now)
    });

    let changed = changes(instance, &at_rest, WATCHED);

    assert!(changed.is_none(), "{name} did something without an event\n{at_rest:#?}\n{changed:#?}");
}

/// Uses every function of the installation and fails if one of them does not rest afterwards.
fn assert_all_rest(installation: &Installation, mut world: World) {
    for (function, asked) in installation.requests() {
        world.ask(Front::FunctionUrl, function, &asked);
    }
    for function in [Function::Admin, Function::Client, Function::MetricsIngest] {
        assert_rests(world.instance(function), &format!("{function:?}"));
    }
    let mut process = world.start("fn-metrics-process");
    process.invoke(&sample("schedule"));
    assert_rests(&mut process, "fn-metrics-process");

    let asked = installation.sdk("GET", "/client/env/{environment}/feature-configs", &Value::Null);
    assert_eq!(world.ask(Front::FunctionUrl, Function::Client, &asked).status, 200, "it goes on afterwards");
}

#[tokio::test]
async fn between_invocations_nothing_runs() {
    let installation = Installation::new().await;
    assert_all_rest(&installation, World::on(&installation));
}

#[tokio::test]
async fn between_invocations_no_store_hears_of_a_function_that_is_connected_to_it() {
    let (changes, reports) = (Redis::start(), Redis::start());
    let database = database_url().await;
    let installation = Installation::on(&on_postgres(open(&database))).await;
    let world = World::on_stores(&[
        ("BURGEE_DATABASE_URL", &database),
        // As in infra/aws/template.yaml.
        ("BURGEE_DATABASE_CONNECTIONS", "1"),
        ("BURGEE_REDIS_URL", &changes.url()),
        ("BURGEE_METRICS_REDIS_URL", &reports.url()),
    ]);

    assert_all_rest(&installation, world);
}
