//! Components on Postgres and two Redis servers: an installation that native programs share.

use std::time::Duration;

use platform::Cursor;
use serde_json::{Value, json};
use tests::exchange::Asked;
use tests::redis::Redis;
use tests::spin::distributed_variables;
use tests::stores::database_url;

use super::world::{CRON_SECRET, World, text};

#[tokio::test(flavor = "multi_thread")]
async fn what_components_write_to_postgres_and_redis_is_what_native_programs_read() {
    let (changes, metrics) = (Redis::start(), Redis::start());
    let changes_url = changes.url();
    let variables = distributed_variables(&database_url().await, &changes_url, &metrics.url());
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let world = World::empty(&variables, &[]);

    let (key, uuid) = tokio::task::block_in_place(|| {
        let environment = world.environment();
        environment.create_flag("dark", "boolean", &[("yes", "true"), ("no", "false")]);
        environment.switch("dark", "on");
        let uuid = environment.snapshot().get("environment").and_then(Value::as_str).unwrap().to_owned();
        (environment.create_key("sdk", "Server"), uuid)
    });

    // The relay's side: every change is in the feed.
    let feed = platform_native::Redis::new("BURGEE_REDIS_URL", &changes_url, "burgee:").unwrap().feed();
    let page = feed.read_after(&Cursor("0-0".to_owned()), 100, Duration::ZERO).await.unwrap();
    assert!(!page.gap);
    let entries: Vec<_> = page.entries.iter().map(|entry| String::from_utf8_lossy(entry)).collect();
    assert!(entries.iter().any(|entry| entry.contains("dark") && entry.contains(&uuid)), "{entries:?}");
    // The SDK's side.
    tokio::task::block_in_place(|| evaluates_and_reports(&world, &key, &uuid));
}

fn evaluates_and_reports(world: &World, key: &str, environment: &str) {
    let body = json!({"apiKey": key, "target": {"identifier": "ann"}}).to_string();
    let authenticated = world.ask(&Asked::new("POST", "/client/auth", &[], body));
    let authenticated: Value = serde_json::from_slice(&authenticated.body).unwrap();
    let bearer = format!("Bearer {}", authenticated.get("authToken").and_then(Value::as_str).unwrap());
    let headers = [("authorization", bearer.as_str())];
    let path = format!("/client/env/{environment}/target/ann/evaluations/dark");
    let evaluation = world.ask(&Asked::new("GET", &path, &headers, ""));
    assert!(text(&evaluation).contains(r#""value":"true""#), "{evaluation:?}");

    let report = json!({"metricsData": [{
        "timestamp": 1_700_000_000_000_i64, "count": 3, "metricsType": "FFMETRICS",
        "attributes": [
            {"key": "featureIdentifier", "value": "dark"}, {"key": "variationIdentifier", "value": "yes"},
        ],
    }]});
    let reported =
        world.ask(&Asked::new("POST", &format!("/metrics/{environment}"), &headers, report.to_string()));
    assert_eq!(reported.status, 200, "{reported:?}");

    // The report and the target that was seen, each given out once.
    let cron = format!("Bearer {CRON_SECRET}");
    let drain = Asked::new("POST", "/drain", &[("authorization", &cron)], "");
    let drained = [world.ask(&drain), world.ask(&drain)].map(|told| text(&told));
    let done = |jobs| format!(r#"{{"jobs":{jobs},"unreadable":0,"unknown":0,"isComplete":true}}"#);
    assert_eq!(drained, [done(2), done(0)]);
}
