//! The admin API as a client sees it: makes projects, environments, keys and flags for tests.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::{Agent, http};

use crate::secrets;

/// No request of a test should ever take this long.
const REQUEST_LIMIT: Duration = Duration::from_secs(20);

const ACCOUNT: &str = "acme";
const ORGANISATION: &str = "default";

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; a string if it is not JSON.
    pub body: Value,
}

/// A client of the admin API.
#[derive(Clone)]
pub struct Admin {
    agent: Agent,
    url: String,
    token: String,
}

impl Admin {
    /// A client of the server at `url` with an admin token.
    pub fn new(url: &str, token: &str) -> Self {
        Self { agent: agent(), url: url.to_owned(), token: token.to_owned() }
    }

    /// Sends a request to `path` (with its query) below the server's URL.
    ///
    /// # Panics
    /// If no answer comes.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("x-api-key", &self.token)
            .header("content-type", "application/json");
        let sent = match body {
            Some(body) => request.body(body.to_string()).map(|request| self.agent.run(request)),
            None => request.body(()).map(|request| self.agent.run(request)),
        };
        let answered = sent.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        read(answered, &format!("{method} {path}"))
    }

    /// Sends a request and returns the body of its answer.
    ///
    /// # Panics
    /// If the answer has another status than `expected`.
    pub fn expect(&self, expected: u16, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.send(method, path, body);
        assert_eq!(answer.status, expected, "{method} {path}: {}", answer.body);
        answer.body
    }

    /// Makes a project with one environment.
    pub fn create_environment(&self, project: &str, environment: &str) -> Environment {
        let scope = format!("accountIdentifier={ACCOUNT}&orgIdentifier={ORGANISATION}");
        let body = json!({ "identifier": project, "name": project });
        self.expect(201, "POST", &format!("/admin/projects?{scope}"), Some(&body));
        let body = json!({ "identifier": environment, "name": environment, "project": project });
        self.expect(201, "POST", &format!("/admin/environments?{scope}"), Some(&body));
        Environment {
            admin: self.clone(),
            project: project.to_owned(),
            identifier: environment.to_owned(),
            create: scope.clone(),
            scope: format!("{scope}&projectIdentifier={project}&environmentIdentifier={environment}"),
        }
    }
}

/// One environment of a project, seen through the admin API.
pub struct Environment {
    admin: Admin,
    project: String,
    identifier: String,
    /// The query of calls that create: project and environment travel in the body.
    create: String,
    /// The query of all other calls.
    scope: String,
}

impl Environment {
    /// Makes an SDK key of type `Server` or `Client` and returns its clear text.
    pub fn create_key(&self, identifier: &str, kind: &str) -> String {
        let body = json!({ "identifier": identifier, "name": identifier, "type": kind });
        let path = format!("/admin/apikey?{}", self.scope);
        let answer = self.admin.expect(201, "POST", &path, Some(&body));
        let key = answer.get("apiKey").and_then(Value::as_str);
        key.unwrap_or_else(|| panic!("a key without its clear text: {answer}")).to_owned()
    }

    /// Revokes an SDK key.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn delete_key(&self, identifier: &str) {
        let path = format!("/admin/apikey/{identifier}?{}", self.scope);
        let answer = self.admin.send("DELETE", &path, None);
        assert!([200, 204].contains(&answer.status), "DELETE {path}: {} {}", answer.status, answer.body);
    }

    /// Makes a flag: variations as `(identifier, value)`, the first one served when on, the last when off.
    pub fn create_flag(&self, identifier: &str, kind: &str, variations: &[(&str, &str)]) {
        let (on, off) = (variations.first().map(|one| one.0), variations.last().map(|one| one.0));
        let variations = variations.iter().map(
            |(identifier, value)| json!({ "identifier": identifier, "name": identifier, "value": value }),
        );
        let body = json!({
            "identifier": identifier, "name": identifier, "kind": kind, "project": self.project,
            "permanent": false, "variations": variations.collect::<Vec<_>>(),
            "defaultOnVariation": on, "defaultOffVariation": off,
        });
        self.admin.expect(201, "POST", &format!("/admin/features?{}", self.create), Some(&body));
    }

    /// Gives one instruction to a flag; returns when the answer had been read.
    pub fn instruct(&self, flag: &str, kind: &str, parameters: &Value) -> Instant {
        let body = json!({ "instructions": [{ "kind": kind, "parameters": parameters }] });
        self.admin.expect(200, "PATCH", &format!("/admin/features/{flag}?{}", self.scope), Some(&body));
        Instant::now()
    }

    /// Switches a flag `on` or `off`; returns when the answer had been read.
    pub fn switch(&self, flag: &str, state: &str) -> Instant {
        self.instruct(flag, "setFeatureFlagState", &json!({ "state": state }))
    }

    /// Removes a flag for good; returns when the answer had been read.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn delete_flag(&self, flag: &str) -> Instant {
        let path = format!("/admin/features/{flag}?{}&forceDelete=true", self.scope);
        let answer = self.admin.send("DELETE", &path, None);
        assert!([200, 204].contains(&answer.status), "DELETE {path}: {} {}", answer.status, answer.body);
        Instant::now()
    }

    /// Puts a flag into the archive; returns when the answer had been read.
    pub fn archive_flag(&self, flag: &str) -> Instant {
        self.admin.expect(204, "DELETE", &format!("/admin/features/{flag}?{}", self.scope), None);
        Instant::now()
    }

    /// Takes a flag out of the archive; returns when the answer had been read.
    pub fn restore_flag(&self, flag: &str) -> Instant {
        self.admin.expect(201, "POST", &format!("/admin/features/{flag}/restore?{}", self.scope), None);
        Instant::now()
    }

    /// Makes a segment without members.
    pub fn create_segment(&self, identifier: &str) {
        let body = json!({
            "identifier": identifier, "name": identifier, "project": self.project, "environment": self.identifier,
        });
        self.admin.expect(201, "POST", &format!("/admin/segments?{}", self.create), Some(&body));
    }

    /// Gives one instruction to a segment; returns when the answer had been read.
    pub fn instruct_segment(&self, segment: &str, kind: &str, parameters: &Value) -> Instant {
        let body = json!({ "instructions": [{ "kind": kind, "parameters": parameters }] });
        self.admin.expect(200, "PATCH", &format!("/admin/segments/{segment}?{}", self.scope), Some(&body));
        Instant::now()
    }

    /// Everything that the environment serves, with its UUID.
    pub fn snapshot(&self) -> Value {
        self.admin.expect(200, "GET", &format!("/admin/burgee/v1/snapshot?{}", self.scope), None)
    }

    /// How the flag stands here.
    pub fn flag(&self, flag: &str) -> Value {
        self.admin.expect(200, "GET", &format!("/admin/features/{flag}?{}", self.scope), None)
    }
}

/// Asks for a path without any credentials.
///
/// # Panics
/// If no answer comes.
pub fn get(url: &str) -> Answer {
    read(agent().get(url).call(), url)
}

fn agent() -> Agent {
    // A proxy of the environment must not stand between a test and its own server.
    let config = Agent::config_builder().http_status_as_error(false).proxy(None);
    config.timeout_global(Some(REQUEST_LIMIT)).build().into()
}

fn read(answered: Result<http::Response<ureq::Body>, ureq::Error>, request: &str) -> Answer {
    let mut response = answered.unwrap_or_else(|error| panic!("{request}: {error}"));
    let text = response.body_mut().read_to_string().unwrap_or_else(|error| panic!("{request}: {error}"));
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    secrets::note_answer(&body);
    Answer { status: response.status().as_u16(), body }
}
