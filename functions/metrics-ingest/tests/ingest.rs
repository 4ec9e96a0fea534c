//! Reports as SDKs send them, and what becomes of them.
#![cfg(test)]

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{SdkClaims, TokenKeys, credentials};
use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use client_api::{Changes, Environment, Source};
use fn_metrics_ingest::{IngestState, router};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use model::{EnvironmentUuid, Error, KeyHash, KeyKind, KeyRecord, MetricsJob, Version};
use platform::{Clock, Job, QueueError, WorkQueue};
use serde_json::{Value, json};
use tower::ServiceExt;

const ENVIRONMENT: &str = "0b9c5d0e-0000-4000-8000-000000000001";
const NOW_MS: i64 = 1_700_000_000_000;

/// One key, a queue and a clock, all of which a test can turn.
struct World {
    key: Mutex<Result<Option<KeyRecord>, ()>>,
    look_ups: AtomicU32,
    now_ms: AtomicI64,
    queue: Mutex<Queue>,
    jobs: Mutex<Vec<Bytes>>,
}

#[derive(Clone, Copy)]
enum Queue {
    Works,
    Full,
    Away,
    Hangs,
}

fn key() -> KeyRecord {
    let record = json!({
        "hash": credentials::secret_hash("server-key-1111-2222"), "kind": KeyKind::Server, "expires_ms": null,
        "account": "a", "organisation": "o", "project": "p", "project_uuid": "pu",
        "environment": "dev", "environment_uuid": ENVIRONMENT,
    });
    serde_json::from_value(record).unwrap()
}

