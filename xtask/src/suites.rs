//! The suites of `cargo xtask ci` and `cargo xtask test`, their budgets, and running them in order.
//!
//! All cargo calls name `--workspace`: with another selection cargo would unify features differently
//! and build shared dependencies a second time.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::report::{self, Counts, Outcome};
use crate::shell::{self, Shell, succeeds};
use crate::{install, metadata, python, spin, wasm};

/// One line of the table.
pub(crate) struct Suite {
    name: String,
    budget_s: u64,
    work: Work,
}

enum Work {
    /// A step without tests.
    Step(fn(&Shell) -> anyhow::Result<()>),
    /// A step whose failure makes the rest pointless.
    Gate(fn(&Shell) -> anyhow::Result<()>),
    /// A cargo call without tests.
    Cargo(&'static [&'static str]),
    /// Tests, by the target selection that both runners understand.
    Tests { select: Vec<String>, concurrency: Concurrency },
    /// Examples in doc comments, which nextest does not run.
    DocTests,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Concurrency {
    /// As many tests at once as there are cores.
    Cores,
    /// The same in one process, because the tests share servers that are slow to start.
    Shared,
    /// One test after the other, because they measure time; the figures that they print are shown.
    One,
}

/// Installs what tests need and nothing builds; takes a second where it is there.
const INSTALL: &str = "install";

/// No suite takes this long, even on a machine that is busy with something else.
const HUNG_AFTER_S: u64 = 900;

/// The exit code of `timeout` when it ended the command.
const TIMED_OUT: i32 = 124;

/// Integration test targets that need more than the usual half minute, or that must run one by one.
const TARGETS: &[(&str, u64, Concurrency)] = &[
    ("bad_clients", 90, Concurrency::Cores),
    ("differential", 90, Concurrency::One),
    ("durability", 240, Concurrency::One),
    ("edge", 240, Concurrency::One),
    ("endurance", 60, Concurrency::One),
    ("lambda", 150, Concurrency::Cores),
    ("schemathesis", 60, Concurrency::One),
    ("sdks", 180, Concurrency::One),
    ("serve", 90, Concurrency::One),
    ("simulation", 90, Concurrency::Cores),
    ("spin", 90, Concurrency::One),
    ("statements", 60, Concurrency::Cores),
    ("storage", 150, Concurrency::Shared),
    ("streams", 60, Concurrency::One),
    // The first to be built, so its time holds what it shares with all others.
    ("tidy", 240, Concurrency::Cores),
];

/// What `cargo xtask ci` runs.
pub(crate) fn checks() -> Vec<Suite> {
    let clippy = &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    vec![
        suite("fmt", 10, Work::Cargo(&["fmt", "--all", "--check"])),
        suite("clippy", 420, Work::Cargo(clippy)),
        target("tidy"),
        suite("cargo-deny", 300, Work::Step(install::cargo_deny)),
        suite("deny", 30, Work::Step(deny)),
    ]
}

/// What `cargo xtask test` runs: the checks, then every test of the workspace.
pub(crate) fn all(shell: &Shell) -> anyhow::Result<Vec<Suite>> {
    let unit = Work::Tests { select: vec!["--lib".into(), "--bins".into()], concurrency: Concurrency::Cores };
    let mut suites = checks();
    suites.extend([
        suite(INSTALL, 180, Work::Step(install::test_servers_and_sdks)),
        suite("aws", 180, Work::Step(aws)),
        suite("build", 600, Work::Gate(build)),
        suite("unit", 120, unit),
        suite("doc", 60, Work::DocTests),
    ]);
    let targets = metadata::test_targets(shell)?;
    for name in targets.iter().filter(|name| *name != "tidy") {
        match name.as_str() {
            // wasmtime: most of it is Cranelift.
            "edge" => suites.push(suite("edge host", 840, Work::Step(spin::tested_host))),
            "spin" => {
                suites.push(suite("spin components", 420, Work::Step(spin::components)));
                suites.push(suite("spin host", 30, Work::Step(|shell| spin::host(shell).map(drop))));
            }
            _ => {}
        }
        suites.push(target(name));
    }
    Ok(suites)
}

