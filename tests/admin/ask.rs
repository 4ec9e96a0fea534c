//! Requests to the admin API, and what is answered.

use std::fmt;

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use serde_json::Value;

/// May do everything; `BURGEE_ADMIN_TOKEN` of the tests.
pub(crate) const ROOT: &str = "root-token-of-the-tests-with-40-letters.";

/// A request that carries the root token unless told otherwise.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    prefix: &'static str,
    /// Below the prefix, with the query.
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `Null` if there is none.
    pub(crate) body: Value,
}

pub(crate) fn ask(method: &str, path: impl Into<String>) -> Ask {
    let method = method.parse().unwrap();
    let ask =
        Ask { method, prefix: "/admin", path: path.into(), headers: HeaderMap::new(), body: Vec::new() };
    ask.token(ROOT)
}

pub(crate) fn get(path: impl Into<String>) -> Ask {
    ask("GET", path)
}

pub(crate) fn delete(path: impl Into<String>) -> Ask {
    ask("DELETE", path)
}

pub(crate) fn post(path: impl Into<String>, body: &Value) -> Ask {
    ask("POST", path).text(body.to_string())
}

pub(crate) fn patch(path: impl Into<String>, body: &Value) -> Ask {
    ask("PATCH", path).text(body.to_string())
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body).chars().take(400).collect::<String>();
        write!(f, "{} {}{} {body}", self.method, self.prefix, self.path)
    }
}

impl Ask {
    /// Under another of the three prefixes, or under none.
    pub(crate) fn under(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    /// Whatever bytes.
    pub(crate) fn text(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("x-api-key", token)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.without_token().header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn without_token(mut self) -> Self {
        self.headers.clear();
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    /// The path below the prefix, without the query.
    pub(crate) fn path(&self) -> &str {
        self.path.split('?').next().unwrap()
    }

    /// The query's parameters, in order.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let query = self.path.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// The body, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    pub(crate) fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = format!("{}{}", self.prefix, self.path).parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

impl Answer {
    /// The body of an answer that must have this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// What is in the envelope of an answer that must have this status.
    #[track_caller]
    pub(crate) fn data(self, status: u16) -> Value {
        let mut body = self.is(status);
        assert_eq!(body["status"], "SUCCESS");
        body["data"].take()
    }

    /// A header of an answer, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The message of a refusal that must have this status; its `code` is the status as text.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        let body = self.is(status);
        assert_eq!(body["code"], status.to_string(), "{body}");
        body["message"].as_str().unwrap().to_owned()
    }
}
