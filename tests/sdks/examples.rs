//! The programs under `examples/`, as their README pages say, with the demo of a first start.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo};
use tests::deadline::wait_for;
use tests::process::Process;
use tests::repository::root;
use tests::sdk::{assert_installed, node_script, python_script};

/// Far more than any of them takes, and short enough to fail while somebody watches.
const LIMIT: Duration = Duration::from_secs(30);

const FLIP: &str = "/admin/features/dark_mode?accountIdentifier=demo&orgIdentifier=default&projectIdentifier=demo\
    &environmentIdentifier=development";

#[test]
fn the_node_example_shows_a_change() {
    shows_a_change("server", |url, key| {
        let mut node = node_script("../../examples/node/flags.mjs");
        node.env("BURGEE_URL", url).env("BURGEE_SDK_KEY", key);
        node
    });
}

#[test]
fn the_python_example_shows_a_change() {
    shows_a_change("server", |url, key| {
        let mut python = python_script("../../examples/python/flags.py");
        python.env("BURGEE_URL", url).env("BURGEE_SDK_KEY", key);
        python
    });
}

#[test]
fn the_example_of_a_page_shows_a_change() {
    shows_a_change("client", |url, key| page("browser", url, key));
}

#[test]
fn the_react_example_shows_a_change() {
    let folder = root().join("examples/react");
    assert_installed(&folder.join("node_modules"));
    let built = Command::new("npm").args(["run", "--silent", "build"]).current_dir(folder).output().unwrap();
    assert!(built.status.success(), "{built:?}");

    shows_a_change("client", |url, key| page("react", url, key));
}

/// An example's page in Chromium, which prints what the page shows.
fn page(example: &str, url: &str, key: &str) -> Command {
    let page = root().join("examples").join(example).join("index.html");
    assert_installed(&page.with_file_name("node_modules"));
    let mut watch = node_script("web/watch.mjs");
    watch.arg(format!("file://{}?key={key}&url={url}", page.display()));
    watch
}

/// Runs the program that `command` makes of a URL and the demo's key of that kind.
fn shows_a_change(kind: &str, command: impl FnOnce(&str, &str) -> Command) {
    let folder = TempDir::new().unwrap();
    let burgee = Burgee::start(&folder.path().join("data"), Demo::Yes);
    let welcome = fs::read_to_string(burgee.data().join("first-start.txt")).unwrap();
    let key = welcome.lines().find_map(|line| line.trim().strip_prefix(&format!("{kind} SDKs"))).unwrap();
    let printed = folder.path().join("printed");
    let mut command = command(&burgee.url(), key.trim());
    command.stdin(Stdio::null()).stdout(File::create(&printed).unwrap()).env("TMPDIR", folder.path());
    let _program = Process::start(&mut command);
    let shows = |line: &str| {
        let printed = || fs::read_to_string(&printed).unwrap();
        wait_for(line, LIMIT, || printed().lines().any(|shown| shown == line).then_some(()));
    };

    shows("dark_mode: false");
    let on = json!({ "instructions": [{ "kind": "setFeatureFlagState", "parameters": { "state": "on" } }] });
    burgee.admin().expect(200, "PATCH", FLIP, Some(&on));
    shows("dark_mode: true");
}
