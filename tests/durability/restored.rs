//! A published SDK whose server is restored from a backup while it is connected.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo, burgee};
use tests::driver::Driver;
use tests::sdk;

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
    let mut sdk = node(&server, &key, folder.path());
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

fn node(server: &Burgee, key: &str, folder: &Path) -> Driver {
    let url = format!("{}/api/1.0", server.url());
    let settings = json!({ "url": url, "key": key, "streaming": true, "clock": 1 });
    // The SDK's own store is a file, which other clients must not find.
    let mut command = sdk::node_script("node/driver.mjs");
    let mut sdk = Driver::start(command.arg(settings.to_string()).env("TMPDIR", folder));
    let ready = sdk.event("end of the initialisation", LIMIT, |event| event["event"] != "changed");
    assert_eq!(ready.body["event"], "ready", "{}", ready.body);
    sdk
}

/// Waits until the SDK serves the value.
fn changed_to(sdk: &mut Driver, flag: &str, value: bool, limit: Duration) {
    let target = json!({ "identifier": "ann", "name": "Ann" });
    sdk.call("until", &json!([value, flag, "boolean", target, !value]), limit).unwrap();
}
