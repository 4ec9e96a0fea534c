//! How client routes answer, and what they check before they do.

use std::sync::Arc;

use api::{Problem, credentials};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use model::{Error, KeyKind, Version};
use serde::Serialize;

use crate::{Caller, ClientState, Environment, identify};

/// On answers: the version of the environment that was answered from.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("burgee-version");

/// On requests: answer from this version or a later one.
const MIN_VERSION: HeaderName = HeaderName::from_static("burgee-min-version");

/// What a handler returns.
pub(crate) type Answer = Result<Response, Refusal>;

/// An error, told as client routes tell it.
pub(crate) struct Refusal(Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        Problem::client(self.0).into_response()
    }
}

/// A request that was let in, and the environment that it reads.
pub(crate) struct Reading {
    pub(crate) caller: Caller,
    pub(crate) environment: Arc<Environment>,
}

/// Lets a request for one target's values in, or not, and gets its environment. Every key may ask.
pub(crate) async fn read(
    state: &ClientState,
    headers: &HeaderMap,
    environment_in_path: &str,
) -> Result<Reading, Error> {
    let caller = admit(state, headers, environment_in_path).await?;
    load(state, headers, caller).await
}

/// Lets a request for rules in, or not, and gets its environment. Rules name targets and give away what
/// is planned, so they are for server keys only.
pub(crate) async fn read_rules(
    state: &ClientState,
    headers: &HeaderMap,
    environment_in_path: &str,
) -> Result<Reading, Error> {
    let caller = admit(state, headers, environment_in_path).await?;
    if caller.key.kind == KeyKind::Client {
        return Err(Error::Forbidden(
            "a client SDK key may read evaluations only; rules need a server key".to_owned(),
        ));
    }
    load(state, headers, caller).await
}

/// The caller, if the path names its environment.
async fn admit(state: &ClientState, headers: &HeaderMap, environment_in_path: &str) -> Result<Caller, Error> {
    let caller = identify(&*state.source, &state.tokens, None, credentials::bearer(headers)).await?;
    if caller.key.environment_uuid.as_str() != environment_in_path {
        return Err(Error::Forbidden("the token belongs to another environment than the path".to_owned()));
    }
    Ok(caller)
}

/// The caller's environment, at the version that the request asks for or later.
async fn load(state: &ClientState, headers: &HeaderMap, caller: Caller) -> Result<Reading, Error> {
    let at_least = min_version(headers)?;
    let environment = state.source.environment(&caller.key.environment_uuid, at_least).await?;
    Ok(Reading { caller, environment })
}

fn min_version(headers: &HeaderMap) -> Result<Version, Error> {
    let Some(value) = headers.get(MIN_VERSION) else { return Ok(Version::default()) };
    let version = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    version.map(Version).ok_or_else(|| {
        Error::invalid("Burgee-Min-Version", format!("{value:?} is not a version; send the digits of one"))
    })
}

/// 200 with JSON, serialised from what `value` refers to into one buffer.
pub(crate) fn json<T: Serialize>(version: Version, value: &T) -> Answer {
    let text = serde_json::to_vec(value).map_err(Error::internal)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (VERSION, HeaderValue::from(version.0)),
    ];
    Ok((StatusCode::OK, headers, text).into_response())
}

/// 404 for what the environment does not have at `version`.
pub(crate) fn missing(version: Version, error: Error) -> Answer {
    let mut response = Refusal(error).into_response();
    response.headers_mut().insert(VERSION, HeaderValue::from(version.0));
    Ok(response)
}
