//! The client of the npm package against the real server: its first snapshot, changes, outages, revoked keys.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::Admin;
use tests::burgee::{ADMIN_TOKEN, Burgee, Demo};
use tests::driver::Driver;

use crate::package::Installed;

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn a_client_follows_the_server_and_goes_on_without_it() {
    let installed = Installed::new();
    let data = TempDir::new().unwrap();
    let mut server = Burgee::start(data.path(), Demo::No);
    let environment = Admin::new(&server.url(), ADMIN_TOKEN).create_environment("shop", "dev");
    environment.create_flag("dark-mode", "boolean", &[("on", "true"), ("off", "false")]);
    let key = environment.create_key("edge", "Server");
    let mut command = installed.node("follow.mjs");
    let mut client = Driver::start(command.arg(server.url()).arg(key));
    let is_fresh = |event: &Value| event["event"] == "change";

    let first = client.event("the first snapshot", LIMIT, is_fresh).body;
    environment.switch("dark-mode", "on");
    let second = client.event("a newer snapshot", LIMIT, is_fresh).body;
    server.kill();
    client.event("a failure", LIMIT, |event| event["event"] == "error");
    let alone = client.call("value", &json!([]), LIMIT);
    server.restart();
    let requests = client.call("statuses", &json!([]), LIMIT).unwrap();
    environment.switch("dark-mode", "off");
    let third = client.event("a newer snapshot", LIMIT, is_fresh).body;
    environment.delete_key("edge");
    client.event("a refusal", LIMIT, |event| {
        event["message"].as_str().is_some_and(|message| message.starts_with("authenticating: 403"))
    });

    assert_eq!(
        [&first, &second, &third].map(|event| &event["value"]),
        [&json!(false), &json!(true), &json!(false)]
    );
    assert!(second["version"].as_u64() > first["version"].as_u64(), "{first} {second}");
    assert_eq!(alone, Ok(json!(true)), "the last good snapshot answers");
    assert_eq!(client.call("value", &json!([]), LIMIT), Ok(json!(false)), "of a revoked key, too");
    let statuses = requests.as_array().unwrap();
    assert!(statuses.contains(&json!(200)), "{requests}");
}
