//! What SDKs report comes back as counts by day, by variation and as the flag's status.

use std::time::Duration;

use model::{EnvironmentUuid, KeyHash, MetricsJob, ReportedEvaluations, Target};
use serde_json::{Value, json};

use super::ask::{delete, get};
use super::world::{NOW_MS, SHOP, World};

const HOUR_MS: i64 = 60 * 60 * 1000;

const DAY_MS: i64 = 24 * HOUR_MS;

/// When the day begins on which every world begins.
const TODAY_MS: i64 = NOW_MS - NOW_MS % DAY_MS;

/// Reports evaluations of flags as `(flag, variation, count, ms ago)` and counts them.
async fn report(world: &World, environment: &str, evaluations: &[(&str, &str, i64, i64)]) -> usize {
    let id = world.ask(get(format!("/environments/{environment}?{SHOP}"))).await.data(200);
    let now_ms = world.platform.clock.now_ms();
    let evaluation = |(flag, variation, count, ago_ms): &(&str, &str, i64, i64)| ReportedEvaluations {
        flag: (*flag).into(),
        variation: (*variation).into(),
        count: *count,
        at_ms: now_ms - ago_ms,
    };
    let job = MetricsJob {
        environment: EnvironmentUuid::from_wire(id["id"].as_str().unwrap()),
        key: KeyHash::from_wire("key"),
        received_ms: now_ms,
        evaluations: evaluations.iter().map(evaluation).collect(),
        targets: vec![Target::bare("ann"), Target::bare("visitor")],
    };
    let queue = store::work_queue(&world.platform);
    queue.push(serde_json::to_vec(&job).unwrap().into()).await.unwrap();
    fn_metrics_process::drain(&world.platform, Duration::from_secs(30)).await.unwrap().unknown
}

async fn evaluations(world: &World, flag: &str, query: &str) -> Value {
    world.ask(get(format!("/features/{flag}/evaluations?{SHOP}{query}"))).await.is(200)["evaluations"].clone()
}

fn on_day(day_ms: i64, variation: &str, count: i64) -> Value {
    json!({ "count": count, "date": day_ms, "variationIdentifier": variation, "variationName": variation })
}

async fn shop_with_a_flag() -> World {
    let world = World::shop().await;
    world.flag("a").await;
    world
}

#[tokio::test]
async fn evaluations_are_told_by_day_and_variation() {
    let world = shop_with_a_flag().await;
    report(&world, "dev", &[("a", "yes", 2, 0), ("a", "yes", 3, HOUR_MS), ("a", "no", 5, 0)]).await;
    report(&world, "dev", &[("a", "no", 7, 23 * HOUR_MS)]).await;
    report(&world, "prod", &[("a", "no", 11, 0)]).await;

    let today = [on_day(TODAY_MS, "no", 5), on_day(TODAY_MS, "yes", 5)];
    let yesterday = on_day(TODAY_MS - DAY_MS, "no", 7);

    let dev = "&environmentIdentifier=dev";
    assert_eq!(evaluations(&world, "a", dev).await, json!([yesterday, today[0], today[1]]));
    assert_eq!(evaluations(&world, "a", "").await, json!([yesterday, on_day(TODAY_MS, "no", 16), today[1]]));
    let until = format!("{dev}&endTime={}", TODAY_MS - 1);
    assert_eq!(evaluations(&world, "a", &until).await, json!([yesterday]));
    let since = format!("{dev}&startTime={}&endTime={}", TODAY_MS + 1, TODAY_MS + 2);
    assert_eq!(evaluations(&world, "a", &since).await, json!(today), "days are told whole");
}

#[tokio::test]
async fn metrics_tell_results_and_status_of_the_flags_that_pass_the_filters() {
    let world = shop_with_a_flag().await;
    for flag in ["b", "c"] {
        world.flag(flag).await;
    }
    report(&world, "dev", &[("a", "yes", 2, 0), ("b", "no", 9, HOUR_MS)]).await;

    let path = |more: &str| format!("/features/metrics?{SHOP}&environmentIdentifier=dev{more}");
    let all = world.ask(get(path(""))).await.is(200);
    let some = world.ask(get(path("&featureIDs=b,c&status=never-requested"))).await.is(200);

    let hour_ms = NOW_MS - NOW_MS % HOUR_MS;
    let metric = |flag: &str, results: Value, last: i64, status: &str| {
        json!({ "identifier": flag, "name": flag, "results": results,
            "status": { "lastAccess": last, "status": status } })
    };
    let result = |variation: &str, count: i64| json!([{ "count": count, "variationIdentifier": variation, "variationName": variation }]);
    let never = metric("c", json!([]), 0, "never-requested");
    assert_eq!(
        all,
        json!([
            metric("a", result("yes", 2), hour_ms, "active"),
            metric("b", result("no", 9), hour_ms - HOUR_MS, "active"),
            never,
        ])
    );
    assert_eq!(some, json!([never]));
}

