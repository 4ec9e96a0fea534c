//! What a route answers, apart from refusals.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderValue, StatusCode};
use model::{Error, Version};
use platform::Random;
use serde::Serialize;

use crate::idempotency::NO_STORE;

/// A status, and JSON with the headers that belong to it.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    /// Nothing if it is empty.
    json: Vec<u8>,
    version: Option<Version>,
    is_stored: bool,
}

impl Answer {
    /// 200 with what was asked for.
    pub(crate) fn ok(body: &impl Serialize) -> Result<Self, Error> {
        Self::new(StatusCode::OK, serde_json::to_vec(body))
    }

    /// 201 with what was made.
    pub(crate) fn created(body: &impl Serialize) -> Result<Self, Error> {
        Self::new(StatusCode::CREATED, serde_json::to_vec(body))
    }

    /// A status that says it all.
    pub(crate) const fn empty(status: StatusCode) -> Self {
        Self { status, json: Vec::new(), version: None, is_stored: true }
    }

    /// Not generic: what is, is compiled again for each type of body.
    fn new(status: StatusCode, json: serde_json::Result<Vec<u8>>) -> Result<Self, Error> {
        Ok(Self { json: json.map_err(Error::internal)?, ..Self::empty(status) })
    }

    /// The same in the envelope in which Harness wraps projects, environments, audit and objects:
    /// `{"status":"SUCCESS","data":…,"metaData":{},"correlationId":…}`.
    pub(crate) fn wrapped(self, random: &dyn Random) -> Self {
        let before = br#"{"status":"SUCCESS","data":"#;
        let after = format!(r#","metaData":{{}},"correlationId":"{}"}}"#, random.uuid());
        Self { json: [before, self.json.as_slice(), after.as_bytes()].concat(), ..self }
    }

    /// The same with the version as its entity tag.
    pub(crate) fn tagged(self, version: Version) -> Self {
        Self { version: Some(version), ..self }
    }

    /// The same for a secret, or for what is known of somebody: nobody on the way keeps it.
    pub(crate) fn not_stored(self) -> Self {
        Self { is_stored: false, ..self }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if let Some(version) = self.version {
            headers.insert(ETAG, api::entity_tag::of(version));
        }
        if !self.is_stored {
            headers.extend(NO_STORE);
        }
        if !self.json.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *response.body_mut() = self.json.into();
        }
        response
    }
}
