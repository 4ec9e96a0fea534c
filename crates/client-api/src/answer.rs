//! How client routes answer, and what they check before they do.

use std::sync::Arc;

use api::{Problem, accepts_gzip, credentials, entity_tag};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, VARY};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use model::{Error, KeyKind, Version};
use serde::Serialize;

use crate::text::{Coding, Question, Text};
use crate::{Caller, ClientState, Environment, Known, identify};

/// On answers: the version of the environment that was answered from.
const VERSION: HeaderName = HeaderName::from_static("burgee-version");

/// On answers while no store can be asked: how long ago the answer was known to be the newest.
const AGE: HeaderName = HeaderName::from_static("burgee-age-ms");

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
pub(crate) struct Reading<'a> {
    pub(crate) caller: Caller,
    pub(crate) environment: Arc<Environment>,
    age_ms: Option<i64>,
    head: &'a Parts,
}

/// Lets a request for one target's values in, or not, and gets its environment. Every key may ask.
pub(crate) async fn read<'a>(
    state: &ClientState,
    head: &'a Parts,
    environment_in_path: &str,
) -> Result<Reading<'a>, Error> {
    let caller = admit(state, &head.headers, environment_in_path).await?;
    load(state, head, caller, Version::default()).await
}

/// Lets a request for rules in, or not, and gets its environment.
pub(crate) async fn read_rules<'a>(
    state: &ClientState,
    head: &'a Parts,
    environment_in_path: &str,
) -> Result<Reading<'a>, Error> {
    let caller = admit_to_rules(state, &head.headers, environment_in_path).await?;
    load(state, head, caller, Version::default()).await
}

/// The caller, if it may read rules. They name targets and give away what is planned, so they are for
/// server keys only.
pub(crate) async fn admit_to_rules(
    state: &ClientState,
    headers: &HeaderMap,
    environment_in_path: &str,
) -> Result<Caller, Error> {
    let caller = admit(state, headers, environment_in_path).await?;
    match caller.key.kind {
        KeyKind::Server => Ok(caller),
        KeyKind::Client => Err(Error::Forbidden(
            "a client SDK key may read evaluations only; rules need a server key".to_owned(),
        )),
    }
}

/// The caller, if the path names its environment.
async fn admit(state: &ClientState, headers: &HeaderMap, environment_in_path: &str) -> Result<Caller, Error> {
    let caller = identify(&*state.source, &state.tokens, None, credentials::bearer(headers)).await?;
    if caller.key.environment_uuid.as_str() != environment_in_path {
        return Err(Error::Forbidden("the token belongs to another environment than the path".to_owned()));
    }
    Ok(caller)
}

/// The caller's environment, at `at_least` and what the request asks for, or later.
pub(crate) async fn load<'a>(
    state: &ClientState,
    head: &'a Parts,
    caller: Caller,
    at_least: Version,
) -> Result<Reading<'a>, Error> {
    let at_least = min_version(&head.headers)?.max(at_least);
    let known = state.source.last_known(&caller.key.environment_uuid, at_least).await?;
    let Known { environment, age_ms } = known;
    Ok(Reading { caller, environment, age_ms, head })
}

/// The version that the request asks for, or one that every environment has.
fn min_version(headers: &HeaderMap) -> Result<Version, Error> {
    let Some(value) = headers.get(MIN_VERSION) else { return Ok(Version::default()) };
    let version = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    version.map(Version).ok_or_else(|| {
        Error::invalid("Burgee-Min-Version", format!("{value:?} is not a version; send the digits of one"))
    })
}

impl Reading<'_> {
    /// 200 with what is the same for everybody at the environment's version: made once, then shared.
    pub(crate) async fn share<T: Serialize + ?Sized>(&self, question: Question, value: &T) -> Answer {
        let tag = entity_tag::weak(self.environment.version);
        if entity_tag::is_known(&self.head.headers, &tag) {
            return Ok(self.not_modified(&tag));
        }
        Ok(self.ok(&tag, self.environment.texts.get(question, value, self.coding()).await?))
    }

    /// 200 with what is for this request alone. `tag` tells it from other answers of the same path.
    pub(crate) fn make<T: Serialize>(&self, tag: &HeaderValue, value: &T) -> Answer {
        if entity_tag::is_known(&self.head.headers, tag) {
            return Ok(self.not_modified(tag));
        }
        Ok(self.ok(tag, Text::of(value, self.coding())?))
    }

    /// 404 for what the environment does not have at its version.
    pub(crate) fn missing(&self, error: Error) -> Answer {
        Ok(self.dated(Refusal(error).into_response()))
    }

    fn ok(&self, tag: &HeaderValue, text: Text) -> Response {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json")), (ETAG, tag.clone())];
        let mut response = (StatusCode::OK, headers, text.bytes).into_response();
        if text.coding == Coding::Gzip {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        self.dated(response)
    }

    fn not_modified(&self, tag: &HeaderValue) -> Response {
        self.dated((StatusCode::NOT_MODIFIED, [(ETAG, tag.clone())]).into_response())
    }

    /// Says what the answer stands on.
    fn dated(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(VERSION, HeaderValue::from(self.environment.version.0));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(age_ms) = self.age_ms {
            headers.insert(AGE, HeaderValue::from(age_ms));
        }
        response
    }

    /// How the client wants it. Of a `HEAD` nothing is sent that would be worth compressing.
    fn coding(&self) -> Coding {
        match self.head.method != Method::HEAD && accepts_gzip(&self.head.headers) {
            true => Coding::Gzip,
            false => Coding::Plain,
        }
    }
}
