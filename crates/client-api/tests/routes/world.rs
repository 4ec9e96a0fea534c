//! A server's state in memory, and requests to it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{SdkClaims, TokenKeys, credentials};
use async_trait::async_trait;
use axum::body::Body;
use client_api::{Changes, ClientState, Environment, Known, Source, TargetRegistrar, TargetStore, routes};
use flate2::read::GzDecoder;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use model::{
    AccountId, EnvironmentId, EnvironmentUuid, Error, KeyHash, KeyKind, KeyRecord, ObjectChange, ObjectKind,
    OrganisationId, ProjectId, ProjectUuid, Snapshot, Target, Version,
};
use platform::Clock;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::contract::assert_documented;

pub(crate) const ENVIRONMENT: &str = "0b9c5d0e-0000-4000-8000-000000000001";
pub(crate) const SERVER_KEY: &str = "server-key-1111-2222";
pub(crate) const CLIENT_KEY: &str = "client-key-1111-2222";
pub(crate) const NOW_MS: i64 = 1_700_000_000_999;

/// A server with one environment, a server key and a client key.
pub(crate) struct World {
    pub(crate) source: Arc<MemorySource>,
    pub(crate) targets: Arc<MemoryTargets>,
    pub(crate) state: ClientState,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl World {
    /// A world whose environment holds `snapshot`.
    pub(crate) fn new(snapshot: Value) -> Self {
        let snapshot: Snapshot = serde_json::from_value(snapshot).unwrap();
        let (environment, _) = Environment::new(snapshot);
        let source = Arc::new(MemorySource::new(environment));
        source.put_key(key(SERVER_KEY, KeyKind::Server));
        source.put_key(key(CLIENT_KEY, KeyKind::Client));
        let targets = Arc::new(MemoryTargets::default());
        let state = ClientState {
            source: source.clone(),
            tokens: Arc::new(token_keys(1)),
            clock: Arc::new(Stopped),
            targets: targets.clone(),
            registrar: targets.clone(),
            registrations_lost: Arc::new(AtomicU64::new(0)),
        };
        Self { source, targets, state }
    }

    pub(crate) fn empty() -> Self {
        Self::new(json!({"version": 7, "flags": [], "segments": []}))
    }

    /// What the routes answer; whatever it is, it is as the contract says.
    pub(crate) async fn send(&self, request: Request<Body>) -> Response {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = routes(self.state.clone()).oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = match head.headers.get(CONTENT_ENCODING) {
            Some(coding) => {
                assert_eq!(coding, "gzip");
                std::io::read_to_string(GzDecoder::new(&*body)).unwrap()
            }
            None => String::from_utf8(body.to_vec()).unwrap(),
        };
        assert_documented(&method, &path, head.status, &text);
        Response { status: head.status, headers: head.headers, text }
    }

    pub(crate) async fn authenticate(&self, body: &str) -> Response {
        let request = Request::post("/client/auth").body(Body::from(body.to_owned())).unwrap();
        self.send(request).await
    }

    /// The token that a key without a target gets.
    pub(crate) async fn token(&self, api_key: &str) -> String {
        self.token_for(json!({"apiKey": api_key})).await
    }

    pub(crate) async fn token_for(&self, request: Value) -> String {
        let response = self.authenticate(&request.to_string()).await;
        assert_eq!(response.status, StatusCode::OK, "{}", response.text);
        response.json()["authToken"].as_str().unwrap().to_owned()
    }

    pub(crate) fn claims(&self, token: &str) -> SdkClaims {
        self.state.tokens.verify(token).unwrap()
    }

    /// `GET /client/env/{ENVIRONMENT}/{path}` with a bearer token.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Response {
        self.get_with(token, path, &[]).await
    }

    /// The same with headers.
    pub(crate) async fn get_with(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::get(format!("/client/env/{ENVIRONMENT}/{path}"))
            .header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// `get` with a server key's token.
    pub(crate) async fn read(&self, path: &str) -> Response {
        self.get(&self.token(SERVER_KEY).await, path).await
    }
}

pub(crate) fn token_keys(secret: u8) -> TokenKeys {
    use base64::Engine;
    let secret = base64::engine::general_purpose::STANDARD.encode([secret; 32]);
    TokenKeys::parse(&format!("k1:{secret}")).unwrap()
}

pub(crate) fn key(clear: &str, kind: KeyKind) -> KeyRecord {
    KeyRecord {
        hash: credentials::secret_hash(clear),
        kind,
        expires_ms: None,
        account: AccountId::from_wire("acct1"),
        organisation: OrganisationId::from_wire("default"),
        project: ProjectId::from_wire("shop"),
        project_uuid: ProjectUuid::from_wire("0b9c5d0e-0000-4000-8000-000000000002"),
        environment: EnvironmentId::from_wire("dev"),
        environment_uuid: EnvironmentUuid::from_wire(ENVIRONMENT),
    }
}

/// Keys and one environment; can be away.
pub(crate) struct MemorySource {
    keys: Mutex<HashMap<KeyHash, KeyRecord>>,
    environment: Mutex<Option<Arc<Environment>>>,
    pub(crate) keys_away: AtomicBool,
    pub(crate) environments_away: AtomicBool,
    /// How old what is answered is said to be; 0 is new.
    pub(crate) age_ms: AtomicI64,
}

impl MemorySource {
    fn new(environment: Environment) -> Self {
        Self {
            keys: Mutex::default(),
            environment: Mutex::new(Some(Arc::new(environment))),
            keys_away: AtomicBool::new(false),
            environments_away: AtomicBool::new(false),
            age_ms: AtomicI64::new(0),
        }
    }

