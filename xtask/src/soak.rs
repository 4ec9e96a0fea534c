//! The long runs and the peers: too long for every change, run by hand before a figure is claimed.

use std::process::ExitCode;

use clap::ValueEnum;

use crate::shell::{self, Shell, succeeds};
use crate::{install, python, spin, wasm};

/// Each fuzz target, where its first inputs are, and how long it runs, in seconds.
const FUZZ_TARGETS: &[(&str, Option<&str>, u64)] = &[
    ("snapshot", Some("spec/vectors"), 600),
    ("evaluate", None, 600),
    ("sse", Some("fuzz/seeds/sse"), 300),
    ("token", None, 300),
    ("target", Some("fuzz/seeds/target"), 300),
    ("upload", Some("fuzz/seeds/upload"), 300),
    ("import", Some("fuzz/seeds/import"), 300),
];

/// Built from source once per machine: about a minute on two cores.
const CARGO_FUZZ: &str = "cargo-fuzz@0.13.2";

/// One long run.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Part {
    /// The engine against the published Node and Python SDKs, at full size.
    Differential,
    /// The engine's module against the native engine, ten million pairs of a flag and a target in wasmtime and a million
    /// in Node.js, from BURGEE_SEED on; and beside two peers.
    Edge,
    /// 200 kills of a busy server, 50 of one that starts for the first time.
    Durability,
    /// Half an hour of mixed load on one server: whether it keeps its size and its pace.
    Endurance,
    /// Every published SDK in every situation, also those that take minutes; writes docs/sdk-compatibility.md.
    Sdks,
    /// 10,000 simulated runs of writers, readers and streams among failing stores and dying processes.
    Simulation,
    /// Every fuzz target: the engine's for ten minutes each, the others for five.
    Fuzz,
    /// The engine's benches, and the same flags through a peer.
    Engine,
    /// Percentiles of toggles, changes and lists in a project of 10,000 flags and 10 environments.
    Admin,
    /// The same requests on SQLite, on Postgres, and on Postgres with two servers of Redis.
    Stores,
    /// Many made-up requests for each operation of the contract, and sequences of them.
    Schemathesis,
    /// Cold starts of the client function as it is shipped, beside a hello world; sizes of all functions; `cargo xtask
    /// lambda` as the README has it.
    Lambda,
    /// The suites of admin and client on components, on both kinds of stores; how long an instance of the client
    /// component and its first answer take, beside a native server.
    Spin,
    /// Memory, accepts and broadcasts of 5,000 streams, and what one flip costs 5,000 browsers.
    Streams,
}

