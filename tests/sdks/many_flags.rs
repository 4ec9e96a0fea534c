//! Ten thousand flags in one environment: the SDK starts, and the server's memory stays as it is.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo, burgee};
use tests::repository::root;
use tests::wire::Client;
use ureq::Agent;

const FLAGS: usize = 10_000;
const ENVIRONMENT: &str = "0000000d-0000-4000-8000-000000000001";
const KEY: &str = "the-key-of-ten-thousand-flags";
const LIMIT: Duration = Duration::from_secs(60);

/// Fetches before memory is looked at: buffers of every connection grow to what they need.
const WARM_UP: usize = 40;
const FETCHES: usize = 1_000;
/// The same for the plain form, which is twenty times as large.
const PLAIN_FETCHES: usize = 200;
/// Fetches at the same time.
const READERS: usize = 4;
/// Less than a tenth of what one answer each of the fetches, kept, would be.
const GROWTH_KIB_MAX: u64 = 16 * 1_024;

#[test]
fn ten_thousand_flags_start_an_sdk_and_leave_the_servers_memory_as_it_is() {
    let folder = TempDir::new().unwrap();
    import(folder.path());
    let server = Burgee::start(&folder.path().join("data"), Demo::No);
    let token = Client::new(&server.url(), KEY, ENVIRONMENT, None).token().to_owned();

    let asked = [0, 1, FLAGS - 2, FLAGS - 1];
    let started = sdk(&server, folder.path(), &asked.map(flag_id));
    println!("the SDK was ready with {FLAGS} flags after {} ms", started["took_ms"]);
    for number in asked {
        assert_eq!(started["values"][flag_id(number)], is_true(number), "{started}");
    }

    for (coding, fetches) in [("gzip", FETCHES), ("identity", PLAIN_FETCHES)] {
        fetch(&server, &token, coding, WARM_UP);
        let before = resident_kib(server.pid());
        let started = Instant::now();
        let bytes = fetch(&server, &token, coding, fetches);
        let (took, after) = (started.elapsed(), resident_kib(server.pid()));

        println!(
            "{fetches} fetches of {FLAGS} flags, {coding}: {} KiB each, {took:.1?}, resident {before} KiB, then {after} KiB",
            bytes / 1_024
        );
        assert!(after < before + GROWTH_KIB_MAX, "{before} KiB, then {after} KiB");
    }
}

/// Brings the flags into a new installation.
fn import(folder: &Path) {
    let directory = folder.join("files");
    let environment = directory.join(format!("env-{ENVIRONMENT}"));
    fs::create_dir_all(&environment).unwrap();
    let write = |name: &str, value: Value| fs::write(environment.join(name), value.to_string()).unwrap();
    write("feature_config.json", (0..FLAGS).map(flag).collect());
    write("segments.json", json!([]));
    write("targets.json", json!([]));
    write("auth_config.json", json!([api::credentials::secret_hash(KEY)]));
    let mut import = burgee();
    import.args(["import", "ff-proxy"]).arg(directory).arg("--data").arg(folder.join("data"));
    let said = import.output().unwrap();
    assert!(said.status.success(), "{said:?}");
    // Changes of the last two minutes are told to every new stream. Here the flags have been there for long.
    let database = Connection::open(folder.join("data/burgee.db")).unwrap();
    database.execute("UPDATE current_object SET changed_ms = changed_ms - 3600000", []).unwrap();
}

fn flag_id(number: usize) -> String {
    format!("flag_{number:05}")
}

/// What the flag serves.
fn is_true(number: usize) -> bool {
    number.is_multiple_of(2)
}

/// On, every other one serving true; one rule, as many flags have.
fn flag(number: usize) -> Value {
    json!({
        "project": "shop", "environment": "dev", "feature": flag_id(number), "state": "on", "kind": "boolean",
        "variations": [
            {"identifier": "true", "name": "True", "value": "true"}, {"identifier": "false", "name": "False", "value": "false"},
        ],
        "defaultServe": {"variation": is_true(number).to_string()}, "offVariation": "false", "prerequisites": [],
        "rules": [{
            "ruleId": format!("rule-{number}"), "priority": 1, "serve": {"variation": "true"},
            "clauses": [{"id": format!("clause-{number}"), "attribute": "plan", "op": "equal", "values": ["pro"], "negate": false}],
        }],
        "variationToTargetMap": [], "version": 1,
    })
}

/// What the published Node SDK has of these flags, with a cache larger than its default one of 100.
fn sdk(server: &Burgee, folder: &Path, flags: &[String]) -> Value {
    let mut node = Command::new("node");
    node.arg(root().join("tests/sdks/node/many_flags.mjs")).arg(format!("{}/api/1.0", server.url()));
    // The SDK's file store goes where it is removed with the rest.
    let said = node.arg(KEY).args(flags).env("TMPDIR", folder).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    serde_json::from_slice(&said.stdout).unwrap()
}

/// Fetches all flags so often, by several readers; returns the bytes of one answer as they were sent.
fn fetch(server: &Burgee, token: &str, coding: &str, times: usize) -> usize {
    let url = format!("{}/client/env/{ENVIRONMENT}/feature-configs", server.url());
    let agent: Agent = Agent::config_builder().proxy(None).timeout_global(Some(LIMIT)).build().into();
    let read = || {
        let request = agent.get(&url).header("authorization", format!("Bearer {token}"));
        let mut answer = request.header("accept-encoding", coding).call().unwrap();
        assert_eq!(answer.headers().contains_key("content-encoding"), coding == "gzip");
        answer.body_mut().with_config().limit(100 * 1_024 * 1_024).read_to_vec().unwrap().len()
    };
    let bytes = read();
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| (0..times / READERS).for_each(|_| assert_eq!(read(), bytes)));
        }
    });
    bytes
}

/// Memory that the process holds, as the kernel counts it.
fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
