//! Jobs are done once, whatever happens to their workers.

use std::time::Duration;

use super::{platform, platform_at};
use bytes::Bytes;
use testkit::TestClock;

const LEASE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_job_whose_worker_died_is_given_out_again_after_its_lease() {
    let clock = TestClock::at(1_000_000);
    let platform = platform_at(&clock).await;
    store::migrate(&*platform.db).await.unwrap();
    let queue = store::work_queue(&platform);
    queue.push(Bytes::from_static(b"counts")).await.unwrap();

    let first = queue.claim(10, Duration::ZERO, LEASE).await.unwrap();
    let meanwhile = queue.claim(10, Duration::ZERO, LEASE).await.unwrap();
    clock.advance(LEASE);
    let again = queue.claim(10, Duration::ZERO, LEASE).await.unwrap();

    assert_eq!((first.len(), meanwhile.len(), again.len()), (1, 0, 1));
    assert_eq!((&again[0].id, &again[0].payload[..]), (&first[0].id, &b"counts"[..]));
    queue.ack(&[again[0].id.clone()]).await.unwrap();
    clock.advance(LEASE);
    assert!(queue.claim(10, Duration::ZERO, LEASE).await.unwrap().is_empty());
}

#[tokio::test]
async fn jobs_come_out_in_the_order_of_their_arrival() {
    let clock = TestClock::at(1_000_000);
    let platform = platform_at(&clock).await;
    store::migrate(&*platform.db).await.unwrap();
    let queue = store::work_queue(&platform);
    for text in ["one", "two", "three"] {
        queue.push(Bytes::from(text)).await.unwrap();
        clock.advance(Duration::from_millis(1));
    }

    let jobs = queue.claim(2, Duration::ZERO, LEASE).await.unwrap();

    let texts: Vec<_> = jobs.iter().map(|job| &job.payload[..]).collect();
    assert_eq!(texts, [&b"one"[..], b"two"]);
}

#[tokio::test]
async fn a_job_that_was_counted_is_not_counted_again() {
    let platform = platform().await;
    store::migrate(&*platform.db).await.unwrap();
    let count = store::EvaluationCount {
        environment: model::EnvironmentUuid::from_wire("environment"),
        flag: "dark_mode".to_owned(),
        variation: "true".to_owned(),
        hour_ms: 3_600_000,
        evaluations: 12,
    };
    let record = || store::record_counts(&*platform.db, "job-1", std::slice::from_ref(&count), Vec::new(), 5);

    assert!(record().await.unwrap());
    assert!(!record().await.unwrap());
    let other = store::record_counts(&*platform.db, "job-2", std::slice::from_ref(&count), Vec::new(), 5)
        .await
        .unwrap();

    assert!(other);
    let sql = "SELECT evaluations FROM evaluation_hour";
    let rows = platform.db.query(platform::Statement::new(sql)).await.unwrap();
    assert_eq!(rows[0].int(0).unwrap(), 24);
}
