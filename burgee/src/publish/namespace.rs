//! The Worker's KV namespace, through Cloudflare's API.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use model::{EnvironmentUuid, Version};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::limits::{ANSWER_BYTES_MAX, REQUEST_TIME};
use super::origin::Snapshot;
use super::settings::Cloudflare;
use super::web::{Answer, Web};

/// Between the parts of a form. JSON as Burgee writes it holds no line break, so no snapshot holds this.
const BOUNDARY: &str = "--burgee-part";

/// A KV namespace.
pub(super) struct Namespace {
    web: Arc<Web>,
    cloudflare: Cloudflare,
}

/// What is kept beside a snapshot: `{"version":7}`. The Worker writes the same.
#[derive(Serialize, Deserialize)]
struct Metadata {
    version: Version,
}

/// How Cloudflare answers.
#[derive(Deserialize)]
struct Envelope<T> {
    result: Option<T>,
    #[serde(default)]
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    message: String,
}

impl Namespace {
    pub(super) fn new(web: Arc<Web>, cloudflare: Cloudflare) -> Self {
        Self { web, cloudflare }
    }

    /// The version of the environment's snapshot that KV holds; `None` if there is none, or nobody knows which.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub(super) async fn version(&self, environment: &EnvironmentUuid) -> Result<Option<Version>, Failure> {
        let request = self.request(Method::GET, "metadata", environment);
        let answer = self.ask(request.body(Full::default())).await?;
        if answer.status == StatusCode::NOT_FOUND {
            // Of the key or of the whole namespace: who writes will know.
            return Ok(None);
        }
        self.check(&answer)?;
        let envelope: Option<Envelope<Metadata>> = serde_json::from_slice(&answer.body).ok();
        Ok(envelope.and_then(|envelope| envelope.result).map(|metadata| metadata.version))
    }

    /// Puts a snapshot where the Worker looks for it: `snapshot:{environment}`.
    ///
    /// # Errors
    /// If it was not written; or nobody knows, because the answer was lost.
    pub(super) async fn put(
        &self,
        environment: &EnvironmentUuid,
        snapshot: &Snapshot,
    ) -> Result<(), Failure> {
        let request = self.request(Method::PUT, "values", environment);
        let request = request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        let answer = self.ask(request.body(Full::from(form(snapshot)))).await?;
        self.check(&answer)
    }

    fn request(&self, method: Method, what: &str, environment: &EnvironmentUuid) -> http::request::Builder {
        let Cloudflare { url, account, namespace, token } = &self.cloudflare;
        let key = format!("snapshot:{environment}");
        let key = utf8_percent_encode(&key, NON_ALPHANUMERIC);
        let uri =
            format!("{url}/client/v4/accounts/{account}/storage/kv/namespaces/{namespace}/{what}/{key}");
        Request::builder().method(method).uri(uri).header(AUTHORIZATION, format!("Bearer {token}"))
    }

    async fn ask(&self, request: Result<Request<Full<Bytes>>, http::Error>) -> Result<Answer, Failure> {
        let request = request.map_err(|_| {
            Failure::Refused("BURGEE_CLOUDFLARE_TOKEN holds characters that no token has".to_owned())
        })?;
        self.web.ask(request, REQUEST_TIME, ANSWER_BYTES_MAX).await
    }

    fn check(&self, answer: &Answer) -> Result<(), Failure> {
        let Cloudflare { account, namespace, .. } = &self.cloudflare;
        let why = match answer.status {
            status if status.is_success() => return Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!(
                "Cloudflare refuses BURGEE_CLOUDFLARE_TOKEN ({}): the token needs the permission to edit Workers KV \
                 Storage of account {account}",
                said(answer)
            ),
            StatusCode::NOT_FOUND => format!(
                "account {account} has no KV namespace {namespace} ({}): look at BURGEE_CLOUDFLARE_ACCOUNT and \
                 BURGEE_CLOUDFLARE_NAMESPACE",
                said(answer)
            ),
            _ => format!("KV answers {}", said(answer)),
        };
        Err(Failure::of_status(answer.status, &answer.headers, why))
    }
}

/// The form that KV's API wants where a value has metadata.
fn form(snapshot: &Snapshot) -> Bytes {
    let metadata = format!("{{\"version\":{}}}", snapshot.version);
    let mut form = Vec::with_capacity(snapshot.text.len() + 512);
    for (name, value) in [("value", &snapshot.text[..]), ("metadata", metadata.as_bytes())] {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(value);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    form.into()
}

/// The status, and Cloudflare's own words if there are any.
fn said(answer: &Answer) -> String {
    let envelope: Option<Envelope<serde::de::IgnoredAny>> = serde_json::from_slice(&answer.body).ok();
    let message = envelope.and_then(|envelope| envelope.errors.into_iter().next());
    match message {
        Some(Complaint { message }) => format!("{}: {message}", answer.status.as_u16()),
        None => answer.status.as_u16().to_string(),
    }
}
