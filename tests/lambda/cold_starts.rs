//! From the start of a process to its first right answer; what it holds then, and what is uploaded.
//!
//! `BURGEE_SHIPPED` names the folder of programs as they are shipped, built by `cargo xtask soak lambda`; their
//! figures have limits. Without it a few starts of the programs that are tested are looked at for their answers.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::{Value, json};
use tests::binary::built;
use tests::exchange::Asked;
use tests::lambda::{Front, Lambda, Outcome};
use tests::smoke::{Installation, SETTINGS, database_url};

const STARTS: usize = 100;
const FEW_STARTS: usize = 3;

/// The 99th percentile of starts.
const START_MAX: Duration = Duration::from_millis(30);

/// Resident memory after the first answer.
const RESIDENT_KIB_MAX: u64 = 30 * 1024;

/// A program in an archive, as it is uploaded.
const ARCHIVE_BYTES_MAX: usize = 6 * 1024 * 1024;

const FUNCTIONS: [&str; 4] = ["fn-admin", "fn-client", "fn-metrics-ingest", "fn-metrics-process"];

fn shipped() -> Option<PathBuf> {
    std::env::var_os("BURGEE_SHIPPED").map(PathBuf::from)
}

/// Times from start to answer in order, and the most memory that an instance held.
fn starts(
    count: usize,
    start: impl Fn() -> Lambda,
    event: &Value,
    is_right: impl Fn(&Outcome) -> bool,
) -> (Vec<Duration>, u64) {
    let mut times = Vec::new();
    let mut resident_kib = 0;
    for _ in 0..count {
        let mut instance = start();
        let outcome = instance.invoke(event);
        times.push(instance.started().elapsed());
        assert!(is_right(&outcome), "{outcome:?}\n{}", instance.log());
        resident_kib = resident_kib.max(resident(&instance));
    }
    times.sort_unstable();
    (times, resident_kib)
}

fn resident(instance: &Lambda) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", instance.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn percentile(times: &[Duration], percent: usize) -> Duration {
    times[(times.len() * percent).div_ceil(100) - 1]
}

fn print(what: &str, times: &[Duration], resident_kib: u64) {
    let (median, slow) = (percentile(times, 50), percentile(times, 99));
    println!("{what}: {} starts, p50 {median:.1?}, p99 {slow:.1?}, resident {resident_kib} KiB", times.len());
}

fn archive_bytes(program: &Path) -> usize {
    let mut archive = DeflateEncoder::new(Vec::new(), Compression::best());
    archive.write_all(&fs::read(program).unwrap()).unwrap();
    archive.finish().unwrap().len()
}

#[tokio::test]
async fn a_new_instance_evaluates_at_once() {
    let installation = Installation::new().await;
    let folder = installation.copy();
    let url = database_url(folder.path());
    let settings = [&SETTINGS[..], &[("BURGEE_DATABASE_URL", url.as_str()), ("BURGEE_LOG", "warn")]].concat();
    let path = "/client/env/{environment}/target/ann/evaluations/dark";
    let event = Front::FunctionUrl.event(&installation.sdk("GET", path, &Value::Null));
    let evaluated = |outcome: &Outcome| {
        let told = Front::FunctionUrl.told(outcome.clone());
        let body: Value = serde_json::from_slice(&told.body).unwrap_or_default();
        (told.status, &body["value"]) == (200, &json!("false"))
    };
    let Some(folder) = shipped() else {
        let client = built("fn-client");
        let (times, resident_kib) = starts(FEW_STARTS, || Lambda::run(&client, &settings), &event, evaluated);
        print("fn-client as tested", &times, resident_kib);
        return;
    };
    let client = folder.join("fn-client");
    let (times, resident_kib) = starts(STARTS, || Lambda::run(&client, &settings), &event, evaluated);
    print("fn-client", &times, resident_kib);
    let hello = folder.join("examples/lambda_hello");
    let asked = Front::FunctionUrl.event(&Asked::new("GET", "/", &[], ""));
    let greets = |outcome: &Outcome| Front::FunctionUrl.told(outcome.clone()).body == b"hello";
    let (hellos, hello_kib) = starts(STARTS, || Lambda::run(&hello, &[]), &asked, greets);
    print("hello world on lambda_http", &hellos, hello_kib);

    assert!(percentile(&times, 99) <= START_MAX);
    assert!(resident_kib <= RESIDENT_KIB_MAX);
}

#[test]
fn what_is_uploaded_is_small() {
    let Some(folder) = shipped() else { return };
    for function in FUNCTIONS {
        let program = folder.join(function);
        let bytes = archive_bytes(&program);
        println!("{function}: {} bytes, {bytes} in the archive", fs::metadata(&program).unwrap().len());

        assert!(bytes <= ARCHIVE_BYTES_MAX, "{function}: {bytes}");
    }
}
