//! An installation in memory, whose stores can be away, and what an SDK is told by it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use api::TokenKeys;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use client_api::ClientState;
use delivery::Delivery;
use fn_admin::Admin;
use fn_client::{QueueRegistrar, StoredTargets};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use platform::{Cache, CacheError, Db, DbError, Dialect, Platform, Row, Statement};
use serde_json::{Value, json};
use testkit::TestClock;
use tests::runtime::Components;
use tower::ServiceExt;

/// How long answers may be given from what was last known.
pub(crate) const AGE_MAX: Duration = Duration::from_secs(60);

const ADMIN_TOKEN: &str = "a-token-for-the-tests-0123456789-abcdef";
const TOKEN_KEYS: &str = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const SCOPE: &str = "accountIdentifier=a&orgIdentifier=o&projectIdentifier=shop&environmentIdentifier=dev";

/// One environment `dev` with the flag `dark`, and a server key for it.
pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) clock: TestClock,
    pub(crate) db_away: Arc<AtomicBool>,
    pub(crate) cache_away: Arc<AtomicBool>,
    pub(crate) registrar: Arc<QueueRegistrar>,
    pub(crate) environment: String,
    pub(crate) key: String,
    admin: Router,
    client: Router,
    /// What answers for the routers, if that is not this process: no store of theirs can be taken away.
    _components: Option<Components>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = TestClock::at(1_700_000_000_000);
        let (db_away, cache_away) = (Arc::default(), Arc::default());
        let settings = [("BURGEE_ADMIN_TOKEN", ADMIN_TOKEN), ("BURGEE_TOKEN_KEYS", TOKEN_KEYS)];
        let (components, stores) = match Components::start(&settings, &clock).await {
            Some((components, stores)) => (Some(components), stores),
            None => (None, testkit::platform_at(&clock)),
        };
        store::migrate(&*stores.db).await.unwrap();
        let platform = Platform {
            db: Arc::new(AwayDb { db: stores.db.clone(), away: Arc::clone(&db_away) }),
            cache: Arc::new(AwayCache { cache: stores.cache.clone(), away: Arc::clone(&cache_away) }),
            ..stores
        };
        let registrar = Arc::new(QueueRegistrar::new(store::work_queue(&platform), platform.clock.clone()));
        let (admin, client) = match &components {
            Some(components) => (components.router(), components.router()),
            None => routers(&platform, registrar.clone()),
        };
        let mut world = Self {
            platform,
            clock,
            db_away,
            cache_away,
            registrar,
            environment: String::new(),
            key: String::new(),
            admin,
            client,
            _components: components,
        };
        world.fill().await;
        world
    }

    async fn fill(&mut self) {
        let project = json!({"identifier": "shop", "name": "Shop"});
        self.administer("POST", "/admin/projects", &project).await;
        let environment = json!({"identifier": "dev", "name": "Dev", "project": "shop"});
        self.administer("POST", "/admin/environments", &environment).await;
        let flag = json!({
            "identifier": "dark", "name": "Dark", "kind": "boolean", "project": "shop", "permanent": false,
            "variations": [{"identifier": "yes", "value": "true"}, {"identifier": "no", "value": "false"}],
            "defaultOnVariation": "yes", "defaultOffVariation": "no",
        });
        self.administer("POST", "/admin/features", &flag).await;
        self.key = self.make_key("sdk", "Server").await;
        let claims = self.token(&json!({"apiKey": self.key})).await.1;
        self.environment = claims["environment"].as_str().unwrap().to_owned();
    }

    /// Makes an SDK key; returns its clear text.
    pub(crate) async fn make_key(&self, identifier: &str, kind: &str) -> String {
        let body = json!({"identifier": identifier, "name": identifier, "type": kind});
        let answer = self.administer("POST", "/admin/apikey", &body).await;
        answer["apiKey"].as_str().unwrap().to_owned()
    }

    /// Sends a request to the admin API, which is to succeed.
    pub(crate) async fn administer(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}?{SCOPE}"))
            .header("x-api-key", ADMIN_TOKEN)
            .body(Body::from(body.to_string()));
        let answer = send(&self.admin, request.unwrap()).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        answer.body
    }

    /// Switches the flag on or off.
    pub(crate) async fn switch(&self, state: &str) {
        let instruction = json!({"kind": "setFeatureFlagState", "parameters": {"state": state}});
        self.administer("PATCH", "/admin/features/dark", &json!({"instructions": [instruction]})).await;
    }

    /// Authenticates; returns the token and its claims.
    pub(crate) async fn token(&self, request: &Value) -> (String, Value) {
        let answer = self.authenticate(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let token = answer.body["authToken"].as_str().unwrap().to_owned();
        let claims = token.split('.').nth(1).unwrap();
        let claims =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
        (token, serde_json::from_slice(&claims).unwrap())
    }

    pub(crate) async fn authenticate(&self, request: &Value) -> Answer {
        send(&self.client, Request::post("/client/auth").body(Body::from(request.to_string())).unwrap()).await
    }

    /// `GET /client/env/{environment}/{path}` with a token.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        let request = Request::get(format!("/client/env/{}/{path}", self.environment))
            .header("authorization", format!("Bearer {token}"));
        send(&self.client, request.body(Body::empty()).unwrap()).await
    }
}

/// Of admin and client.
fn routers(platform: &Platform, registrar: Arc<QueueRegistrar>) -> (Router, Router) {
    let client = fn_client::router(ClientState {
        source: Arc::new(Delivery::outliving(platform.clone(), AGE_MAX)),
        tokens: Arc::new(TokenKeys::parse(TOKEN_KEYS).unwrap()),
        clock: platform.clock.clone(),
        targets: Arc::new(StoredTargets::new(platform.db.clone(), platform.clock.clone())),
        registrar,
        registrations_lost: Arc::new(AtomicU64::new(0)),
    });
    (fn_admin::router(Admin::new(platform.clone(), Some(ADMIN_TOKEN.into()))), client)
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Answer { status: head.status, headers: head.headers, body }
}

struct AwayDb {
    db: Arc<dyn Db>,
    away: Arc<AtomicBool>,
}

#[async_trait]
impl Db for AwayDb {
    async fn query(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        match self.away.load(Ordering::Relaxed) {
            true => Err(DbError::Unavailable("away".to_owned())),
            false => self.db.query(statement).await,
        }
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<u64>, DbError> {
        match self.away.load(Ordering::Relaxed) {
            true => Err(DbError::Unavailable("away".to_owned())),
            false => self.db.batch(statements).await,
        }
    }

    fn dialect(&self) -> Dialect {
        self.db.dialect()
    }
}

struct AwayCache {
    cache: Arc<dyn Cache>,
    away: Arc<AtomicBool>,
}

impl AwayCache {
    fn reached(&self) -> Result<&dyn Cache, CacheError> {
        match self.away.load(Ordering::Relaxed) {
            true => Err(CacheError("away".to_owned())),
            false => Ok(&*self.cache),
        }
    }
}

#[async_trait]
impl Cache for AwayCache {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        self.reached()?.get(key).await
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), CacheError> {
        self.reached()?.set(key, value, ttl).await
    }

    async fn remove(&self, key: &str) -> Result<(), CacheError> {
        self.reached()?.remove(key).await
    }

    async fn begin(&self, key: &str) -> Result<(), CacheError> {
        self.reached()?.begin(key).await
    }

    async fn advance(&self, key: &str, least: i64, value: i64) -> Result<Option<i64>, CacheError> {
        self.reached()?.advance(key, least, value).await
    }
}