/// Runs the parts, all of them if none is named.
pub(crate) fn run(shell: &Shell, wanted: &[Part]) -> anyhow::Result<ExitCode> {
    let all = Part::value_variants();
    for part in if wanted.is_empty() { all } else { wanted } {
        match part {
            Part::Differential => with_python(shell, "differential")?,
            Part::Sdks => with_python(shell, "sdks")?,
            Part::Edge => edge(shell)?,
            Part::Durability => durability(shell)?,
            Part::Endurance => endurance(shell)?,
            Part::Simulation => simulation(shell)?,
            Part::Fuzz => fuzz(shell)?,
            Part::Engine => engine(shell)?,
            Part::Admin => shell::run(&mut shell.cargo(["bench", "-p", "fn-admin", "--bench", "admin"]))?,
            Part::Stores => stores(shell)?,
            Part::Schemathesis => with_python(shell, "schemathesis")?,
            Part::Lambda => lambda(shell)?,
            Part::Spin => spin(shell)?,
            Part::Streams => streams(shell)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The suite `spin` with more requests, and those of the functions, after building what they run.
fn spin(shell: &Shell) -> anyhow::Result<()> {
    install::test_servers_and_sdks(shell)?;
    spin::components(shell)?;
    spin::host(shell)?;
    let arguments = ["test", "-p", "tests", "--test", "spin", "--", "--nocapture", "--test-threads=1"];
    shell::run(shell.cargo(arguments).env("BURGEE_SOAK", "1"))?;
    spin::whole_suites(shell)
}

/// A suite of the test tier that does more when it is told to, and needs Python.
fn with_python(shell: &Shell, suite: &str) -> anyhow::Result<()> {
    install::test_servers_and_sdks(shell)?;
    let mut test =
        shell.cargo(["test", "-p", "tests", "--test", suite, "--", "--nocapture", "--test-threads=1"]);
    test.env("BURGEE_SOAK", "1").env("BURGEE_PYTHON", python::installed(shell)?);
    shell::run(&mut test)
}

fn edge(shell: &Shell) -> anyhow::Result<()> {
    wasm::engine(shell)?;
    let peers = shell.root.join("tests/edge/peers");
    shell::run(shell.command("npm").args(["ci", "--ignore-scripts"]).current_dir(&peers))?;
    shell::run(shell.command("node").arg("measure.mjs").current_dir(&peers))?;
    spin::host(shell)?;
    let arguments = ["test", "--workspace", "--test", "edge", "differential", "--", "--nocapture"];
    let mut test = shell.cargo(arguments);
    test.arg("--test-threads=1");
    shell::run(test.env("BURGEE_SOAK", "1"))
}

fn durability(shell: &Shell) -> anyhow::Result<()> {
    let mut test = shell.cargo(["test", "-p", "tests", "--test", "durability", "--", "--nocapture", "kills"]);
    shell::run(test.env("BURGEE_SOAK", "1"))
}

/// With the server as it is shipped.
fn endurance(shell: &Shell) -> anyhow::Result<()> {
    shell::run(&mut shell.cargo(["build", "--release", "-p", "burgee"]))?;
    let mut test = shell.cargo(["test", "-p", "tests", "--test", "endurance", "--", "--nocapture"]);
    shell::run(test.env("BURGEE_SOAK", "1").env("BURGEE_BINARY", shell.built("release", "burgee")))
}

/// What is measured is built as it is shipped; the test that measures is not.
fn lambda(shell: &Shell) -> anyhow::Result<()> {
    let dist = ["build", "--profile", "dist"];
    let functions = ["fn-admin", "fn-client", "fn-metrics-ingest", "fn-metrics-process"];
    let packages = functions.iter().flat_map(|function| ["--package", function]);
    shell::run(shell.cargo(dist).args(packages).arg("--bins"))?;
    shell::run(shell.cargo(dist).args(["--package", "platform-native", "--example", "lambda_hello"]))?;
    let mut test = shell.cargo(["test", "-p", "tests", "--test", "lambda", "cold_starts", "--"]);
    test.args(["--nocapture", "--test-threads=1"]);
    shell::run(test.env("BURGEE_SHIPPED", shell.built("dist", "fn-client").with_file_name("")))?;
    let mut locally =
        shell.cargo(["test", "-p", "tests", "--test", "lambda", "locally", "--", "--nocapture"]);
    shell::run(locally.env("BURGEE_SOAK", "1"))
}

/// With the server as it is shipped.
fn stores(shell: &Shell) -> anyhow::Result<()> {
    install::test_servers_and_sdks(shell)?;
    shell::run(&mut shell.cargo(["build", "--profile", "dist", "-p", "burgee"]))?;
    let mut test = shell.cargo(["test", "-p", "tests", "--test", "serve", "pace", "--", "--nocapture"]);
    shell::run(test.env("BURGEE_SOAK", "1").env("BURGEE_BINARY", shell.built("dist", "burgee")))
}

fn streams(shell: &Shell) -> anyhow::Result<()> {
    for manner in ["fresh", "browsers"] {
        shell::run(&mut shell.cargo(["bench", "-p", "sse-relay", "--", "5000", manner]))?;
    }
    let mut test = shell.cargo(["test", "-p", "tests", "--test", "streams", "flips", "--", "--nocapture"]);
    shell::run(test.args(["--test-threads=1"]).env("BURGEE_SOAK", "1"))
}

fn simulation(shell: &Shell) -> anyhow::Result<()> {
    let mut test = shell.cargo(["test", "-p", "tests", "--test", "simulation", "--", "--nocapture"]);
    shell::run(test.env("BURGEE_SOAK", "1"))
}

/// Goes on after a finding, so that one run shows what every target finds.
fn fuzz(shell: &Shell) -> anyhow::Result<()> {
    if !succeeds(shell.command("cargo-fuzz").arg("--version")) {
        let mut install = shell.cargo(["install", "--locked", CARGO_FUZZ, "--root"]);
        shell::run(install.arg(&shell.tools).env_remove("CARGO_TARGET_DIR"))?;
    }
    let mut findings = Vec::new();
    for (target, seeds, seconds) in FUZZ_TARGETS {
        let corpus = format!("fuzz/corpus/{target}");
        std::fs::create_dir_all(shell.root.join(&corpus))?;
        let mut run = shell.cargo(["fuzz", "run", "--fuzz-dir", "fuzz", target, &corpus]);
        run.args(*seeds).args(["--", "-print_final_stats=1", &format!("-max_total_time={seconds}")]);
        // The sanitizers that fuzzing needs are not stable options; the compiler has them all the same.
        if let Err(finding) = shell::run(run.env("RUSTC_BOOTSTRAP", "1")) {
            findings.push(finding.to_string());
        }
    }
    anyhow::ensure!(findings.is_empty(), "{}", findings.join("\n"));
    Ok(())
}

/// Both with the profile of what is shipped.
fn engine(shell: &Shell) -> anyhow::Result<()> {
    shell::run(&mut shell.cargo(["bench", "-p", "eval", "--profile", "dist"]))?;
    let mut peer = shell.cargo(["run", "--profile", "dist"]);
    shell::run(peer.current_dir(shell.root.join("crates/eval/benches/peer")))
}
