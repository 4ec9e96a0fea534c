//! Work that is due by a schedule, and that somebody asks for by hand.

use std::time::{Duration, Instant};

use model::{EnvironmentUuid, KeyHash, MetricsJob};
use platform::Statement;
use serde_json::{Value, json};
use tests::lambda::{Outcome, sample};
use tests::smoke::{Function, Installation, file_in, open};

use super::world::World;

const PUSH: &str = "INSERT INTO work_queue (id, payload, available_ms) VALUES ($1, $2, $3)";

/// More reports than are counted in the time of the tests below.
const REPORTS: u64 = 800;

/// Reports that are taken at once. Those that are not counted then wait for a minute.
const CLAIMED: u64 = 100;

fn report(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Answer(report) => report,
        other => panic!("{other:?}"),
    }
}

/// Puts that many reports of an SDK into the queue.
async fn queue_reports(world: &World, environment: &str, count: u64) {
    let job = MetricsJob {
        environment: EnvironmentUuid::from_wire(environment),
        key: KeyHash::from_wire("0"),
        received_ms: 1_700_000_000_000,
        evaluations: Vec::new(),
        targets: Vec::new(),
    };
    let payload = serde_json::to_vec(&job).unwrap();
    let push = |number| Statement::new(PUSH).bind(format!("{number:06}")).bind(payload.clone()).bind(0);
    let db = open(&file_in(world.folder.path())).db;
    db.batch((0..count).map(push).collect()).await.unwrap();
}

#[tokio::test]
async fn a_schedule_announces_what_was_left_over_and_counts_what_was_reported() {
    let installation = Installation::new().await;
    let mut world = World::on(&installation);
    queue_reports(&world, installation.environment(), 3).await;

    let ticked = report(world.instance(Function::Admin).invoke(&sample("schedule")));
    let drained = report(world.start("fn-metrics-process").invoke(&sample("schedule")));

    assert_eq!(ticked, json!({"announced": 0, "isComplete": true}));
    assert_eq!(drained, json!({"jobs": 3, "unreadable": 0, "unknown": 0, "isComplete": true}));
}

#[tokio::test]
async fn work_ends_before_lambdas_deadline_and_the_rest_is_done_the_next_time() {
    let installation = Installation::new().await;
    let world = World::on(&installation);
    queue_reports(&world, installation.environment(), REPORTS).await;
    let mut instance = world.start("fn-metrics-process");
    instance.wait_until_idle();
    let left = Duration::from_millis(700);

    let started = Instant::now();
    let first = report(instance.invoke_within(&sample("schedule"), left));
    let took = started.elapsed();
    let rest = report(instance.invoke_within(&sample("schedule"), Duration::from_secs(60)));

    assert!(took < left, "{took:?}");
    let jobs = |report: &Value| report["jobs"].as_u64().unwrap();
    assert_eq!(first["isComplete"], false, "{first}");
    assert!(jobs(&first) > 0, "{first}");
    assert_eq!(rest["isComplete"], true, "{rest}");
    let sum = jobs(&first) + jobs(&rest);
    assert!((REPORTS - CLAIMED..=REPORTS).contains(&sum), "{first} {rest}");
}

#[tokio::test]
async fn whoever_invokes_by_hand_may_say_how_long_it_may_take() {
    let installation = Installation::new().await;
    let world = World::on(&installation);
    queue_reports(&world, installation.environment(), REPORTS).await;
    let mut instance = world.start("fn-metrics-process");

    let first = report(instance.invoke(&json!({"budgetMs": 100})));
    let rest = report(instance.invoke_within(&Value::Null, Duration::from_secs(60)));

    assert_eq!((&first["isComplete"], &rest["isComplete"]), (&json!(false), &json!(true)), "{first} {rest}");
}

#[tokio::test]
async fn a_function_without_work_says_so() {
    let installation = Installation::new().await;
    let mut world = World::on(&installation);

    let outcome = world.instance(Function::Client).invoke(&sample("schedule"));

    let Outcome::Error(error) = outcome else { panic!("{outcome:?}") };
    assert!(error["errorMessage"].as_str().unwrap().contains("it has no work"), "{error}");
}
