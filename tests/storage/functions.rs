//! The functions on the stores of an installation, each with connections of its own: they meet in data.

use std::time::Duration;

use api::TokenKeys;
use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use delivery::Delivery;
use fn_client::StoredTargets;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use platform::config::{Var, Vars};
use platform::{Platform, Statement};
use platform_native::{Redis, distributed, on_postgres};
use serde_json::{Value, json};
use sse_relay::{Limits, Listening, Parts, Relay};
use std::sync::Arc;
use tests::redis::Redis as Server;
use tests::stores::{database_url, open};
use tests::wire::counted;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt;

const ADMIN_TOKEN: &str = "a-token-for-the-tests-0123456789-abcdef";
const TOKEN_KEYS: &str = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const SCOPE: &str = "accountIdentifier=a&orgIdentifier=o&projectIdentifier=shop&environmentIdentifier=dev";
const SOON: Duration = Duration::from_secs(20);
const BUDGET: Duration = Duration::from_secs(20);

const COUNTED: &str =
    "SELECT CAST(sum(evaluations) AS BIGINT) FROM evaluation_hour WHERE flag = 'dark' AND variation = 'yes'";

/// Where the stores of one installation are.
struct Stores {
    database: String,
    /// For changes and cache, and for jobs; kept running.
    servers: Option<(Server, Server)>,
}

impl Stores {
    /// Connections of a function's own.
    fn platform(&self) -> Platform {
        let database = open(&self.database);
        let Some((redis, metrics)) = &self.servers else { return on_postgres(database) };
        let redis = Redis::new("BURGEE_REDIS_URL", &redis.url(), "burgee:").unwrap();
        let metrics = Redis::new("BURGEE_METRICS_REDIS_URL", &metrics.url(), "burgee:").unwrap();
        distributed(database, &redis, &metrics).unwrap()
    }
}

fn vars(table: &'static [Var]) -> Vars {
    let value = |name: &str| match name {
        "BURGEE_ADMIN_TOKEN" => Some(ADMIN_TOKEN.into()),
        "BURGEE_TOKEN_KEYS" => Some(TOKEN_KEYS.into()),
        _ => None,
    };
    Vars::read(&[table], value).unwrap()
}

async fn ask(router: &Router, request: http::request::Builder, body: &Value) -> (StatusCode, Value) {
    let request = request.body(Body::from(body.to_string())).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn administer(admin: &Router, method: &str, path: &str, body: Value) -> Value {
    let request = Request::builder().method(method).uri(format!("{path}?{SCOPE}"));
    let (status, answer) = ask(admin, request.header("x-api-key", ADMIN_TOKEN), &body).await;
    assert!(status.is_success(), "{method} {path}: {status} {answer}");
    answer
}

/// A relay in this process, and what it does beside its streams.
fn relay(platform: &Platform) -> (Arc<Relay>, JoinSet<()>) {
    let relay = Relay::new(Parts {
        source: Arc::new(Delivery::new(platform.clone())),
        tokens: Arc::new(TokenKeys::parse(TOKEN_KEYS).unwrap()),
        targets: Arc::new(StoredTargets::new(platform.db.clone(), platform.clock.clone())),
        feed: store::change_feed(platform),
        clock: platform.clock.clone(),
        random: platform.random.clone(),
        limits: Limits::default(),
    });
    let background = relay.background().into_iter().collect();
    (relay, background)
}

async fn listen(relay: &Arc<Relay>, key: &str) -> Listening {
    let opened = async {
        loop {
            match relay.listen(key, None).await {
                Ok(stream) => return stream,
                // It follows the feed in a moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    timeout(SOON, opened).await.expect("the relay opens streams")
}

/// Reads the stream until it tells of the flag.
async fn hear_of(stream: &mut Listening, flag: &str) {
    let told = async {
        while let Some(frame) = stream.next().await {
            if String::from_utf8_lossy(&frame).contains(flag) {
                return true;
            }
        }
        false
    };
    assert_eq!(timeout(SOON, told).await, Ok(true), "the stream tells of {flag}");
}

async fn state_of_flag(client: &Router, environment: &str, token: &str) -> Value {
    let path = format!("/client/env/{environment}/feature-configs/dark");
    let request = Request::get(path).header("Authorization", format!("Bearer {token}"));
    let (status, flag) = ask(client, request, &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{flag}");
    flag["state"].clone()
}

async fn installation(stores: &Stores) {
    let admin = fn_admin::build(stores.platform(), &vars(fn_admin::VARS)).await.unwrap();
    let client = fn_client::build(stores.platform(), &vars(fn_client::VARS)).await.unwrap();
    let ingest = fn_metrics_ingest::build(stores.platform(), &vars(fn_metrics_ingest::VARS)).await.unwrap();
    administer(&admin, "POST", "/admin/projects", json!({"identifier": "shop", "name": "Shop"})).await;
    let environment = json!({"identifier": "dev", "name": "Dev", "project": "shop"});
    administer(&admin, "POST", "/admin/environments", environment).await;
    let flag = json!({
        "identifier": "dark", "name": "Dark", "kind": "boolean", "project": "shop", "permanent": false,
        "variations": [{"identifier": "yes", "value": "true"}, {"identifier": "no", "value": "false"}],
        "defaultOnVariation": "yes", "defaultOffVariation": "no",
    });
    administer(&admin, "POST", "/admin/features", flag).await;
    let key = json!({"identifier": "sdk", "name": "sdk", "type": "Server"});
    let key = administer(&admin, "POST", "/admin/apikey", key).await;
    let key = key["apiKey"].as_str().unwrap();

    let (status, answer) = ask(&client, Request::post("/client/auth"), &json!({"apiKey": key})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let token = answer["authToken"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let environment = claims["environment"].as_str().unwrap();
    assert_eq!(state_of_flag(&client, environment, token).await, "off");

    let (relay, _background) = relay(&stores.platform());
    let mut stream = listen(&relay, key).await;
    for state in ["on", "off", "on"] {
        let instruction = json!({"kind": "setFeatureFlagState", "parameters": {"state": state}});
        administer(&admin, "PATCH", "/admin/features/dark", json!({"instructions": [instruction]})).await;
        hear_of(&mut stream, "dark").await;
        assert_eq!(state_of_flag(&client, environment, token).await, state, "nothing older than the news");
    }

    let report = json!({"targetData": [], "metricsData": [counted("dark", "yes", 3)]});
    for _ in 0..20 {
        let request = Request::post(format!("/metrics/{environment}"));
        let (status, answer) =
            ask(&ingest, request.header("Authorization", format!("Bearer {token}")), &report).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    let (one, other) = (stores.platform(), stores.platform());
    let drained =
        tokio::join!(fn_metrics_process::drain(&one, BUDGET), fn_metrics_process::drain(&other, BUDGET));
    assert!(drained.0.unwrap().is_complete && drained.1.unwrap().is_complete);
    let rows = one.db.query(Statement::new(COUNTED)).await.unwrap();
    assert_eq!(rows[0].int(0).unwrap(), 60, "each report is counted once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_functions_meet_in_postgres_alone() {
    installation(&Stores { database: database_url().await, servers: None }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_functions_meet_in_postgres_and_two_servers_of_redis() {
    let servers = Some((Server::start(), Server::start()));
    installation(&Stores { database: database_url().await, servers }).await;
}
