//! An installation that has seen some life: projects, flags, groups, keys, targets, reports, deletions.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::Admin;
use tests::burgee::{ADMIN_TOKEN, Burgee, Demo};
use tests::deadline::wait_for;

use tests::wire::{Client, send};

/// Somebody whose data is there in many places.
pub(crate) const PERSON: &str = "unforgettable@example.com";

/// What is known about the person.
pub(crate) const PERSON_NAME: &str = "Una Forgettable";
pub(crate) const PERSON_SECRET: &str = "lives-at-the-old-lighthouse";

pub(crate) const SCOPE: &str = "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop";

/// A data folder that no server uses any more.
pub(crate) struct Lived {
    folder: TempDir,
    /// The id of the environment `dev`.
    pub(crate) dev: String,
    pub(crate) server_key: String,
}

impl Lived {
    /// Starts a server, lives, and ends it.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mut burgee = Burgee::start(folder.path(), Demo::No);
        let admin = burgee.admin();
        let dev = admin.create_environment("shop", "dev");
        admin.create_environment("empty", "nothing");
        let (server_key, client_key) = (dev.create_key("server", "Server"), dev.create_key("web", "Client"));
        let create = "/admin/environments?accountIdentifier=acme&orgIdentifier=default";
        let body = json!({"identifier": "old", "name": "Old", "project": "shop"});
        admin.expect(201, "POST", create, Some(&body));
        for flag in ["dark", "light", "gone", "archived"] {
            dev.create_flag(flag, "boolean", &[("yes", "true"), ("no", "false")]);
        }
        let environment = id_of(&admin, "dev");
        segments(&admin);
        flags(&admin);
        targets(&admin, &burgee.url());
        sdk(&burgee.url(), &client_key, &environment);
        wait_until_counted(&admin);
        burgee.terminate();
        Self { folder, dev: environment, server_key }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }
}

fn at(path: &str, environment: &str) -> String {
    format!("/admin/{path}?{SCOPE}&environmentIdentifier={environment}")
}

fn instruct(admin: &Admin, (path, environment): (&str, &str), kind: &str, parameters: &Value, comment: &str) {
    let body = json!({"comment": comment, "instructions": [{"kind": kind, "parameters": parameters}]});
    admin.expect(200, "PATCH", &at(path, environment), Some(&body));
}

fn segments(admin: &Admin) {
    for environment in ["dev", "old"] {
        let body = json!({
            "identifier": "beta", "name": "Beta", "project": "shop", "environment": environment,
            "included": [PERSON, "bob"], "excluded": ["eve"],
        });
        admin.expect(201, "POST", &at("segments", environment), Some(&body));
    }
    let rules = json!([{"priority": 1, "clauses": [
        {"attribute": "identifier", "op": "in", "values": [PERSON, "bob"]}]}]);
    let body = json!({"identifier": "named", "name": "Named", "project": "shop", "environment": "dev", "servingRules": rules});
    admin.expect(201, "POST", &at("segments", "dev"), Some(&body));
    let out = json!({"targets": [PERSON]});
    instruct(
        admin,
        ("segments/named", "dev"),
        "addToExcludeList",
        &out,
        &format!("not for {PERSON} any more"),
    );
}

fn flags(admin: &Admin) {
    let listed = json!({"variation": "no", "targets": [PERSON, "bob"]});
    for environment in ["dev", "old"] {
        instruct(admin, ("features/dark", environment), "addTargetsToVariationTargetMap", &listed, "");
    }
    instruct(admin, ("features/light", "dev"), "setFeatureFlagState", &json!({"state": "on"}), "daylight");
    let rule =
        json!({"clauses": [{"op": "segmentMatch", "values": ["beta"]}], "serve": {"variation": "yes"}});
    instruct(admin, ("features/light", "dev"), "addRule", &rule, "");
    let only = json!({"variation": "no", "targets": [PERSON]});
    instruct(admin, ("features/archived", "dev"), "addTargetsToVariationTargetMap", &only, "");
    admin.expect(204, "DELETE", &at("features/archived", "dev"), None);
    admin.expect(204, "DELETE", &format!("{}&forceDelete=true", at("features/gone", "dev")), None);
    admin.expect(204, "DELETE", &at("environments/old", "old"), None);
}

fn targets(admin: &Admin, url: &str) {
    let mut person = person();
    for (field, value) in
        [("project", "shop"), ("environment", "dev"), ("account", "acme"), ("org", "default")]
    {
        person[field] = json!(value);
    }
    let headers = [("x-api-key", ADMIN_TOKEN), ("idempotency-key", "once")];
    let (status, answer) = send("POST", &format!("{url}{}", at("targets", "dev")), &headers, Some(&person));
    assert_eq!(status, 201, "{answer}");
    let path = format!("targets/{PERSON}");
    instruct(
        admin,
        (&path, "dev"),
        "updateAttributes",
        &json!({"attributes": {"home": PERSON_SECRET, "plan": "pro"}}),
        "",
    );
    let body = json!({
        "identifier": "bob", "name": "Bob", "project": "shop", "environment": "dev", "account": "acme", "org": "default",
        "attributes": {"plan": "free", "age": 42},
    });
    admin.expect(201, "POST", &at("targets", "dev"), Some(&body));
}

/// A target that is too large for a token, and what it was served.
fn sdk(url: &str, key: &str, environment: &str) {
    let mut target = person();
    target["attributes"]["story"] = json!("once upon a time ".repeat(200));
    let client = Client::new(url, key, environment, Some(&target));
    assert_eq!(client.get(&format!("target/{PERSON}/evaluations")).0, 200);
    let attribute = |key: &str, value: &str| json!({"key": key, "value": value});
    client.report(&json!({
        "targetData": [{"identifier": PERSON, "name": PERSON_NAME, "attributes": [attribute("home", PERSON_SECRET)]}],
        "metricsData": [{"timestamp": 1_700_000_000_000_i64, "count": 3, "metricsType": "FFMETRICS", "attributes": [
            attribute("featureIdentifier", "dark"), attribute("variationIdentifier", "no"),
            attribute("target", PERSON), attribute("SDK_TYPE", "client")]}],
    }));
}

fn person() -> Value {
    json!({"identifier": PERSON, "name": PERSON_NAME, "attributes": {"home": PERSON_SECRET}})
}

fn wait_until_counted(admin: &Admin) {
    let listed = || {
        let answer = admin.send("GET", &at(&format!("targets/{PERSON}"), "dev"), None);
        (answer.status == 200).then_some(())
    };
    wait_for("the target in the list", Duration::from_secs(10), listed);
}

fn id_of(admin: &Admin, environment: &str) -> String {
    let answer = admin.expect(200, "GET", &at(&format!("environments/{environment}"), environment), None);
    answer["data"]["id"].as_str().unwrap().to_owned()
}
