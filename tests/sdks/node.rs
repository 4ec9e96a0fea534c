//! `@harnessio/ff-nodejs-server-sdk`: what its users see when only the host has changed.

use std::fs::{self, File};
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{ADMIN_TOKEN, Burgee, Demo};
use tests::deadline::wait_for;
use tests::driver::Driver;
use tests::process::Process;
use tests::repository::root;

/// Far more than anything here takes, and short enough to fail while somebody watches.
const LIMIT: Duration = Duration::from_secs(20);

/// The SDK reconnects 5 to 10 s after it lost the stream, then waits longer with each attempt.
const RECONNECT_LIMIT: Duration = Duration::from_secs(90);

const FLIPS: usize = 50;

#[test]
fn each_kind_of_flag_has_the_right_value_for_each_target() {
    let server = Server::start();
    let environment = &server.environment;
    environment.create_flag("dark-mode", "boolean", &[("true", "true"), ("false", "false")]);
    environment.create_flag("banner", "string", &[("hello", "Hello, sea"), ("none", "")]);
    environment.create_flag("ratio", "int", &[("high", "2.5"), ("low", "1")]);
    environment.create_flag("theme", "json", &[("blue", r#"{"colour":"blue"}"#), ("bare", "{}")]);
    for (flag, off) in [("dark-mode", "false"), ("banner", "none"), ("ratio", "low"), ("theme", "bare")] {
        environment.switch(flag, "on");
        let listed = json!({ "variation": off, "targets": ["bob"] });
        environment.instruct(flag, "addTargetsToVariationTargetMap", &listed);
    }
    environment.create_flag("switched-off", "boolean", &[("true", "true"), ("false", "false")]);
    let mut sdk = server.connected_sdk(Store::Default);

    let mut seen_by = |target: &str| {
        let mut value = |call, flag, otherwise: Value| {
            let target = json!({ "identifier": target, "name": target, "attributes": { "plan": "pro" } });
            sdk.call(call, &json!([flag, target, otherwise]), LIMIT).unwrap()
        };
        json!([
            value("boolVariation", "dark-mode", json!(false)),
            value("stringVariation", "banner", json!("otherwise")),
            value("numberVariation", "ratio", json!(-1)),
            value("jsonVariation", "theme", json!({ "otherwise": true })),
            value("boolVariation", "switched-off", json!(true)),
            value("boolVariation", "unknown", json!(true)),
        ])
    };

    assert_eq!(seen_by("alice"), json!([true, "Hello, sea", 2.5, { "colour": "blue" }, false, true]));
    assert_eq!(seen_by("bob"), json!([false, "", 1, {}, false, true]));
    assert_eq!(seen_by("carol"), seen_by("alice"));
}

#[test]
fn fifty_flips_arrive_each_within_a_second() {
    let server = Server::start();
    server.environment.create_flag("flip", "boolean", &[("true", "true"), ("false", "false")]);
    let mut sdk = server.connected_sdk(Store::Memory);
    // The SDK says that it is ready before its stream is connected; this one is not counted.
    server.environment.switch("flip", "on");
    changed_to(&mut sdk, "flip", true, LIMIT);

    let (mut from_request, mut from_answer) = (Vec::new(), Vec::new());
    for state in ["off", "on"].into_iter().cycle().take(FLIPS) {
        sdk.forget_events();
        let asked = Instant::now();
        let answered = server.environment.switch("flip", state);
        let arrived = changed(&mut sdk, "flip", LIMIT);
        assert_eq!(value_of(&mut sdk, "flip"), json!(state == "on"));
        from_request.push(arrived - asked);
        // The event often overtakes the answer; then this is zero.
        from_answer.push(arrived.saturating_duration_since(answered));
    }

    println!("{FLIPS} flips until the SDK's event, from the PATCH's answer: {}", spread(&mut from_answer));
    println!("{FLIPS} flips until the SDK's event, from the PATCH's request: {}", spread(&mut from_request));
    assert!(from_answer.iter().max() < Some(&Duration::from_secs(1)), "{from_answer:?}");
}

#[test]
fn a_deleted_flag_gives_the_default() {
    let server = Server::start();
    server.environment.create_flag("old", "boolean", &[("true", "true"), ("false", "false")]);
    server.environment.switch("old", "on");
    let mut sdk = server.connected_sdk(Store::Default);
    assert_eq!(value_of(&mut sdk, "old"), json!(true));

    server.environment.delete_flag("old");

    // The default of the call, which no variation is.
    changed_to(&mut sdk, "old", false, LIMIT);
}

#[test]
fn a_bad_key_rejects_at_once() {
    let server = Server::start();

    let mut sdk = server.sdk("no-such-key-was-ever-made", Store::Default);
    let failed =
        sdk.event("end of the initialisation", Duration::from_secs(5), |event| event["event"] != "changed");

    assert_eq!(failed.body["event"], "failed", "{}", failed.body);
    assert!(failed.body["error"].as_str().unwrap().contains("403"), "{}", failed.body);
}

#[test]
fn closing_the_client_posts_its_counts() {
    let server = Server::start();
    server.environment.create_flag("counted", "boolean", &[("true", "true"), ("false", "false")]);
    server.environment.switch("counted", "on");
    let mut sdk = server.connected_sdk(Store::Default);
    for _ in 0..3 {
        assert_eq!(value_of(&mut sdk, "counted"), json!(true));
    }

    sdk.call("close", &json!([]), LIMIT).unwrap();

    let count = "SELECT CAST(sum(evaluations) AS BIGINT) FROM evaluation_hour WHERE flag = 'counted' AND variation = 'true'";
    let counted = wait_for("the counts in the database", LIMIT, || {
        server.read_database(|database| database.query_row(count, [], |row| row.get::<_, Option<i64>>(0)))
    });
    assert_eq!(counted, 3);
    sdk.finish(LIMIT);
}

#[test]
fn a_change_made_while_the_sdk_was_cut_off_arrives() {
    let mut server = Server::start();
    server.environment.create_flag("late", "boolean", &[("true", "true"), ("false", "false")]);
    let mut sdk = server.connected_sdk(Store::Default);
    server.environment.switch("late", "on");
    changed_to(&mut sdk, "late", true, LIMIT);
    server.environment.switch("late", "off");
    changed_to(&mut sdk, "late", false, LIMIT);

    // The SDK waits at least 5 s before it tries again, which leaves time for the change.
    server.burgee.restart();
    let changed_at = server.environment.switch("late", "on");
    let arrived = changed_to(&mut sdk, "late", true, RECONNECT_LIMIT);

    println!("after a kill, the change arrived {:.1?} after it was made", arrived - changed_at);
}

#[test]
fn the_page_of_the_first_start_works_as_it_is_printed() {
    let folder = TempDir::new().unwrap();
    let burgee = Burgee::start(folder.path(), Demo::Yes);
    let page = fs::read_to_string(folder.path().join("first-start.txt")).unwrap();
    let arguments = between(&page, "\nnode ", "<<'END'\n");
    let script = between(&page, "<<'END'\n", "\nEND\n");
    let flip = between(&page, "\ncurl ", "\n\n");
    let printed = folder.path().join("printed");
    fs::write(folder.path().join("script"), script).unwrap();

    // Where `npm install` was run, as the page says.
    let mut node = Command::new("node");
    node.args(arguments.split_whitespace()).current_dir(root().join("tests/sdks/node"));
    node.stdin(File::open(folder.path().join("script")).unwrap()).stdout(File::create(&printed).unwrap());
    let _node = Process::start(&mut node);
    let shows = |line: &str| {
        let what = format!("{line} from the snippet");
        wait_for(&what, LIMIT, || {
            fs::read_to_string(&printed).unwrap().lines().find(|l| *l == line).map(drop)
        });
    };

    shows("dark_mode: false");
    let mut curl = Command::new("sh");
    let curl =
        curl.args(["-c", &format!("curl --fail {flip}")]).env("BURGEE_ADMIN_TOKEN", ADMIN_TOKEN).output();
    let curl = curl.unwrap();
    assert!(curl.status.success(), "{curl:?}");
    shows("dark_mode: true");
    drop(burgee);
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Store {
    /// The SDK's own: a file, written 100 ms after each change.
    Default,
    Memory,
}

/// A server with one environment and a server key for it.
struct Server {
    burgee: Burgee,
    environment: Environment,
    key: String,
    folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let burgee = Burgee::start(&folder.path().join("data"), Demo::No);
        let environment = burgee.admin().create_environment("shop", "dev");
        let key = environment.create_key("node", "Server");
        Self { burgee, environment, key, folder }
    }

    fn sdk(&self, key: &str, store: Store) -> Driver {
        let mut command = Command::new("node");
        command.arg(root().join("tests/sdks/node/driver.mjs"));
        command.env("BURGEE_URL", format!("{}/api/1.0", self.burgee.url())).env("BURGEE_SDK_KEY", key);
        // The SDK's file store goes where it is removed with the rest.
        command.env("TMPDIR", self.folder.path());
        if store == Store::Memory {
            command.env("BURGEE_SDK_STORE", "memory");
        }
        Driver::start(&mut command)
    }

    fn connected_sdk(&self, store: Store) -> Driver {
        let started = Instant::now();
        let mut sdk = self.sdk(&self.key, store);
        let ready = sdk.event("end of the initialisation", LIMIT, |event| event["event"] != "changed");
        assert_eq!(ready.body["event"], "ready", "{}", ready.body);
        println!("the SDK was ready {:.0?} after its process was started", ready.at - started);
        sdk
    }

    fn read_database<T>(&self, read: impl Fn(&Connection) -> rusqlite::Result<Option<T>>) -> Option<T> {
        let files = self.burgee.data().read_dir().unwrap().map(|entry| entry.unwrap().path());
        let file = files.into_iter().find(|file| file.extension().is_some_and(|name| name == "db")).unwrap();
        let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        read(&database).unwrap()
    }
}

/// Waits until the SDK says that the flag has changed.
fn changed(sdk: &mut Driver, flag: &str, limit: Duration) -> Instant {
    let what = format!("change of {flag}");
    sdk.event(&what, limit, |event| event["event"] == "changed" && event["flag"] == flag).at
}

/// Waits for the change that brings the value; the SDK also reports, late, what it loaded at its start.
fn changed_to(sdk: &mut Driver, flag: &str, value: bool, limit: Duration) -> Instant {
    loop {
        let arrived = changed(sdk, flag, limit);
        if value_of(sdk, flag) == json!(value) {
            return arrived;
        }
    }
}

fn spread(took: &mut [Duration]) -> String {
    took.sort_unstable();
    let (median, p95, max) = (took[took.len() / 2], took[took.len() * 95 / 100], took[took.len() - 1]);
    format!("median {median:.1?}, p95 {p95:.1?}, max {max:.1?}")
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start:?} in {text}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end:?} after {start:?} in {text}")).0
}

/// What the SDK answers for a target that no rule names, false by default.
fn value_of(sdk: &mut Driver, flag: &str) -> Value {
    let target = json!({ "identifier": "alice", "name": "Alice" });
    sdk.call("boolVariation", &json!([flag, target, false]), LIMIT).unwrap()
}
