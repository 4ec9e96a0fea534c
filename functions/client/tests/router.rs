//! The function as SDKs and browsers meet it.
#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use api::{TokenKeys, credentials};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use client_api::{Changes, ClientState, Environment, Source, TargetRegistrar, TargetStore};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use model::{EnvironmentUuid, Error, KeyHash, KeyKind, KeyRecord, Target, Version};
use platform::Clock;
use serde_json::{Value, json};
use tower::ServiceExt;

const KEY: &str = "server-key-1111-2222";
const ENVIRONMENT: &str = "0b9c5d0e-0000-4000-8000-000000000001";
const BASES: [&str; 2] = ["", "/api/1.0"];

/// One server key, one empty environment, nothing else.
struct World;

#[async_trait]
impl Source for World {
    async fn key(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        let record = json!({
            "hash": credentials::secret_hash(KEY), "kind": KeyKind::Server, "expires_ms": null,
            "account": "a", "organisation": "o", "project": "p", "project_uuid": "pu",
            "environment": "dev", "environment_uuid": ENVIRONMENT,
        });
        let record: KeyRecord = serde_json::from_value(record).unwrap();
        Ok(Some(record).filter(|record| record.hash == *hash))
    }

    async fn environment(&self, _: &EnvironmentUuid, _: Version) -> Result<Arc<Environment>, Error> {
        Ok(Arc::default())
    }

    async fn changes_after(&self, _: &EnvironmentUuid, _: Version) -> Result<Changes, Error> {
        unreachable!("not asked for")
    }

    async fn changes_since(&self, _: &EnvironmentUuid, _: i64) -> Result<Changes, Error> {
        unreachable!("not asked for")
    }
}

#[async_trait]
impl TargetStore for World {
    async fn put(&self, _: &str, _: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn get(&self, _: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

#[async_trait]
impl TargetRegistrar for World {
    async fn register(&self, _: &KeyRecord, _: &Target) -> Result<(), Error> {
        Ok(())
    }
}

#[async_trait]
impl Clock for World {
    fn now_ms(&self) -> i64 {
        0
    }

    async fn sleep(&self, _: Duration) {}
}

fn router() -> Router {
    let tokens = TokenKeys::parse("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    fn_client::router(ClientState {
        source: Arc::new(World),
        tokens: Arc::new(tokens),
        clock: Arc::new(World),
        targets: Arc::new(World),
        registrar: Arc::new(World),
        registrations_lost: Arc::new(AtomicU64::new(0)),
    })
}

async fn send(request: Request<Body>) -> (Response, String) {
    let mut response = router().oneshot(request).await.unwrap();
    let body = response.body_mut().collect().await.unwrap().to_bytes();
    (response, String::from_utf8(body.to_vec()).unwrap())
}

async fn token() -> String {
    let request = Request::post("/client/auth").body(json!({"apiKey": KEY}).to_string().into()).unwrap();
    let (_, text) = send(request).await;
    serde_json::from_str::<Value>(&text).unwrap()["authToken"].as_str().unwrap().to_owned()
}

/// Every path of the contract that a browser may call, with the method it calls it by.
fn paths(base: &str) -> Vec<(Method, String)> {
    let environment = format!("{base}/client/env/{ENVIRONMENT}");
    vec![
        (Method::POST, format!("{base}/client/auth")),
        (Method::GET, format!("{environment}/feature-configs")),
        (Method::GET, format!("{environment}/feature-configs/dark_mode")),
        (Method::GET, format!("{environment}/target-segments?rules=v2")),
        (Method::GET, format!("{environment}/target-segments/beta")),
        (Method::GET, format!("{environment}/target/alice@example.com/evaluations?cluster=undefined")),
        (Method::GET, format!("{environment}/target/alice/evaluations/dark_mode")),
    ]
}

#[tokio::test]
async fn both_bases_serve_the_same() {
    let token = token().await;
    for base in BASES {
        let request = Request::get(format!("{base}/client/env/{ENVIRONMENT}/feature-configs"))
            .header("authorization", format!("Bearer {token}"));

        let (response, text) = send(request.body(Body::empty()).unwrap()).await;

        assert_eq!((response.status(), text.as_str()), (StatusCode::OK, "[]"));
    }
}

#[tokio::test]
async fn every_preflight_of_a_browser_is_answered_without_credentials() {
    for (method, path) in BASES.into_iter().flat_map(paths) {
        let request = Request::options(&path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", method.as_str())
            .header("access-control-request-headers", "authorization,harness-target,harness-accountid");

        let (response, _) = send(request.body(Body::empty()).unwrap()).await;

        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("access-control-allow-origin"), "*");
        assert!(header("access-control-allow-methods").contains(method.as_str()));
        for name in
            ["authorization", "harness-target", "harness-accountid", "harness-environmentid", "api-key"]
        {
            assert!(header("access-control-allow-headers").contains(name), "{name}");
        }
    }
}

#[tokio::test]
async fn a_browser_can_read_every_refusal() {
    for (method, path) in BASES.into_iter().flat_map(paths) {
        let request = Request::builder().method(method).uri(&path).header("origin", "https://shop.example");

        let (response, text) = send(request.body(Body::empty()).unwrap()).await;

        let status = response.status();
        assert!(status.is_client_error(), "{path}: {status}");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["code"], json!(status.as_str()), "{path}: {text}");
    }
}

#[tokio::test]
async fn nothing_outside_its_own_paths_is_answered() {
    for (path, text) in [("/admin/features", "other"), ("/", "other"), ("/api/1.0/stream", "other")] {
        let other = router().fallback(async || "other");

        let response = other.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();

        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, text, "{path}");
    }
}
