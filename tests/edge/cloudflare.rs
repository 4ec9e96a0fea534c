//! The Worker of `infra/cloudflare` in Cloudflare's runtime, before a real server.

use std::fs;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::{Admin, Environment};
use tests::burgee::{ADMIN_TOKEN, Burgee, Demo, Launch};
use tests::deadline::wait_for;
use tests::driver::Driver;
use tests::repository::root;
use tests::wire::send;

const LIMIT: Duration = Duration::from_secs(30);
/// 32 bytes of nothing, in base64.
const TOKEN_KEYS: &str = "one:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

const CONFIGURATION: &str = r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge), (name = "kv", worker = .kv),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [
    (name = "edge", address = "127.0.0.1:0", http = (), service = "edge"),
    (name = "kv", address = "127.0.0.1:0", http = (), service = "kv"),
  ],
);
const edge :Workerd.Worker = (
  compatibilityDate = "2026-04-01",
  modules = [ (name = "main.js", esModule = embed "main.js"), MODULES ],
  bindings = [ (name = "FLAGS", kvNamespace = "kv"), VARIABLES ],
);
const kv :Workerd.Worker = (
  compatibilityDate = "2026-04-01",
  modules = [ (name = "kv.mjs", esModule = embed "kv.mjs") ],
);
"#;

/// A server, an environment with one flag, and the Worker before it.
struct World {
    server: Burgee,
    environment: Environment,
    uuid: String,
    key: String,
    _worker: Driver,
    url: String,
    _data: TempDir,
    _files: TempDir,
}

impl World {
    fn new() -> Self {
        let data = TempDir::new().unwrap();
        let server = Launch::new(data.path(), Demo::No).set("BURGEE_TOKEN_KEYS", TOKEN_KEYS).start();
        let environment = Admin::new(&server.url(), ADMIN_TOKEN).create_environment("shop", "dev");
        environment.create_flag("dark-mode", "boolean", &[("on", "true"), ("off", "false")]);
        environment.create_flag("theme", "string", &[("dark", "d\u{e4}rk"), ("light", "light")]);
        let (key, server_key) =
            (environment.create_key("web", "Client"), environment.create_key("edge", "Server"));
        let uuid = environment_of(&authenticate(&server.url(), &key));
        let files = TempDir::new().unwrap();
        let server_keys = json!({ &uuid: server_key }).to_string();
        let variables = [
            ("ORIGIN", server.url()),
            ("BURGEE_TOKEN_KEYS", TOKEN_KEYS.to_owned()),
            ("BURGEE_SERVER_KEYS", server_keys),
        ];
        write_configuration(&files, &variables);
        let workerd = root().join("tests/edge/workerd/node_modules/.bin/workerd");
        let mut command = Command::new(workerd);
        command.args(["serve", "config.capnp", "--control-fd=1"]).current_dir(files.path());
        let mut worker = Driver::start(&mut command);
        let listens = worker.event("the Worker's port", LIMIT, |event| event["socket"] == "edge").body;
        let url = format!("http://127.0.0.1:{}", listens["port"]);
        Self { server, environment, uuid, key, _worker: worker, url, _data: data, _files: files }
    }

    /// What somebody with the token is answered for alice, at the Worker or at the server.
    fn evaluations(&self, url: &str, token: &str, flag: &str) -> (u16, Value) {
        let path = format!("{url}/api/1.0/client/env/{}/target/alice/evaluations{flag}", self.uuid);
        send("GET", &path, &[("authorization", &format!("Bearer {token}"))], None)
    }

    /// A token, once the Worker knows that the key is alive.
    fn known(&self) -> String {
        let token = authenticate(&self.url, &self.key);
        assert_eq!(self.evaluations(&self.url, &token, "").0, 200);
        wait_for("an evaluation at the edge", LIMIT, || {
            (self.evaluations(&self.url, &token, "").0 == 200).then_some(())
        });
        token
    }
}

fn write_configuration(files: &TempDir, variables: &[(&str, String)]) {
    let mut modules = Vec::new();
    let mut copy = |from: &str, name: &str, kind: &str| {
        let file = name.replace('-', "_");
        fs::copy(root().join(from), files.path().join(&file)).unwrap();
        modules.push(format!("(name = \"{name}\", {kind} = embed \"{file}\")"));
    };
    for module in ["environments.js", "keys.js", "targets.js", "tokens.js"] {
        copy(&format!("infra/cloudflare/src/{module}"), module, "esModule");
    }
    for module in ["client.js", "engine.js", "sync.js"] {
        copy(&format!("eval-wasm/js/{module}"), module, "esModule");
    }
    copy("eval-wasm/js/worker.js", "burgee-eval", "esModule");
    copy("eval-wasm/js/eval.wasm", "eval.wasm", "wasm");
    fs::copy(root().join("infra/cloudflare/src/worker.js"), files.path().join("main.js")).unwrap();
    fs::copy(root().join("tests/edge/workerd/kv.mjs"), files.path().join("kv.mjs")).unwrap();
    let variables =
        variables.iter().map(|(name, text)| format!("(name = \"{name}\", text = {})", json!(text)));
    let text = CONFIGURATION
        .replace("MODULES", &modules.join(", "))
        .replace("VARIABLES", &variables.collect::<Vec<_>>().join(", "));
    fs::write(files.path().join("config.capnp"), text).unwrap();
}

