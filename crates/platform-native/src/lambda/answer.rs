//! Answers in the form that whatever the request came through expects.

use std::collections::BTreeMap;
use std::str;

use anyhow::{Context, ensure};
use axum::body::{Body, BodyDataStream};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use http_body_util::BodyExt;
use lambda_runtime::{MetadataPrelude, StreamResponse};
use serde::Serialize;
use serde_json::Value;

use super::event::{Headers, Origin};

/// Bytes of JSON that Lambda takes in one piece.
const LAMBDA_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Bytes of JSON that a load balancer takes.
const LOAD_BALANCER_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of JSON around a body, headers included, at most.
const FRAME_BYTES: usize = 16 * 1024;

/// What an invocation ends with, in one piece.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Output {
    /// A request's answer.
    Answer(Answer),
    /// What work did.
    Report(Value),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    /// Function URLs and HTTP APIs go without; cargo-lambda insists on the member, though it be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<Vec<String>>,
    body: String,
    is_base64_encoded: bool,
}

/// The answer in one piece.
///
/// # Errors
/// If it is larger than Lambda, or the load balancer, takes.
pub(super) async fn buffered(origin: Origin, response: Response) -> anyhow::Result<Output> {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.context("the answer broke off")?.to_bytes();
    let (body, is_base64_encoded) = match str::from_utf8(&bytes) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(&bytes), true),
    };
    check_size(origin, &body)?;
    let mut headers = parts.headers;
    let mut answer = Answer {
        status_code: parts.status.as_u16(),
        status_description: None,
        headers: None,
        multi_value_headers: None,
        cookies: None,
        body,
        is_base64_encoded,
    };
    match origin {
        Origin::FunctionUrl | Origin::HttpApi => {
            answer.cookies = Some(take_cookies(&mut headers));
            answer.headers = Some(joined(&headers));
        }
        Origin::RestApi => answer.multi_value_headers = Some(listed(&headers)),
        Origin::LoadBalancer(form) => {
            answer.status_description = Some(parts.status.to_string());
            match form {
                Headers::Single => answer.headers = Some(joined(&headers)),
                Headers::Multiple => answer.multi_value_headers = Some(listed(&headers)),
            }
        }
    }
    Ok(Output::Answer(answer))
}

/// The answer piece by piece, of any size.
pub(super) fn streamed(response: Response<Body>) -> StreamResponse<BodyDataStream> {
    let (parts, body) = response.into_parts();
    let mut headers = parts.headers;
    let cookies = take_cookies(&mut headers);
    // Its JSON form has one text for each name.
    let headers = joined(&headers).into_iter().filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    let metadata_prelude = MetadataPrelude { status_code: parts.status, headers: headers.collect(), cookies };
    StreamResponse { metadata_prelude, stream: body.into_data_stream() }
}

/// Refuses what would be refused further on, where nobody is told why.
fn check_size(origin: Origin, body: &str) -> anyhow::Result<()> {
    let (max, advice) = match origin {
        Origin::LoadBalancer(_) => {
            (LOAD_BALANCER_BYTES_MAX, "a load balancer takes 1 MB; use a function URL with RESPONSE_STREAM")
        }
        Origin::FunctionUrl => (
            LAMBDA_BYTES_MAX,
            "Lambda takes 6 MB; give the function's URL the invoke mode RESPONSE_STREAM and set \
             BURGEE_RESPONSE_STREAM=true",
        ),
        Origin::HttpApi | Origin::RestApi => {
            (LAMBDA_BYTES_MAX, "Lambda takes 6 MB; use a function URL with RESPONSE_STREAM")
        }
    };
    let bytes = FRAME_BYTES + body.bytes().map(json_bytes).sum::<usize>();
    ensure!(bytes <= max, "an answer of {bytes} bytes is too large to be sent in one piece: {advice}");
    Ok(())
}

/// Bytes of JSON that a byte of a text becomes.
fn json_bytes(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    }
}

fn take_cookies(headers: &mut HeaderMap) -> Vec<String> {
    let cookies = headers.get_all(SET_COOKIE).iter().map(text).collect();
    headers.remove(SET_COOKIE);
    cookies
}

/// Each name once; HTTP means the same by several headers and by one with commas.
fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    listed(headers).into_iter().map(|(name, values)| (name, values.join(", "))).collect()
}

fn listed(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let mut listed = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in headers {
        listed.entry(name.to_string()).or_default().push(text(value));
    }
    listed
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}