    pub(crate) fn put_key(&self, key: KeyRecord) {
        self.keys.lock().unwrap().insert(key.hash.clone(), key);
    }

    pub(crate) fn revoke(&self, clear: &str) {
        self.keys.lock().unwrap().remove(&credentials::secret_hash(clear));
    }

    /// Brings the environment to a version by a flag that is new, or different.
    pub(crate) fn put_flag(&self, flag: Value, version: i64) {
        let mut current = self.environment.lock().unwrap();
        let mut environment = Arc::unwrap_or_clone(current.take().unwrap());
        let flag = serde_json::from_value(flag).unwrap();
        environment.apply(vec![ObjectChange::Flag(flag)], Version(version));
        *current = Some(Arc::new(environment));
    }

    pub(crate) fn delete_environment(&self) {
        *self.environment.lock().unwrap() = None;
    }
}

#[async_trait]
impl Source for MemorySource {
    async fn key(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, Error> {
        unless(&self.keys_away)?;
        Ok(self.keys.lock().unwrap().get(hash).cloned())
    }

    async fn environment(&self, id: &EnvironmentUuid, at_least: Version) -> Result<Arc<Environment>, Error> {
        unless(&self.environments_away)?;
        let environment = self.environment.lock().unwrap().clone().filter(|_| id.as_str() == ENVIRONMENT);
        let environment = environment.ok_or_else(|| Error::not_found(ObjectKind::Environment, id))?;
        match environment.version >= at_least {
            true => Ok(environment),
            false => Err(Error::unavailable("the version is not there yet", "test")),
        }
    }

    async fn last_known(&self, id: &EnvironmentUuid, at_least: Version) -> Result<Known, Error> {
        let age_ms = Some(self.age_ms.load(Ordering::Relaxed)).filter(|age_ms| *age_ms > 0);
        Ok(Known { environment: self.environment(id, at_least).await?, age_ms })
    }

    /// Earlier versions had nothing.
    async fn snapshot_at(&self, _: &EnvironmentUuid, version: Version) -> Result<Snapshot, Error> {
        Ok(Snapshot { version, ..Snapshot::default() })
    }

    async fn changes_after(&self, _: &EnvironmentUuid, _: Version) -> Result<Changes, Error> {
        unreachable!("client routes do not ask for changes")
    }

    async fn changes_since(&self, _: &EnvironmentUuid, _: i64) -> Result<Changes, Error> {
        unreachable!("client routes do not ask for changes")
    }
}

fn unless(away: &AtomicBool) -> Result<(), Error> {
    match away.load(Ordering::Relaxed) {
        true => Err(Error::unavailable("the database does not answer", "secret host")),
        false => Ok(()),
    }
}

/// Stored and registered targets; both can fail, and registering can hang.
#[derive(Default)]
pub(crate) struct MemoryTargets {
    pub(crate) stored: Mutex<HashMap<String, String>>,
    pub(crate) registered: Mutex<Vec<Target>>,
    pub(crate) away: AtomicBool,
    pub(crate) hangs: AtomicBool,
}

#[async_trait]
impl TargetStore for MemoryTargets {
    async fn put(&self, hash: &str, json: &str) -> Result<(), Error> {
        unless(&self.away)?;
        self.stored.lock().unwrap().insert(hash.to_owned(), json.to_owned());
        Ok(())
    }

    async fn get(&self, hash: &str) -> Result<Option<String>, Error> {
        unless(&self.away)?;
        Ok(self.stored.lock().unwrap().get(hash).cloned())
    }
}

#[async_trait]
impl TargetRegistrar for MemoryTargets {
    async fn register(&self, _: &KeyRecord, target: &Target) -> Result<(), Error> {
        unless(&self.away)?;
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.registered.lock().unwrap().push(target.clone());
        Ok(())
    }
}

/// Time stands still; whoever sleeps wakes at once, so that a limit ends what does not end by itself.
struct Stopped;

#[async_trait]
impl Clock for Stopped {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }

    async fn sleep(&self, _: Duration) {}
}
