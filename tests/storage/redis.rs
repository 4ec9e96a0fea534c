//! What the Redis driver promises of its three ports.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use platform::{ChangeFeed, Cursor, Job, QueueError, WorkQueue};
use platform_native::{Redis, RedisLimits};
use tests::redis::Redis as Server;
use tokio::task::JoinSet;

const LIMITS: RedisLimits = RedisLimits { feed_entries_max: 100, jobs_max: 10 };
const LEASE: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(20);

/// A part of the server that all tests of this process share.
fn redis() -> Redis {
    static PARTS: AtomicU32 = AtomicU32::new(0);
    on(Server::shared(), &format!("test-{}:", PARTS.fetch_add(1, Ordering::Relaxed)))
}

fn on(server: &Server, prefix: &str) -> Redis {
    Redis::new("BURGEE_REDIS_URL", &server.url(), prefix).unwrap().limited(LIMITS)
}

fn bytes(number: usize) -> Bytes {
    Bytes::from(number.to_string())
}

fn texts<'a>(payloads: impl IntoIterator<Item = &'a Bytes>) -> Vec<&'a str> {
    payloads.into_iter().map(|payload| std::str::from_utf8(payload).unwrap()).collect()
}

fn payloads(jobs: &[Job]) -> Vec<&str> {
    texts(jobs.iter().map(|job| &job.payload))
}

async fn append(feed: &dyn ChangeFeed, numbers: std::ops::Range<usize>) {
    for number in numbers {
        feed.append(bytes(number)).await.unwrap();
    }
}

#[tokio::test]
async fn the_cache_keeps_bytes_for_their_time_and_tells_prefixes_apart() {
    let (cache, other) = (redis().cache(), redis().cache());
    let value = Bytes::from_static(&[0, 255, 10, 13]);

    cache.set("k", value.clone(), LEASE).await.unwrap();
    cache.set("short", value.clone(), Duration::from_millis(1)).await.unwrap();
    let deadline = Instant::now() + SOON;
    while cache.get("short").await.unwrap().is_some() {
        assert!(Instant::now() < deadline, "it does not expire");
    }

    assert_eq!((cache.get("k").await.unwrap(), other.get("k").await.unwrap()), (Some(value), None));
    cache.remove("k").await.unwrap();
    assert_eq!(cache.get("k").await.unwrap(), None);
}

#[tokio::test]
async fn a_number_begins_at_nothing_and_is_raised_only_from_what_is_known() {
    let cache = redis().cache();

    assert_eq!(cache.advance("v", 0, 7).await.unwrap(), None, "it is not there");
    cache.begin("v").await.unwrap();
    assert_eq!(cache.advance("v", 1, 7).await.unwrap(), None, "it is below what the caller demands");
    assert_eq!(cache.advance("v", 0, 7).await.unwrap(), Some(7));
    assert_eq!(cache.advance("v", 1, 6).await.unwrap(), Some(7), "never back");
    cache.begin("v").await.unwrap();
    assert_eq!(cache.advance("v", 1, 9_007_199_254_740_991).await.unwrap(), Some(9_007_199_254_740_991));
    assert_eq!(cache.get("v").await.unwrap(), Some(Bytes::from("9007199254740991")));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_advances_at_the_same_time_the_highest_stands() {
    const STEPS: i64 = 500;
    let part = redis();
    part.cache().begin("v").await.unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let cache = part.cache();
        writers.spawn(async move {
            let mut seen = 0;
            for step in 0..STEPS {
                let value = step * 4 + writer;
                let now = cache.advance("v", 0, value).await.unwrap().unwrap();
                assert!(now >= value && now >= seen, "{now} after {seen}, advancing to {value}");
                seen = now;
            }
        });
    }
    writers.join_all().await;

    assert_eq!(part.cache().get("v").await.unwrap(), Some(Bytes::from((STEPS * 4 - 1).to_string())));
}

#[tokio::test]
async fn every_reader_of_the_feed_gets_every_entry_in_order() {
    let feed = redis().feed();
    let start = feed.position().await.unwrap();
    append(&*feed, 0..25).await;

    let first = feed.read_after(&start, 10, LEASE).await.unwrap();
    let second = feed.read_after(&first.next, 100, LEASE).await.unwrap();
    let again = feed.read_after(&start, 100, Duration::ZERO).await.unwrap();
    let end = feed.read_after(&second.next, 100, Duration::ZERO).await.unwrap();

    let numbers: Vec<String> = (0..25).map(|number| number.to_string()).collect();
    assert_eq!([texts(&first.entries), texts(&second.entries)].concat(), numbers);
    assert_eq!(texts(&again.entries), numbers);
    assert_eq!((end.entries.len(), &end.next), (0, &second.next));
    assert_eq!(feed.position().await.unwrap(), second.next);
    assert!(![first, second, again, end].iter().any(|page| page.gap));
}