fn alice() -> Value {
    json!({"identifier": "alice", "name": "Alice \u{1f680}?", "attributes": {"plan": "pro"}})
}

fn authenticate(url: &str, key: &str) -> String {
    let (status, body) = send(
        "POST",
        &format!("{url}/api/1.0/client/auth"),
        &[],
        Some(&json!({"apiKey": key, "target": alice()})),
    );
    assert_eq!(status, 200, "{body}");
    body["authToken"].as_str().unwrap().to_owned()
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn environment_of(token: &str) -> String {
    claims(token)["environment"].as_str().unwrap().to_owned()
}

#[test]
fn the_edge_answers_as_the_origin_does_and_goes_on_without_it() {
    let mut world = World::new();
    let token = world.known();
    let paths = ["", "/dark-mode", "/theme"];
    let at_origin = paths.map(|path| world.evaluations(&world.server.url(), &token, path));

    let at_edge = paths.map(|path| world.evaluations(&world.url, &token, path));
    world.server.kill();
    let alone = paths.map(|path| world.evaluations(&world.url, &token, path));
    let again = authenticate(&world.url, &world.key);

    assert_eq!(at_edge, at_origin);
    assert_eq!(alone, at_origin, "from what the edge has");
    let (mut of_origin, mut of_edge) = (claims(&token), claims(&again));
    of_origin["iat"].take();
    of_edge["iat"].take();
    assert_eq!(of_edge, of_origin, "a token says the same, whoever signs it");
}

#[test]
fn a_token_of_the_edge_is_good_at_the_origin() {
    let world = World::new();
    world.known();

    let token = authenticate(&world.url, &world.key);

    assert_eq!(world.evaluations(&world.server.url(), &token, "").0, 200);
}

#[test]
fn whoever_heard_of_a_version_is_not_answered_from_before_it() {
    let world = World::new();
    let token = world.known();
    let before = world.evaluations(&world.url, &token, "/dark-mode").1;
    world.environment.switch("dark-mode", "on");
    let version = world.environment.snapshot()["version"].to_string();

    let path = format!("{}/client/env/{}/target/alice/evaluations/dark-mode", world.url, world.uuid);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("burgee-min-version", version.as_str())];
    let (status, after) = send("GET", &path, &headers, None);

    assert_eq!((status, &before["value"], &after["value"]), (200, &json!("false"), &json!("true")));
}

#[test]
fn refusals_are_the_origins() {
    let world = World::new();
    let auth = |url: &str, body: &Value| send("POST", &format!("{url}/client/auth"), &[], Some(body));
    for body in [json!({"apiKey": "nobody's"}), json!({"apiKey": ""}), json!([]), json!({"apiKey": 1})] {
        assert_eq!(auth(&world.url, &body), auth(&world.server.url(), &body), "{body}");
    }
    let token = world.known();
    for (token, path) in [("", ""), ("a.b.c", ""), (token.as_str(), "/missing")] {
        let refusal = world.evaluations(&world.server.url(), token, path);
        assert_eq!(world.evaluations(&world.url, token, path), refusal, "{path}");
        assert!(refusal.0 >= 400, "{path}");
    }
}

#[test]
fn the_published_browser_sdk_follows_changes_through_the_edge() {
    let world = World::new();
    let settings = json!({"url": format!("{}/api/1.0", world.url), "key": world.key, "target": alice(), "streaming": true, "clock": 1});
    let mut command = Command::new("node");
    command.arg(root().join("tests/sdks/web/jsdom.mjs")).arg(settings.to_string());
    let mut sdk = Driver::start(&mut command);
    let question = |wanted: bool| json!([wanted, "dark-mode", "boolean", alice(), "otherwise"]);

    let end = sdk.event("the end of the initialisation", LIMIT, |event| event["event"] != "changed").body;
    assert_eq!(end["event"], "ready", "{end}");
    sdk.call("until", &question(false), LIMIT).unwrap();
    world.environment.switch("dark-mode", "on");
    sdk.call("until", &question(true), LIMIT).unwrap();
    world.environment.switch("dark-mode", "off");
    sdk.call("until", &question(false), LIMIT).unwrap();
}
