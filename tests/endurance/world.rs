//! The server, what it serves, and who may ask it.

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::burgee::{ADMIN_TOKEN, Burgee, Demo, Launch};
use tests::wire::{Client, send};

/// Flags of the environment, each with a rule.
pub(crate) const FLAGS: usize = 40;

/// Targets that have a token of a client key.
const TARGETS: usize = 50;

pub(crate) struct World {
    pub(crate) burgee: Burgee,
    pub(crate) environment_id: String,
    pub(crate) server: Client,
    pub(crate) client_key: String,
    /// Clients, each for its target.
    pub(crate) browsers: Vec<(String, Client)>,
    _data: TempDir,
}

impl World {
    pub(crate) fn start() -> Self {
        let data = TempDir::new().unwrap();
        // All clients come from one address, as behind a proxy.
        let burgee = Launch::new(data.path(), Demo::No).set("BURGEE_BEHIND_PROXY", "true").start();
        let environment = burgee.admin().create_environment("shop", "dev");
        environment.create_segment("beta");
        let members = json!({ "targets": [target(0), target(1)] });
        environment.instruct_segment("beta", "addToIncludeList", &members);
        for flag in (0..FLAGS).map(flag) {
            environment.create_flag(&flag, "boolean", &[("true", "true"), ("false", "false")]);
            let clauses = json!([{ "op": "segmentMatch", "attribute": "", "values": ["beta"] }]);
            let rule = json!({ "clauses": clauses, "serve": { "variation": "false" }, "priority": 1 });
            environment.instruct(&flag, "addRule", &rule);
        }
        let (server_key, client_key) =
            (environment.create_key("servers", "Server"), environment.create_key("browsers", "Client"));
        let environment_id =
            environment.snapshot()["environment"].as_str().expect("the environment's UUID").to_owned();
        let server = Client::new(&burgee.url(), &server_key, &environment_id, None);
        let browser = |name: String| {
            let wanted = json!({ "identifier": name, "name": name, "attributes": { "plan": "basic" } });
            let client = Client::new(&burgee.url(), &client_key, &environment_id, Some(&wanted));
            (name, client)
        };
        let browsers = (0..TARGETS).map(target).map(browser).collect();
        Self { burgee, environment_id, server, client_key, browsers, _data: data }
    }

    /// One value of `/metrics`.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let url = format!("{}/metrics", self.burgee.url());
        let (status, text) = send("GET", &url, &[("x-api-key", ADMIN_TOKEN)], None);
        assert_eq!(status, 200, "{text}");
        let text = text.as_str().expect("text");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().expect("a number")
    }

    /// Nothing has panicked, and the database holds what it should.
    pub(crate) fn is_sound(&self) {
        let log = self.burgee.stderr();
        assert!(!log.contains("panicked"), "{log}");
        let (_, snapshot) = self.server.get("feature-configs");
        assert_eq!(snapshot.as_array().map(Vec::len), Some(FLAGS));
    }
}

pub(crate) fn flag(number: usize) -> String {
    format!("flag-{number}")
}

fn target(number: usize) -> String {
    format!("target-{number}")
}

/// What a browser reports of a flag.
pub(crate) fn report(flag: &str, target: &str) -> Value {
    json!({
        "targetData": [{ "identifier": target, "name": target, "attributes": [] }],
        "metricsData": [tests::wire::counted(flag, "true", 3)],
    })
}