#[tokio::test]
async fn a_reader_that_waits_is_woken_and_holds_up_nobody() {
    let feed = redis().feed();
    let start = feed.position().await.unwrap();
    let (waiting, cursor) = (Arc::clone(&feed), start.clone());
    let reader = tokio::spawn(async move { waiting.read_after(&cursor, 10, LEASE).await });
    let started = Instant::now();
    let idle = feed.read_after(&start, 10, Duration::from_millis(50)).await.unwrap();

    append(&*feed, 0..1).await;
    let page = reader.await.unwrap().unwrap();

    assert_eq!((idle.entries.len(), idle.next, idle.gap), (0, start, false));
    assert_eq!(texts(&page.entries), ["0"]);
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_reader_that_fell_behind_is_told_of_the_gap_once() {
    let feed = redis().feed();
    let start = feed.position().await.unwrap();
    append(&*feed, 0..1).await;
    let early = feed.read_after(&start, 10, Duration::ZERO).await.unwrap();
    append(&*feed, 1..1_000).await;

    let from_start = feed.read_after(&start, 10, Duration::ZERO).await.unwrap();
    let behind = feed.read_after(&early.next, 10, Duration::ZERO).await.unwrap();
    let next = feed.read_after(&behind.next, 1_000, Duration::ZERO).await.unwrap();

    assert_eq!((early.gap, from_start.gap, behind.gap, next.gap), (false, true, true, false));
    let kept = behind.entries.len() + next.entries.len();
    assert!((100..300).contains(&kept), "{kept} entries are kept");
    assert_eq!(texts(&next.entries).last(), Some(&"999"));
}

#[tokio::test]
async fn a_feed_that_was_lost_is_a_gap_and_goes_on() {
    let mut server = Server::start();
    let feed = on(&server, "").feed();
    append(&*feed, 0..3).await;
    let before = feed.position().await.unwrap();
    server.stop();
    let away = feed.read_after(&before, 10, LEASE).await.unwrap_err().to_string();
    server.start_again();

    let lost = feed.read_after(&before, 10, Duration::ZERO).await.unwrap();
    let quiet = feed.read_after(&lost.next, 10, Duration::ZERO).await.unwrap();
    append(&*feed, 3..4).await;
    let next = feed.read_after(&quiet.next, 10, LEASE).await.unwrap();

    assert!(away.contains("cannot be reached") && away.contains("BURGEE_REDIS_URL"), "{away}");
    assert_eq!((lost.entries.len(), lost.gap, quiet.gap), (0, true, false));
    assert_eq!((texts(&next.entries), next.gap), (vec!["3"], false));
}

#[tokio::test]
async fn only_a_cursor_of_the_feed_is_one() {
    let feed = redis().feed();

    for text in ["", "7", "a-b", "{}"] {
        assert!(feed.read_after(&Cursor(text.to_owned()), 10, Duration::ZERO).await.is_err(), "{text}");
    }
}

#[tokio::test]
async fn each_job_goes_to_one_worker_in_the_order_of_arrival() {
    let part = redis();
    let (one, other) = (part.queue(), part.queue());
    assert!(one.claim(10, Duration::ZERO, LEASE).await.unwrap().is_empty(), "there is no queue yet");
    for number in 0..6 {
        one.push(bytes(number)).await.unwrap();
    }

    let first = one.claim(2, Duration::ZERO, LEASE).await.unwrap();
    let second = other.claim(10, Duration::ZERO, LEASE).await.unwrap();

    assert_eq!((payloads(&first), payloads(&second)), (vec!["0", "1"], vec!["2", "3", "4", "5"]));
    assert!(one.claim(10, Duration::ZERO, LEASE).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_job_whose_lease_ended_is_given_out_again_and_a_done_one_never() {
    let queue = redis().queue();
    for number in 0..2 {
        queue.push(bytes(number)).await.unwrap();
    }
    let claimed = queue.claim(10, Duration::ZERO, LEASE).await.unwrap();
    queue.ack(&[claimed[0].id.clone()]).await.unwrap();
    queue.ack(&[claimed[0].id.clone()]).await.unwrap();

    let again = eventually_claim(&*queue).await;

    assert_eq!((payloads(&again), &again[0].id), (vec!["1"], &claimed[1].id));
    queue.ack(&[again[0].id.clone()]).await.unwrap();
    assert!(queue.claim(10, Duration::ZERO, Duration::ZERO).await.unwrap().is_empty());
}

/// Claims what has been out for a millisecond.
async fn eventually_claim(queue: &dyn WorkQueue) -> Vec<Job> {
    let deadline = Instant::now() + SOON;
    loop {
        let jobs = queue.claim(10, Duration::ZERO, Duration::from_millis(1)).await.unwrap();
        if !jobs.is_empty() {
            return jobs;
        }
        assert!(Instant::now() < deadline, "the job is not given out again");
    }
}

#[tokio::test]
async fn a_full_queue_refuses_until_something_is_done() {
    let queue = redis().queue();
    for number in 0..10 {
        queue.push(bytes(number)).await.unwrap();
    }

    let refused = queue.push(bytes(10)).await;
    let claimed = queue.claim(1, Duration::ZERO, LEASE).await.unwrap();
    let still_refused = queue.push(bytes(10)).await;
    queue.ack(&[claimed[0].id.clone()]).await.unwrap();

    for refused in [refused, still_refused] {
        assert!(matches!(refused, Err(QueueError::Full { limit: 10 })), "{refused:?}");
    }
    queue.push(bytes(10)).await.unwrap();
}

#[tokio::test]
async fn a_worker_that_waits_is_woken_by_a_job() {
    let queue = redis().queue();
    let waiting = Arc::clone(&queue);
    let worker = tokio::spawn(async move { waiting.claim(10, LEASE, LEASE).await });
    let started = Instant::now();

    queue.push(bytes(1)).await.unwrap();
    let jobs = worker.await.unwrap().unwrap();

    assert_eq!(payloads(&jobs), ["1"]);
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}
