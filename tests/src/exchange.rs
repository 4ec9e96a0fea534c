//! Requests and answers as values, so that two ways of serving can be compared.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::HeaderMap;
use http_body_util::BodyExt;
use regex_lite::Regex;
use tower::ServiceExt;
use ureq::Agent;

/// A request as a client sends it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// Path and query, percent-encoded.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// An answer as a client gets it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// The status.
    pub status: u16,
    /// Names in lower case; several of one name are one with commas.
    pub headers: BTreeMap<String, String>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Asked {
    /// A request with headers and a body, which may be empty.
    pub fn new(method: &str, target: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.collect(),
            body: body.into(),
        }
    }

    /// The path and the query.
    pub fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }

    /// What the server at `url` answers, without the headers that belong to the connection.
    ///
    /// # Panics
    /// If no answer comes.
    pub fn at(&self, url: &str) -> Told {
        let mut request =
            Request::builder().method(self.method.as_str()).uri(format!("{url}{}", self.target));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match self.body.is_empty() {
            true => request.body(()).map(|request| AGENT.run(request)),
            false => request.body(self.body.clone()).map(|request| AGENT.run(request)),
        };
        let answered = sent.unwrap_or_else(|error| panic!("{self:?}: {error}"));
        let (parts, mut body) = answered.unwrap_or_else(|error| panic!("{self:?}: {error}")).into_parts();
        let body = body.read_to_vec().unwrap_or_else(|error| panic!("{self:?}: {error}"));
        Told { status: parts.status.as_u16(), headers: joined(&parts.headers), body }.without_connection()
    }

    /// What a router answers.
    ///
    /// # Panics
    /// If this is no request, or the answer breaks off.
    pub async fn of(&self, router: &Router) -> Told {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.target);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(self.body.clone()));
        let request = request.unwrap_or_else(|error| panic!("{self:?}: {error}"));
        let Ok(response) = router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap_or_else(|error| panic!("{self:?}: {error}"));
        Told {
            status: parts.status.as_u16(),
            headers: joined(&parts.headers),
            body: body.to_bytes().to_vec(),
        }
    }
}

/// Keeps connections, as clients do.
static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    // A proxy of the environment must not stand between a test and its own server.
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
    config.build().into()
});

impl Told {
    /// The same answer without the headers that belong to a connection.
    #[must_use]
    pub fn without_connection(mut self) -> Self {
        for name in ["connection", "content-length", "date", "transfer-encoding"] {
            self.headers.remove(name);
        }
        self
    }

    /// The same answer, in text, without what differs whenever something is made: times, UUIDs, hashes, secrets
    /// and tokens.
    #[must_use]
    pub fn without_chance(&self) -> (u16, BTreeMap<String, String>, String) {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        let text = [
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
            (r"\b[0-9a-f]{64}\b", "HASH"),
            (r"\b1[0-9]{12}\b", "TIME"),
            (r"ey[\w-]+\.[\w-]+\.[\w-]+", "TOKEN"),
            (r"\b(adm|srv|cli)_[\w-]+", "SECRET"),
            (r#""keyPrefix":"[^"]*""#, "PREFIX"),
        ]
        .into_iter()
        .fold(text, |text, (pattern, name)| match Regex::new(pattern) {
            Ok(pattern) => pattern.replace_all(&text, name).into_owned(),
            Err(error) => panic!("{pattern}: {error}"),
        });
        (self.status, self.headers.clone(), text)
    }
}

fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut joined = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.to_string())
            .and_modify(|known| *known = format!("{known}, {value}"))
            .or_insert_with(|| value.into_owned());
    }
    joined
}
