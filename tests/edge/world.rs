//! A server, and the Worker of `infra/cloudflare` before it, in Cloudflare's runtime.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::{Admin, Environment};
use tests::burgee::{ADMIN_TOKEN, Burgee, Demo, Launch};
use tests::deadline::wait_for;
use tests::wire::send;

use crate::kv::Kv;
use crate::workerd::{Running, Worker};

const LIMIT: Duration = Duration::from_secs(30);
/// 32 bytes of nothing, in base64.
const TOKEN_KEYS: &str = "one:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The modules of `infra/cloudflare`.
const MODULES: &[(&str, &str)] = &[
    ("worker.js", "infra/cloudflare/src/worker.js"),
    ("environments.js", "infra/cloudflare/src/environments.js"),
    ("keys.js", "infra/cloudflare/src/keys.js"),
    ("refusals.js", "infra/cloudflare/src/refusals.js"),
    ("targets.js", "infra/cloudflare/src/targets.js"),
    ("tokens.js", "infra/cloudflare/src/tokens.js"),
];

/// A server, an environment with two flags, and the Worker before it.
pub(crate) struct World {
    pub(crate) server: Burgee,
    pub(crate) environment: Environment,
    pub(crate) uuid: String,
    /// A client key.
    pub(crate) key: String,
    pub(crate) server_key: String,
    pub(crate) kv: Kv,
    worker: Running,
    _data: TempDir,
}

/// Whether the Worker has a server key, so that it fetches what KV does not have.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Fetches {
    Yes,
    No,
}

impl World {
    pub(crate) fn new(fetches: Fetches) -> Self {
        let data = TempDir::new().unwrap();
        let server = Launch::new(data.path(), Demo::No).set("BURGEE_TOKEN_KEYS", TOKEN_KEYS).start();
        let environment = Admin::new(&server.url(), ADMIN_TOKEN).create_environment("shop", "dev");
        environment.create_flag("dark-mode", "boolean", &[("on", "true"), ("off", "false")]);
        environment.create_flag("theme", "string", &[("dark", "d\u{e4}rk"), ("light", "light")]);
        let (key, server_key) =
            (environment.create_key("web", "Client"), environment.create_key("edge", "Server"));
        let uuid = environment_of(&authenticate(&server.url(), &key));
        let kv = Kv::start();
        let server_keys = if fetches == Fetches::Yes { json!({ &uuid: server_key }) } else { json!({}) };
        let variables = [
            ("ORIGIN", server.url()),
            ("BURGEE_TOKEN_KEYS", TOKEN_KEYS.to_owned()),
            ("BURGEE_SERVER_KEYS", server_keys.to_string()),
        ];
        let worker = Worker { modules: MODULES, variables: &variables, kv: Some(kv.address()) }.start();
        Self { server, environment, uuid, key, server_key, kv, worker, _data: data }
    }

    /// Where the Worker is.
    pub(crate) fn url(&self) -> &str {
        &self.worker.url
    }

    /// What somebody with the token is answered for alice, at the Worker or at the server.
    pub(crate) fn evaluations(&self, url: &str, token: &str, flag: &str) -> (u16, Value) {
        let path = format!("{url}/api/1.0/client/env/{}/target/alice/evaluations{flag}", self.uuid);
        send("GET", &path, &[("authorization", &format!("Bearer {token}"))], None)
    }

    /// A token, once KV knows that the key is alive.
    pub(crate) fn known(&self) -> String {
        let token = authenticate(self.url(), &self.key);
        assert_eq!(self.evaluations(self.url(), &token, "").0, 200);
        wait_for("the key in KV", LIMIT, || self.kv.has_key().then_some(()));
        token
    }
}

/// Whom SDKs evaluate for.
pub(crate) fn alice() -> Value {
    json!({"identifier": "alice", "name": "Alice \u{1f680}?", "attributes": {"plan": "pro"}})
}

/// A token for alice.
pub(crate) fn authenticate(url: &str, key: &str) -> String {
    let (status, body) = send(
        "POST",
        &format!("{url}/api/1.0/client/auth"),
        &[],
        Some(&json!({"apiKey": key, "target": alice()})),
    );
    assert_eq!(status, 200, "{body}");
    body["authToken"].as_str().unwrap().to_owned()
}

/// What a token says.
pub(crate) fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn environment_of(token: &str) -> String {
    claims(token)["environment"].as_str().unwrap().to_owned()
}