fn tokens() -> TokenKeys {
    TokenKeys::parse("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap()
}

#[async_trait]
impl Source for World {
    async fn key(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        self.look_ups.fetch_add(1, Ordering::Relaxed);
        let key = self.key.lock().unwrap().clone();
        let key = key.map_err(|()| Error::unavailable("the database does not answer", "test"))?;
        Ok(key.filter(|key| key.hash == *hash))
    }

    async fn environment(&self, _: &EnvironmentUuid, _: Version) -> Result<Arc<Environment>, Error> {
        unreachable!("reports do not read environments")
    }

    async fn changes_after(&self, _: &EnvironmentUuid, _: Version) -> Result<Changes, Error> {
        unreachable!("reports do not read changes")
    }

    async fn changes_since(&self, _: &EnvironmentUuid, _: i64) -> Result<Changes, Error> {
        unreachable!("reports do not read changes")
    }
}

#[async_trait]
impl WorkQueue for World {
    async fn push(&self, payload: Bytes) -> Result<(), QueueError> {
        let queue = *self.queue.lock().unwrap();
        match queue {
            Queue::Works => self.jobs.lock().unwrap().push(payload),
            Queue::Full => return Err(QueueError::Full { limit: 1 }),
            Queue::Away => return Err(QueueError::Unavailable("secret host".to_owned())),
            Queue::Hangs => std::future::pending().await,
        }
        Ok(())
    }

    async fn claim(&self, _: usize, _: Duration, _: Duration) -> Result<Vec<Job>, QueueError> {
        unreachable!("reports are processed elsewhere")
    }

    async fn ack(&self, _: &[String]) -> Result<(), QueueError> {
        unreachable!("reports are processed elsewhere")
    }
}

#[async_trait]
impl Clock for World {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    /// Whatever does not end by itself ends at its limit, at once.
    async fn sleep(&self, _: Duration) {}
}

/// The function over a world; keeps its key cache between requests.
struct Server {
    world: Arc<World>,
    router: axum::Router,
}

struct Response {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Server {
    fn new() -> Self {
        let world = Arc::new(World {
            key: Mutex::new(Ok(Some(key()))),
            look_ups: AtomicU32::new(0),
            now_ms: AtomicI64::new(NOW_MS),
            queue: Mutex::new(Queue::Works),
            jobs: Mutex::default(),
        });
        let router = router(IngestState {
            source: world.clone(),
            tokens: Arc::new(tokens()),
            queue: world.clone(),
            clock: world.clone(),
        });
        Self { world, router }
    }

    async fn send(&self, request: Request<Body>) -> Response {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Response { status: head.status, headers: head.headers, text }
    }

    async fn post(&self, path: &str, token: &str, body: impl Into<Body>) -> Response {
        let request = Request::post(path).header("authorization", format!("Bearer {token}"));
        self.send(request.body(body.into()).unwrap()).await
    }

    /// With a good token, to the path that SDKs use.
    async fn report(&self, body: impl Into<Body>) -> Response {
        self.post(&format!("/api/1.0/metrics/{ENVIRONMENT}?cluster=1"), &token(), body).await
    }

    fn jobs(&self) -> Vec<MetricsJob> {
        let jobs = self.world.jobs.lock().unwrap();
        jobs.iter().map(|job| serde_json::from_slice(job).unwrap()).collect()
    }
}

fn token() -> String {
    tokens().sign(&SdkClaims::new(&key(), 0)).unwrap()
}

fn body() -> Value {
    let plan = json!({"key": "plan", "value": "pro"});
    json!({
        "targetData": [{"identifier": "alice", "name": "Alice", "attributes": [plan]}],
        "metricsData": [{"timestamp": 5, "count": 12, "metricsType": "FFMETRICS", "attributes": [
            {"key": "featureIdentifier", "value": "dark_mode"},
            {"key": "variationIdentifier", "value": "true"},
            {"key": "target", "value": null},
            {"key": "SDK_TYPE", "value": "server"},
        ]}],
    })
}

#[tokio::test]
async fn a_report_is_queued_and_answered_with_an_empty_200_under_both_bases() {
    for base in ["", "/api/1.0"] {
        let server = Server::new();

        let response =
            server.post(&format!("{base}/metrics/{ENVIRONMENT}"), &token(), body().to_string()).await;

        assert_eq!((response.status, response.text.as_str()), (StatusCode::OK, ""));
        assert_eq!(response.headers["access-control-allow-origin"], "*");
        let alice = json!({
            "identifier": "alice", "name": "Alice", "anonymous": false, "attributes": {"plan": "pro"},
        });
        let job = json!({
            "environment": ENVIRONMENT,
            "key": key().hash,
            "receivedMs": NOW_MS,
            "evaluations": [{"flag": "dark_mode", "variation": "true", "count": 12, "atMs": 5}],
            "targets": [alice],
        });
        assert_eq!(server.jobs(), [serde_json::from_value(job).unwrap()]);
    }
}

#[tokio::test]
async fn a_report_of_nothing_is_fine_and_queues_nothing() {
    let server = Server::new();
    for body in ["{}", "null", "{\"targetData\":null,\"metricsData\":[]}", "{\"metricsData\":null,\"x\":1}"] {
        assert_eq!(server.report(body).await.status, StatusCode::OK, "{body}");
    }
    assert_eq!(server.jobs(), []);
}

#[tokio::test]
async fn a_body_that_is_no_report_is_400() {
    let server = Server::new();
    for (body, message) in [
        ("", "body: is empty"),
        ("{\"metricsData\":[", "body: is not JSON"),
        ("{}x", "body: is not JSON"),
        ("[]", "body: invalid length 0, expected an object"),
        ("7", "body: invalid type"),
        ("{\"metricsData\":\"x\"}", "metricsData: invalid type"),
        ("{\"metricsData\":[{\"count\":\"many\"}]}", "metricsData[0].count: invalid type"),
    ] {
        let response = server.report(body).await;

        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{body}");
        let answer: Value = serde_json::from_str(&response.text).unwrap();
        assert!(answer["message"].as_str().unwrap().starts_with(message), "{body}: {}", response.text);
    }
}

#[tokio::test]
async fn a_report_may_be_ten_mebibytes_and_no_more() {
    let server = Server::new();
    let limit = 10 * 1024 * 1024;
    let mut fits = body().to_string();
    fits.push_str(&" ".repeat(limit - fits.len()));

    assert_eq!(server.report(fits.clone()).await.status, StatusCode::OK);
    assert_eq!(server.report(format!("{fits} ")).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn while_the_queue_does_not_take_it_the_sdk_is_asked_to_come_back() {
    for queue in [Queue::Full, Queue::Away, Queue::Hangs] {
        let server = Server::new();
        *server.world.queue.lock().unwrap() = queue;

        let response = server.report(body().to_string()).await;

        assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers["retry-after"], "1");
        assert!(!response.text.contains("secret"), "{}", response.text);
    }
}

#[tokio::test]
async fn who_may_not_report_is_told_so() {
    let server = Server::new();
    let path = format!("/metrics/{ENVIRONMENT}");
    let gone = SdkClaims {
        api_key: format!("auth-key-{}", credentials::secret_hash("x")),
        ..SdkClaims::new(&key(), 0)
    };
    let moved = SdkClaims { environment: "another".to_owned(), ..SdkClaims::new(&key(), 0) };
    for (path, token, status) in [
        (path.as_str(), String::new(), 401),
        (&path, "undefined".to_owned(), 401),
        (&path, tokens().sign(&gone).unwrap(), 403),
        (&path, tokens().sign(&moved).unwrap(), 403),
        ("/metrics/another", token(), 403),
        ("/metrics/dev", token(), 403),
    ] {
        let response = server.post(path, &token, body().to_string()).await;

        assert_eq!(response.status.as_u16(), status, "{path} {token}: {}", response.text);
    }
    assert_eq!(server.jobs(), []);
}

#[tokio::test]
async fn while_keys_cannot_be_read_the_answer_is_503_unless_the_key_is_remembered() {
    let server = Server::new();
    *server.world.key.lock().unwrap() = Err(());
    assert_eq!(server.report("{}").await.status, StatusCode::SERVICE_UNAVAILABLE);
    *server.world.key.lock().unwrap() = Ok(Some(key()));
    assert_eq!(server.report("{}").await.status, StatusCode::OK);
    *server.world.key.lock().unwrap() = Err(());
    assert_eq!(server.report("{}").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_is_looked_up_once_a_minute() {
    let server = Server::new();
    for (now_ms, look_ups) in [(0, 1), (1, 1), (59_999, 1), (60_000, 2), (60_001, 2)] {
        server.world.now_ms.store(NOW_MS + now_ms, Ordering::Relaxed);

        assert_eq!(server.report("{}").await.status, StatusCode::OK);

        assert_eq!(server.world.look_ups.load(Ordering::Relaxed), look_ups, "after {now_ms} ms");
    }
}

#[tokio::test]
async fn an_unknown_key_is_looked_up_every_ten_seconds() {
    let server = Server::new();
    *server.world.key.lock().unwrap() = Ok(None);
    assert_eq!(server.report("{}").await.status, StatusCode::FORBIDDEN);
    *server.world.key.lock().unwrap() = Ok(Some(key()));
    for (now_ms, status) in [(9_999, 403), (10_000, 200)] {
        server.world.now_ms.store(NOW_MS + now_ms, Ordering::Relaxed);

        assert_eq!(server.report("{}").await.status.as_u16(), status, "after {now_ms} ms");
    }
}

#[tokio::test]
async fn a_remembered_key_still_expires_on_time() {
    let server = Server::new();
    *server.world.key.lock().unwrap() = Ok(Some(KeyRecord { expires_ms: Some(NOW_MS + 5), ..key() }));
    for (now_ms, status) in [(4, 200), (5, 403)] {
        server.world.now_ms.store(NOW_MS + now_ms, Ordering::Relaxed);

        assert_eq!(server.report("{}").await.status.as_u16(), status, "after {now_ms} ms");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_and_a_wrong_method_refused_in_json() {
    let server = Server::new();
    let ask = async |method: &str| {
        let request = Request::builder().method(method).uri(format!("/metrics/{ENVIRONMENT}"));
        server.send(request.header("origin", "https://shop.example").body(Body::empty()).unwrap()).await
    };

    assert_eq!(ask("OPTIONS").await.status, StatusCode::OK);
    let refused = ask("GET").await;
    assert_eq!(
        (refused.status, &refused.headers["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
    assert!(refused.text.starts_with("{\"code\":\"405\""), "{}", refused.text);
}
