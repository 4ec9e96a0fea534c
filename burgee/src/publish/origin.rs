//! One environment at the origin, as a server SDK sees it: a token, snapshots, the stream.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use model::{EnvironmentUuid, Version};
use serde::Deserialize;

use super::failure::Failure;
use super::limits::{ANSWER_BYTES_MAX, REQUEST_TIME, STREAM_START_TIME, VALUE_BYTES_MAX};
use super::web::{Answer, Web};

/// An environment at the origin.
pub(super) struct Origin {
    web: Arc<Web>,
    url: String,
    pub(super) environment: EnvironmentUuid,
    key: String,
    token: Mutex<Option<HeaderValue>>,
}

/// An environment's rules, as the origin writes them and the Worker reads them.
pub(super) struct Snapshot {
    pub(super) version: Version,
    pub(super) text: Bytes,
    /// What to send with the next question.
    pub(super) tag: Option<HeaderValue>,
}

/// What is looked at of a snapshot: whose it is, and which.
#[derive(Deserialize)]
struct Head {
    environment: EnvironmentUuid,
    version: Version,
}

#[derive(Deserialize)]
struct Token {
    #[serde(rename = "authToken")]
    token: String,
}

impl Origin {
    pub(super) fn new(web: Arc<Web>, url: String, environment: EnvironmentUuid, key: String) -> Self {
        Self { web, url, environment, key, token: Mutex::default() }
    }

    /// The snapshot at `at_least` or later; `None` if it is still the one that `tag` names.
    ///
    /// # Errors
    /// If the origin refuses the key, does not answer, or answers with something else.
    pub(super) async fn snapshot(
        &self,
        tag: Option<&HeaderValue>,
        at_least: Version,
    ) -> Result<Option<Snapshot>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert("burgee-min-version", at_least.0.into());
        if let Some(tag) = tag {
            headers.insert(IF_NONE_MATCH, tag.clone());
        }
        let answer = self.ask(&format!("/client/env/{}/snapshot", self.environment), headers).await?;
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let head: Option<Head> = serde_json::from_slice(&answer.body).ok();
        match head.filter(|head| head.environment == self.environment) {
            Some(head) => {
                let tag = answer.headers.get(ETAG).cloned();
                Ok(Some(Snapshot { version: head.version, text: answer.body, tag }))
            }
            None => Err(Failure::Refused(format!(
                "{} does not answer with a snapshot of environment {}: look at BURGEE_ORIGIN",
                self.url, self.environment
            ))),
        }
    }

    /// The environment's stream of changes.
    ///
    /// # Errors
    /// Where there is none, or not now.
    pub(super) async fn stream(&self) -> Result<Response<Incoming>, Failure> {
        let request = Request::get(format!("{}/stream", self.url)).header("api-key", &self.key);
        let request = request.body(Full::default()).map_err(|_| self.refused(StatusCode::UNAUTHORIZED))?;
        let response = self.web.open(request, STREAM_START_TIME).await?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(Failure::of_status(status, response.headers(), format!("no stream: {status}"))),
        }
    }

    /// Asks with a token; with a new one if the origin does not take the one at hand any more.
    async fn ask(&self, path: &str, mut headers: HeaderMap) -> Result<Answer, Failure> {
        let kept = self.kept();
        let is_new = kept.is_none();
        let token = match kept {
            Some(token) => token,
            None => self.authenticate().await?,
        };
        headers.insert(AUTHORIZATION, token);
        let answer = self.get(path, headers.clone()).await?;
        let is_refused = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if !is_refused || is_new {
            return self.check(answer);
        }
        headers.insert(AUTHORIZATION, self.authenticate().await?);
        self.check(self.get(path, headers).await?)
    }

    async fn get(&self, path: &str, headers: HeaderMap) -> Result<Answer, Failure> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = self.uri(path)?;
        *request.headers_mut() = headers;
        self.web.ask(request, REQUEST_TIME, VALUE_BYTES_MAX).await
    }

    async fn authenticate(&self) -> Result<HeaderValue, Failure> {
        self.keep(None);
        let body = serde_json::json!({ "apiKey": self.key }).to_string();
        let mut request = Request::post(self.uri("/client/auth")?);
        if let Some(headers) = request.headers_mut() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = request.body(Full::from(body)).map_err(|error| Failure::Refused(error.to_string()))?;
        let answer = self.check(self.web.ask(request, REQUEST_TIME, ANSWER_BYTES_MAX).await?)?;
        let token: Option<Token> = serde_json::from_slice(&answer.body).ok();
        let bearer = token.and_then(|Token { token }| HeaderValue::try_from(format!("Bearer {token}")).ok());
        let mut bearer = bearer.ok_or_else(|| {
            Failure::Refused(format!("{} does not answer as Burgee does: look at BURGEE_ORIGIN", self.url))
        })?;
        bearer.set_sensitive(true);
        self.keep(Some(bearer.clone()));
        Ok(bearer)
    }

    fn check(&self, answer: Answer) -> Result<Answer, Failure> {
        match answer.status {
            status if status.is_success() || status == StatusCode::NOT_MODIFIED => Ok(answer),
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                self.keep(None);
                Err(self.refused(status))
            }
            StatusCode::NOT_FOUND => Err(Failure::Refused(format!(
                "{} knows no environment {} (404): look at BURGEE_ORIGIN and BURGEE_SERVER_KEYS",
                self.url, self.environment
            ))),
            status => {
                let why = format!("{} answers {}", self.url, status.as_u16());
                Err(Failure::of_status(status, &answer.headers, why))
            }
        }
    }

    fn refused(&self, status: StatusCode) -> Failure {
        Failure::Refused(format!(
            "{} refuses the key of environment {} in BURGEE_SERVER_KEYS ({}): it must be a server key of that \
             environment, neither revoked nor expired",
            self.url,
            self.environment,
            status.as_u16()
        ))
    }

    fn uri(&self, path: &str) -> Result<http::Uri, Failure> {
        let uri = format!("{}{path}", self.url).parse();
        uri.map_err(|error| Failure::Refused(format!("BURGEE_ORIGIN cannot be used: {error}")))
    }

    fn kept(&self) -> Option<HeaderValue> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, token: Option<HeaderValue>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }
}
