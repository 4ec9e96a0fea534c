//! A server with something to fetch, and the conversation of one SDK with it.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{Burgee, Demo};
use tests::deadline::wait_for;
use tests::raw::{Http, Reply, Stream};

/// The first bytes of every stream, and what keeps it open: an empty comment, as Go counts no other.
pub(crate) const HEARTBEAT: &str = ":\n\n";

const LIMIT: Duration = Duration::from_secs(20);

const COUNT: &str = "SELECT CAST(sum(evaluations) AS BIGINT) FROM evaluation_hour WHERE flag = ?1";

/// One SDK's side of a conversation.
pub(crate) struct Session {
    pub(crate) environment: Environment,
    /// The SDK key in clear.
    pub(crate) key: String,
    /// What the token says.
    pub(crate) claims: Value,
    /// `Bearer …`, once authenticated.
    pub(crate) bearer: String,
    burgee: Burgee,
    http: Http,
    _folder: TempDir,
}

impl Session {
    /// Starts a server whose environment has a flag with everything that a flag can have, and a key of `kind`.
    pub(crate) fn start(kind: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let burgee = Burgee::start(&folder.path().join("data"), Demo::No);
        let environment = burgee.admin().create_environment("shop", "dev");
        fill(&environment);
        let key = environment.create_key("replayed", kind);
        let http = Http::connect(burgee.address());
        Self { environment, key, claims: Value::Null, bearer: String::new(), burgee, http, _folder: folder }
    }

    /// Sends the SDK's authentication, and reads the token as SDKs do: without a look at its signature.
    pub(crate) fn authenticate(&mut self, headers: &[(&str, &str)], target: Option<Value>) {
        let mut body = json!({ "apiKey": self.key });
        if let Some(target) = target {
            body["target"] = target;
        }
        let reply = self.http.send("POST", "/api/1.0/client/auth", &with_json(headers), Some(&body));
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.header("content-type").unwrap().starts_with("application/json"), "{reply:?}");
        let token = reply.json()["authToken"].as_str().unwrap().to_owned();
        self.claims = claims(&token);
        self.bearer = format!("Bearer {token}");
    }

    /// A claim of the token as text.
    pub(crate) fn claim(&self, name: &str) -> String {
        self.claims[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.claims)).to_owned()
    }

    /// `GET` below the environment, on the connection that the SDK keeps.
    pub(crate) fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let path = format!("/api/1.0/client/env/{}/{path}", self.claim("environment"));
        let headers = authorized(headers, &self.bearer);
        self.http.send("GET", &path, &headers, None)
    }

    /// The same, where the answer must be good.
    pub(crate) fn fetch(&mut self, path: &str, headers: &[(&str, &str)]) -> Value {
        let reply = self.get(path, headers);
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    /// Opens a stream on a connection of its own.
    pub(crate) fn stream(&self, query: &str, headers: &[(&str, &str)]) -> Stream {
        let mut headers = authorized(headers, &self.bearer);
        headers.push(("API-Key", &self.key));
        let http = Http::connect(self.burgee.address());
        let stream = http.stream(&format!("/api/1.0/stream?{query}"), &headers);
        assert_eq!(stream.reply.status, 200, "{:?}", stream.reply);
        assert_eq!(stream.reply.header("content-type"), Some("text/event-stream"));
        assert_eq!(stream.reply.header("content-encoding"), None);
        stream
    }

    /// Sends counts, and waits until as many are in the database.
    pub(crate) fn report(&mut self, flag: &str, body: &Value, headers: &[(&str, &str)], expected: i64) {
        let path = format!(
            "/api/1.0/metrics/{}?cluster={}",
            self.claim("environment"),
            self.claim("clusterIdentifier")
        );
        let headers = with_json(&authorized(headers, &self.bearer));
        let reply = Http::connect(self.burgee.address()).send("POST", &path, &headers, Some(body));
        assert_eq!(reply.status, 200, "Go warns of every other status: {reply:?}");
        let file = self.burgee.data().join("burgee.db");
        let counted = wait_for("the counts", LIMIT, || {
            let database = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
            database.query_row(COUNT, [flag], |row| row.get::<_, Option<i64>>(0)).unwrap()
        });
        assert_eq!(counted, expected);
    }
}

/// The first event for which `wanted` holds, as the SDK reads it.
///
/// # Panics
/// If none comes in time; heartbeats alone would come for ever.
pub(crate) fn told(stream: &mut Stream, read: fn(&str) -> Value, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        let chunk = stream.chunk();
        let message = if chunk == HEARTBEAT { Value::Null } else { read(&chunk) };
        if !message.is_null() && wanted(&message) {
            return message;
        }
    }
    panic!("the awaited event did not come within {LIMIT:?}");
}

/// A count as server SDKs send it: of all targets together, the flag by one of its two names.
pub(crate) fn count(flag_key: &str, flag: &str, target: &str, count: i64) -> Value {
    let attribute = |key: &str, value: &str| json!({ "key": key, "value": value });
    json!({ "timestamp": 1_700_000_000_000_i64, "count": count, "metricsType": "FFMETRICS", "attributes": [
        attribute(flag_key, flag), attribute("variationIdentifier", "true"), attribute("target", target),
        attribute("SDK_TYPE", "server"), attribute("SDK_LANGUAGE", "some"), attribute("SDK_VERSION", "1.0.0") ] })
}

fn authorized<'h>(headers: &[(&'h str, &'h str)], bearer: &'h str) -> Vec<(&'h str, &'h str)> {
    let mut headers = headers.to_vec();
    headers.push(("Authorization", bearer));
    headers
}

fn with_json<'h>(headers: &[(&'h str, &'h str)]) -> Vec<(&'h str, &'h str)> {
    let mut headers = headers.to_vec();
    headers.push(("Content-Type", "application/json"));
    headers
}

/// Everybody splits at the dots. Android reads the payload with the standard alphabet, and insists on a signature.
fn claims(token: &str) -> Value {
    let parts: Vec<&str> = token.split('.').collect();
    assert!(parts.len() == 3 && parts.iter().all(|part| !part.is_empty()), "{token}");
    let payload = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    assert_eq!(STANDARD_NO_PAD.decode(parts[1]).as_ref(), Ok(&payload), "Android cannot read {}", parts[1]);
    serde_json::from_slice(&payload).unwrap()
}

fn fill(environment: &Environment) {
    const BOOLEAN: &[(&str, &str)] = &[("true", "true"), ("false", "false")];
    environment.create_segment("beta");
    environment.instruct_segment("beta", "addToIncludeList", &json!({ "targets": ["alice"] }));
    let pro = json!({ "attribute": "plan", "op": "equal", "values": ["pro"] });
    environment.instruct_segment("beta", "addRule", &json!({ "clauses": [pro] }));
    environment.create_flag("plain", "boolean", BOOLEAN);
    environment.create_flag("full", "boolean", BOOLEAN);
    let in_beta = json!({ "attribute": "", "op": "segmentMatch", "values": ["beta"] });
    let weights = json!([{ "variation": "true", "weight": 25 }, { "variation": "false", "weight": 75 }]);
    let rollout = json!({ "distribution": { "bucketBy": "identifier", "variations": weights } });
    for (kind, parameters) in [
        ("addRule", json!({ "clauses": [in_beta], "serve": rollout })),
        ("addTargetsToVariationTargetMap", json!({ "variation": "false", "targets": ["bob"] })),
        ("addPrerequisite", json!({ "feature": "plain", "variations": ["true"] })),
    ] {
        environment.instruct("full", kind, &parameters);
    }
}
