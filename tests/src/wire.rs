//! Requests as SDKs send them.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

use crate::secrets;

/// No request of a test should ever take this long.
const REQUEST_LIMIT: Duration = Duration::from_secs(20);

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    // A proxy of the environment must not stand between a test and its own server.
    let config = Agent::config_builder().http_status_as_error(false).proxy(None);
    config.timeout_global(Some(REQUEST_LIMIT)).build().into()
});

/// An environment as the holder of an SDK key sees it.
#[derive(Clone)]
pub struct Client {
    url: String,
    token: String,
    environment: String,
}

/// Sends JSON; returns status and body, which is a string if it is not JSON.
///
/// # Panics
/// If no answer comes.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&Value>) -> (u16, Value) {
    attempt(method, url, headers, body).unwrap_or_else(|| panic!("{method} {url}: no answer"))
}

/// The same, for servers that may end meanwhile: `None` if no whole answer came, whatever the server did.
pub fn attempt(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Option<(u16, Value)> {
    let mut request = Request::builder().method(method).uri(url).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let sent = match body {
        Some(body) => AGENT.run(request.body(body.to_string()).ok()?),
        None => AGENT.run(request.body(()).ok()?),
    };
    let mut response = sent.ok()?;
    let text = response.body_mut().read_to_string().ok()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    secrets::note_answer(&body);
    Some((response.status().as_u16(), body))
}

impl Client {
    /// Authenticates with an SDK key, for a target if one is given.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn new(url: &str, key: &str, environment: &str, target: Option<&Value>) -> Self {
        let body = json!({ "apiKey": key, "target": target });
        let (status, answer) = send("POST", &format!("{url}/api/1.0/client/auth"), &[], Some(&body));
        assert_eq!(status, 200, "{answer}");
        let token = answer.get("authToken").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { url: format!("{url}/api/1.0"), token, environment: environment.to_owned() }
    }

    /// The token that it was given.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Asks for a path below the environment.
    pub fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}/client/env/{}/{path}", self.url, self.environment);
        send("GET", &url, &[("authorization", &format!("Bearer {}", self.token))], None)
    }

    /// Reports evaluations and targets.
    ///
    /// # Panics
    /// If they are not taken.
    pub fn report(&self, body: &Value) {
        assert_eq!(self.try_report(body), Some(200), "{body}");
    }

    /// The status of the answer to a report; `None` if no answer came.
    pub fn try_report(&self, body: &Value) -> Option<u16> {
        let url = format!("{}/metrics/{}", self.url, self.environment);
        let sent = attempt("POST", &url, &[("authorization", &format!("Bearer {}", self.token))], Some(body));
        sent.map(|(status, _)| status)
    }
}

/// One line of a report: evaluations of a flag's variation, of all targets together.
pub fn counted(flag: &str, variation: &str, count: i64) -> Value {
    let attribute = |key: &str, value: &str| json!({ "key": key, "value": value });
    json!({ "timestamp": 0, "count": count, "metricsType": "FFMETRICS", "attributes": [
        attribute("featureIdentifier", flag), attribute("variationIdentifier", variation),
        attribute("target", "global"), attribute("SDK_TYPE", "server")] })
}
