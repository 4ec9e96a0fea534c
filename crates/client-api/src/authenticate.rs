//! `POST /client/auth`: an SDK key becomes a token.

use std::sync::atomic::Ordering;
use std::time::Duration;

use api::{SdkClaims, credentials, limits, parse_object, read_body};
use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, HeaderName, StatusCode};
use model::{Error, KeyKind, KeyRecord, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Answer;
use crate::authorize::dead_key;
use crate::{ClientState, target};

/// How long an SDK waits for its target to be registered. The answer does not depend on it.
const REGISTRATION_LIMIT: Duration = Duration::from_millis(20);

/// `NodeJS 1.8.12 Server`: language, version, and the kind of SDK. Python sends none.
const SDK_INFO: HeaderName = HeaderName::from_static("harness-sdk-info");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    api_key: String,
    #[serde(default)]
    target: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    auth_token: String,
}

/// Checks the request before the key, as Harness does: 400, then 403. A client key without a target is
/// let in; its evaluations are for whoever the path names.
pub(crate) async fn authenticate(State(state): State<ClientState>, headers: HeaderMap, body: Body) -> Answer {
    let body = read_body(body, limits::BODY_BYTES_MAX).await?;
    let request: Request = parse_object(&body)?;
    if request.api_key.is_empty() {
        return Err(Error::invalid("apiKey", "is empty; send the SDK key").into());
    }
    let target = target::from_json(request.target.as_ref()).map_err(Error::from)?;

    let hash = credentials::secret_hash(&request.api_key);
    let key = state.source.key(&hash).await?.ok_or_else(dead_key)?;
    if key.kind == KeyKind::Client && says_server_sdk(&headers) {
        return Err(Error::Forbidden(
            "this is a client key, and server SDKs read rules; use a server key".to_owned(),
        )
        .into());
    }
    let mut claims = SdkClaims::new(&key, state.clock.now_ms());
    if let Some(target) = &target {
        target::into_token(target, &mut claims, &*state.targets).await?;
    }
    let auth_token = state.tokens.sign(&claims)?;
    if let Some(target) = target.filter(|target| !target.anonymous) {
        register(&state, &key, &target).await;
    }
    Ok((StatusCode::OK, api::Json(Token { auth_token })).into_response())
}

/// Whether a server SDK says what it is. Told later, when it asks for rules, Node would ask for ever.
fn says_server_sdk(headers: &HeaderMap) -> bool {
    headers.get(SDK_INFO).is_some_and(|info| info.as_bytes().ends_with(b" Server"))
}

/// Awaited, not spawned: some hosts stop a process as soon as it has answered.
async fn register(state: &ClientState, key: &KeyRecord, target: &Target) {
    let work = state.registrar.register(key, target);
    let outcome = platform::within(&*state.clock, REGISTRATION_LIMIT, work).await;
    if matches!(outcome, Some(Ok(()))) {
        return;
    }
    state.registrations_lost.fetch_add(1, Ordering::Relaxed);
    let why = outcome.and_then(Result::err).map_or("it took too long".to_owned(), |error| error.to_string());
    tracing::warn!(environment = %key.environment_uuid, "a target was not registered: {why}");
}