/// Runs the suites, or only those `wanted` and what each needs, and prints the table. Goes on after a failure, so that one
/// run shows everything that is wrong.
pub(crate) fn run(shell: &Shell, mut suites: Vec<Suite>, wanted: &[String]) -> anyhow::Result<ExitCode> {
    if let Some(unknown) = wanted.iter().find(|name| suites.iter().all(|suite| suite.name != **name)) {
        let names: Vec<&str> = suites.iter().map(|suite| suite.name.as_str()).collect();
        bail!("there is no suite {unknown}; there are {}", names.join(", "));
    }
    if !wanted.is_empty() {
        // "edge host" is there for "edge".
        let is_wanted =
            |name: &str| wanted.iter().any(|one| one == name || name.starts_with(&format!("{one} ")));
        let is_needed = |suite: &Suite| suite.name == INSTALL || matches!(suite.work, Work::Gate(_));
        suites.retain(|suite| is_wanted(&suite.name) || is_needed(suite));
    }
    let mut outcomes = Vec::new();
    let mut stopped = false;
    for Suite { name, budget_s, work } in suites {
        let started = Instant::now();
        let counts = if stopped { None } else { Some(perform(shell, &name, &work)) };
        stopped |= matches!(work, Work::Gate(_)) && counts.is_some_and(|counts| counts.failed > 0);
        let took = if counts.is_some() { started.elapsed() } else { Duration::ZERO };
        outcomes.push(Outcome { name, counts, took, budget_s });
    }
    let sum = report::print(&outcomes);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn perform(shell: &Shell, name: &str, work: &Work) -> Counts {
    println!("\n== {name}");
    let result = match work {
        Work::Step(step) | Work::Gate(step) => step(shell).map(|()| Counts::of_check(true)),
        Work::Cargo(arguments) => shell::run(&mut shell.cargo(*arguments)).map(|()| Counts::of_check(true)),
        Work::Tests { select, concurrency } => count_tests(shell, test_command(shell, select, *concurrency)),
        Work::DocTests => count_tests(shell, shell.cargo(["test", "--workspace", "--doc", "--no-fail-fast"])),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{name}: {error:#}");
        Counts::of_check(false)
    })
}

fn count_tests(shell: &Shell, command: Command) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    let mut command = shell.limited(command, HUNG_AFTER_S);
    let status = shell::run_reading(&mut command, |line| counts.read(line))?;
    if status.code() == Some(TIMED_OUT) {
        bail!("ended after {HUNG_AFTER_S} s: a test waits for what does not come");
    }
    if !status.success() && counts.failed == 0 {
        bail!("the test runner ended with {status}");
    }
    Ok(counts)
}

/// nextest where it is installed and fits, else `cargo test`. Both run the same tests.
fn test_command(shell: &Shell, select: &[String], concurrency: Concurrency) -> Command {
    // It has a process for each test.
    let nextest = concurrency != Concurrency::Shared && succeeds(&mut shell.cargo(["nextest", "--version"]));
    let runner: &[&str] = if nextest { &["nextest", "run"] } else { &["test"] };
    let mut command = shell.cargo(runner);
    command.args(["--workspace", "--no-fail-fast"]).args(select);
    if concurrency == Concurrency::One {
        let measuring: &[&str] = match nextest {
            true => &["--test-threads=1", "--success-output=final"],
            false => &["--", "--test-threads=1", "--show-output"],
        };
        command.args(measuring);
    }
    // What `build` made; without this the harness asks cargo, once per test process.
    command.env("BURGEE_BINARY", shell.built("debug", "burgee"));
    if let Some(python) = python::found(shell) {
        command.env("BURGEE_PYTHON", python);
    }
    command
}

/// Everything that the tests run, so that the suites after it measure tests, not compilation.
fn build(shell: &Shell) -> anyhow::Result<()> {
    wasm::engine(shell)?;
    shell::run(&mut shell.cargo(["build", "--workspace", "--bins"]))?;
    shell::run(&mut shell.cargo(["test", "--workspace", "--no-run"]))
}

/// The templates of infra/aws and the image of its relay. Warnings count.
fn aws(shell: &Shell) -> anyhow::Result<()> {
    let python = python::with_aws_tools(shell)?;
    for template in ["template.yaml", "edge.yaml"] {
        let mut lint = shell.command(&python);
        // By the interpreter, because the script names the one of the folder that it was made in.
        lint.arg(python.with_file_name("cfn-lint")).args([
            "--regions",
            "us-east-1",
            "eu-west-1",
            "--template",
        ]);
        let template = format!("infra/aws/{template}");
        shell::run(lint.arg(&template))?;
        // Reads the template as `sam deploy` does. It wants a region and, with one, no network.
        let mut validate = shell.command(&python);
        validate.arg(python.with_file_name("sam")).args([
            "validate",
            "--lint",
            "--region",
            "us-east-1",
            "--template",
        ]);
        shell::run(validate.arg(&template).env("SAM_CLI_TELEMETRY", "0"))?;
    }
    shell::run(shell.command(python.with_file_name("hadolint")).arg("infra/aws/Dockerfile"))
}

/// Licences, duplicate versions, forbidden crates and sources, as `deny.toml` says.
fn deny(shell: &Shell) -> anyhow::Result<()> {
    // Called by its own name, which `shell.command` finds among the installed tools too.
    shell::run(shell.command("cargo-deny").args([
        "--workspace",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
}

fn target(name: &str) -> Suite {
    let known = TARGETS.iter().find(|(known, ..)| *known == name);
    let (budget_s, concurrency) =
        known.map_or((30, Concurrency::Cores), |(_, budget_s, how)| (*budget_s, *how));
    suite(name, budget_s, Work::Tests { select: vec!["--test".into(), name.into()], concurrency })
}

fn suite(name: &str, budget_s: u64, work: Work) -> Suite {
    Suite { name: name.to_owned(), budget_s, work }
}