#[tokio::test]
async fn what_does_not_exist_is_not_counted() {
    let world = shop_with_a_flag().await;

    let unknown =
        report(&world, "dev", &[("a", "maybe", 2, 0), ("z", "yes", 3, 0), ("a", "yes", 1, 0)]).await;

    assert_eq!(unknown, 2);
    assert_eq!(world.texts("SELECT flag, variation FROM evaluation_hour").await, ["a", "yes"]);
    assert_eq!(world.texts("SELECT flag, variation FROM evaluation_day").await, ["a", "yes"]);
}

#[tokio::test]
async fn counts_by_hour_are_forgotten_after_two_weeks_and_by_day_after_400_days() {
    const HOURS: &str = "SELECT flag FROM evaluation_hour";
    const DAYS: &str = "SELECT flag FROM evaluation_day";
    let world = shop_with_a_flag().await;
    report(&world, "dev", &[("a", "yes", 2, 0)]).await;
    let tick = async || fn_admin::tick(&world.platform, Duration::from_secs(30)).await.unwrap();

    world.clock.advance(Duration::from_hours(24 * 13));
    tick().await;
    assert_eq!((world.texts(HOURS).await.len(), world.texts(DAYS).await.len()), (1, 1));
    world.clock.advance(Duration::from_hours(24 * 2));
    tick().await;
    assert_eq!((world.texts(HOURS).await.len(), world.texts(DAYS).await.len()), (0, 1));
    world.clock.advance(Duration::from_hours(24 * 386));
    tick().await;
    assert_eq!(world.texts(DAYS).await.len(), 0);
}

#[tokio::test]
async fn counts_go_with_their_environment() {
    let world = shop_with_a_flag().await;
    report(&world, "dev", &[("a", "yes", 2, 0)]).await;

    world.ask(delete(format!("/environments/dev?{SHOP}"))).await.is(204);

    assert_eq!(world.texts("SELECT flag FROM evaluation_hour").await, [""; 0]);
    assert_eq!(world.texts("SELECT flag FROM evaluation_day").await, [""; 0]);
}

#[tokio::test]
async fn targets_nobody_sees_for_60_days_leave_the_list_unless_a_flag_names_them() {
    let world = shop_with_a_flag().await;
    report(&world, "dev", &[("a", "yes", 2, 0)]).await;
    let named = json!({ "variation": "no", "targets": ["ann"] });
    world.instruct(("dev", "a"), "addTargetsToVariationTargetMap", named).await.is(200);
    let listed = async || {
        fn_admin::tick(&world.platform, Duration::from_secs(30)).await.unwrap();
        world.texts("SELECT identifier FROM target ORDER BY identifier").await
    };

    assert_eq!(listed().await, ["ann", "visitor"]);
    world.clock.advance(Duration::from_hours(24 * 59));
    assert_eq!(listed().await, ["ann", "visitor"]);
    world.clock.advance(Duration::from_hours(24 * 2));
    assert_eq!(listed().await, ["ann"]);
}

#[tokio::test]
async fn times_that_make_no_sense_are_refused() {
    let world = shop_with_a_flag().await;
    let cases = [
        ("startTime=5&endTime=4", "startTime: is after endTime; exchange them"),
        ("startTime=-1", "startTime: is before 1970; send Unix milliseconds"),
    ];
    for (query, expected) in cases {
        let ask = get(format!("/features/a/evaluations?{SHOP}&{query}"));
        assert_eq!(world.refused(ask, 400).await, expected);
    }
    world.refused(get(format!("/features/a/evaluations?{SHOP}&startTime=today")), 400).await;
    world.refused(get(format!("/features/none/evaluations?{SHOP}")), 404).await;
    world.refused(get(format!("/features/metrics?{SHOP}")), 400).await;
}
