//! Work that is due: asked for by a cron, or done bit by bit by whoever asks for something else.

use serde_json::{Value, json};
use tests::exchange::{Asked, Told};
use tests::smoke::Installation;

use super::world::{CRON_SECRET, World, text};

fn cron(path: &str, secret: &str) -> Asked {
    Asked::new("POST", path, &[("authorization", &format!("Bearer {secret}"))], "")
}

#[test]
fn tick_and_drain_work_for_the_secret_only() {
    let world = World::empty(&[], &[]);
    world.environment();

    let ticked = world.ask(&cron("/tick", CRON_SECRET));
    let drained = world.ask(&cron("/drain", CRON_SECRET));

    assert_eq!((ticked.status, text(&ticked).as_str()), (200, r#"{"announced":0,"isComplete":true}"#));
    let nothing = r#"{"jobs":0,"unreadable":0,"unknown":0,"isComplete":true}"#;
    assert_eq!((drained.status, text(&drained).as_str()), (200, nothing));
    for path in ["/tick", "/drain"] {
        assert_eq!(world.ask(&cron(path, "cron-secret-cron-secret-cron-secre")).status, 401);
        assert_eq!(world.ask(&Asked::new("POST", path, &[], "")).status, 401);
        assert_eq!(world.ask(&Asked::new("GET", path, &[], "")).status, 405);
    }
}

#[test]
fn without_a_secret_nobody_may_call_them() {
    let world = World::empty(&[("BURGEE_CRON_SECRET", "")], &[]);
    world.environment();

    for path in ["/tick", "/drain"] {
        let told = world.ask(&cron(path, ""));

        assert_eq!(told.status, 403, "{told:?}");
        assert!(text(&told).contains("BURGEE_CRON_SECRET is not set"), "{told:?}");
    }
}

#[tokio::test]
async fn without_a_cron_a_report_is_counted_by_whoever_brings_it() {
    let installation = Installation::new().await;
    let world = World::copy(&installation, &[]);
    let report = json!({"metricsData": [{
        "timestamp": 1_700_000_000_000_i64, "count": 3, "metricsType": "FFMETRICS",
        "attributes": [
            {"key": "featureIdentifier", "value": "dark"}, {"key": "variationIdentifier", "value": "yes"},
        ],
    }]});

    let told = world.ask(&installation.sdk("POST", "/metrics/{environment}", &report));

    assert_eq!(told.status, 200, "{told:?}");
    let left: Told = world.ask(&cron("/drain", CRON_SECRET));
    assert!(text(&left).contains(r#""jobs":0,"#), "{left:?}");
    let connection = rusqlite::Connection::open(world.folder.path().join("default.db")).unwrap();
    let counted: i64 =
        connection.query_row("SELECT sum(evaluations) FROM evaluation_hour", [], |row| row.get(0)).unwrap();
    assert_eq!(counted, 3);
}

#[test]
fn without_a_relay_streams_are_refused_with_an_empty_body() {
    let world = World::empty(&[], &[]);

    world.environment();

    for path in ["/stream", "/api/1.0/stream"] {
        let told = world.ask(&Asked::new("GET", path, &[("api-key", "x")], ""));

        assert_eq!((told.status, told.body), (503, Vec::new()), "{path}");
    }
    let unknown = world.ask(&Asked::new("GET", "/nothing", &[], ""));
    assert_eq!(unknown.status, 404);
    assert!(serde_json::from_slice::<Value>(&unknown.body).is_ok(), "{unknown:?}");
}
