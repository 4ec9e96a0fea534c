//! Requests that may be sent again: `Idempotency-Key`.
//!
//! A write that carries the header is carried out once. Sent again within 24 hours, by the same caller and
//! word for word, it is given its first answer; anything else under the same key is refused. What was
//! refused has had no effect and is not remembered. The rows behind this are `store`'s: those of the writes
//! are committed with them, so a crash before the answer is kept loses nothing, the route then answers from
//! what it once wrote.

use std::sync::Arc;

use api::Problem;
use api::limits::LARGE_BODY_BYTES_MAX;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use model::Error;
use sha2::{Digest, Sha256};
use store::{KeptAnswer, NamedRequest};

use crate::Admin;
use crate::access::Access;
use crate::endpoint::Endpoint;
use crate::routes::without_prefix;

/// The header that names a request.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Says that an answer holds a secret, or what somebody is: nobody keeps it, this module included.
pub(crate) const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// Characters of a key.
const KEY_CHARS_MAX: usize = 255;

/// Carries out a request that has the header once.
pub(crate) async fn once(
    endpoint: Endpoint,
    request: Request,
    admin: Arc<Admin>,
) -> Result<Response, Problem> {
    let key = request.headers().get(&IDEMPOTENCY_KEY).filter(|_| !request.method().is_safe());
    let Some(value) = key else { return Ok(endpoint.answer(request, admin).await) };
    let access = Access::read(&admin, request.headers()).await?;
    let key = parse(value)?;
    let (mut head, body) = request.into_parts();
    let body = api::read_body(body, LARGE_BODY_BYTES_MAX).await?;
    let target = head.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
    let target = without_prefix(target);
    let digest = digest(&[head.method.as_str().as_bytes(), target.as_bytes(), &body]);
    let named = Arc::new(NamedRequest::new(access.id.clone(), key, digest));
    let db = &*admin.platform.db;
    if let Some(kept) = store::kept_answer(db, &named, admin.platform.clock.now_ms()).await? {
        return replay(kept);
    }
    let deletes = head.method == Method::DELETE;
    head.extensions.insert(access.of_request(named.clone()));
    let mut response = endpoint.answer(Request::from_parts(head, Body::from(body)), admin.clone()).await;
    if deletes
        && response.status() == StatusCode::NOT_FOUND
        && store::is_carried_out(db, &named, admin.platform.clock.now_ms()).await?
    {
        // It was this request that took away what it does not find.
        response = StatusCode::NO_CONTENT.into_response();
    }
    if !response.status().is_success() || response.headers().contains_key(CACHE_CONTROL) {
        return Ok(response);
    }
    keep(&admin, &named, response).await
}

/// Keeps an answer. If the same request was answered meanwhile, that answer is the one.
async fn keep(admin: &Admin, named: &NamedRequest, response: Response) -> Result<Response, Problem> {
    let (head, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(Error::internal)?;
    let text = String::from_utf8(bytes.to_vec()).map_err(Error::internal)?;
    let ours = KeptAnswer { status: head.status.as_u16(), body: text };
    let now_ms = admin.platform.clock.now_ms();
    match store::keep_answer(&*admin.platform.db, named, ours.clone(), now_ms).await {
        Ok(kept) if kept != ours => replay(kept),
        Ok(_) => Ok(Response::from_parts(head, Body::from(bytes))),
        // It is carried out, and will be told the same way when it is sent again.
        Err(Error::Unavailable { .. }) => Ok(Response::from_parts(head, Body::from(bytes))),
        Err(error) => Err(error.into()),
    }
}

fn replay(answer: KeptAnswer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(Error::internal)?;
    let replayed = [(REPLAYED, HeaderValue::from_static("true"))];
    if answer.body.is_empty() {
        return Ok((status, replayed).into_response());
    }
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((status, replayed, json, answer.body).into_response())
}

fn parse(value: &HeaderValue) -> Result<String, Error> {
    let text = value.to_str().unwrap_or_default().trim();
    let printable = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if text.is_empty() || text.len() > KEY_CHARS_MAX || !printable {
        let rule = format!("use 1 to {KEY_CHARS_MAX} printable ASCII characters, such as a UUID");
        return Err(Error::invalid("Idempotency-Key", rule));
    }
    Ok(text.to_owned())
}

fn digest(parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}
