//! Requests as SDKs send them.

use serde_json::{Value, json};
use ureq::http::Request;

/// An environment as the holder of an SDK key sees it.
pub(crate) struct Client {
    url: String,
    token: String,
    environment: String,
}

/// Sends JSON; returns status and body, which is a string if it is not JSON.
pub(crate) fn send(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&Value>) -> (u16, Value) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
    let agent: ureq::Agent = config.build().into();
    let mut request = Request::builder().method(method).uri(url).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let sent = match body {
        Some(body) => agent.run(request.body(body.to_string()).unwrap()),
        None => agent.run(request.body(()).unwrap()),
    };
    let mut response = sent.unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

impl Client {
    /// Authenticates with an SDK key, for a target if one is given.
    pub(crate) fn new(url: &str, key: &str, environment: &str, target: Option<&Value>) -> Self {
        let body = json!({ "apiKey": key, "target": target });
        let (status, answer) = send("POST", &format!("{url}/api/1.0/client/auth"), &[], Some(&body));
        assert_eq!(status, 200, "{answer}");
        let token = answer["authToken"].as_str().unwrap().to_owned();
        Self { url: format!("{url}/api/1.0"), token, environment: environment.to_owned() }
    }

    /// Asks for a path below the environment.
    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}/client/env/{}/{path}", self.url, self.environment);
        send("GET", &url, &[("authorization", &format!("Bearer {}", self.token))], None)
    }

    /// Reports evaluations and targets.
    pub(crate) fn report(&self, body: &Value) {
        let url = format!("{}/metrics/{}", self.url, self.environment);
        let (status, answer) =
            send("POST", &url, &[("authorization", &format!("Bearer {}", self.token))], Some(body));
        assert_eq!(status, 200, "{answer}");
    }
}
