//! A published SDK whose server is restored from a backup while it is connected.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo, burgee};
use tests::driver::Driver;
use tests::repository::root;

const LIMIT: Duration = Duration::from_secs(20);

/// The SDK reconnects 5 to 10 s after it lost the stream, then waits longer with each attempt.
const RECONNECT_LIMIT: Duration = Duration::from_secs(90);

#[test]
fn a_connected_sdk_follows_a_restore_and_every_change_after_it() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("backup.db").display().to_string();
    let mut server = Burgee::start(&folder.path().join("data"), Demo::No);
    let environment = server.admin().create_environment("shop", "dev");
    let key = environment.create_key("node", "Server");
    for flag in ["flip", "new"] {
        environment.create_flag(flag, "boolean", &[("true", "true"), ("false", "false")]);
    }
    let mut sdk = node(&server, &key);
    tool(&server, &["backup", &file]);
    // More than one change, so that the versions that the SDK knows are far above the backup's.
    for state in ["on", "off", "on"] {
        environment.switch("flip", state);
        changed_to(&mut sdk, "flip", state == "on", LIMIT);
    }
    environment.delete_flag("new");
    environment.create_flag("new", "boolean", &[("true", "true"), ("false", "false")]);
    environment.switch("new", "on");
    changed_to(&mut sdk, "new", true, LIMIT);

    server.terminate();
    tool(&server, &["restore", &file]);
    tool(&server, &["repair", "after-restore"]);
    server.restart();

    for flag in ["flip", "new"] {
        changed_to(&mut sdk, flag, false, RECONNECT_LIMIT);
    }
    environment.switch("flip", "on");
    changed_to(&mut sdk, "flip", true, LIMIT);
}

fn tool(server: &Burgee, arguments: &[&str]) {
    let ran = burgee().args(arguments).arg("--data").arg(server.data()).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {ran:?}");
}

fn node(server: &Burgee, key: &str) -> Driver {
    let mut command = Command::new("node");
    command.arg(root().join("tests/sdks/node/driver.mjs")).env("BURGEE_SDK_STORE", "memory");
    command.env("BURGEE_URL", format!("{}/api/1.0", server.url())).env("BURGEE_SDK_KEY", key);
    let mut sdk = Driver::start(&mut command);
    let ready = sdk.event("end of the initialisation", LIMIT, |event| event["event"] != "changed");
    assert_eq!(ready.body["event"], "ready", "{}", ready.body);
    sdk
}

/// Waits until the SDK serves the value: it looks after every change that the SDK reports.
fn changed_to(sdk: &mut Driver, flag: &str, value: bool, limit: Duration) {
    let target = json!({ "identifier": "ann", "name": "Ann" });
    while sdk.call("boolVariation", &json!([flag, target, !value]), LIMIT).unwrap() != json!(value) {
        sdk.event(&format!("change of {flag} to {value}"), limit, |event| event["flag"] == flag);
    }
}
