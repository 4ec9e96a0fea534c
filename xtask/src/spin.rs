//! The components for Spin, and the host that stands in for it.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::shell::{self, Shell};
use crate::wasm::{self, Target};

/// One component for each function.
const FUNCTIONS: [&str; 4] = ["fn-admin", "fn-client", "fn-metrics-ingest", "fn-metrics-process"];

/// Where `infra/spin/spin.toml` looks for them.
const COMPONENTS: &str = "infra/spin/components";

/// The workspace of the host.
const HOST: &str = "tests/spin-host/Cargo.toml";

/// The suites that ask the functions in this process, unless they are told to ask components.
const SUITES: [&str; 2] = ["admin", "client"];

/// The stores that those suites run on, as the tests name them.
const RUNTIMES: [&str; 2] = ["spin-sqlite", "spin-distributed"];

/// Tests of those suites that cannot run on Spin, each with the reason.
const NOT_ON_SPIN: &[(&str, &str)] = &[
    (
        "admin::bad_everywhere::no_operation_takes_a_body_beyond_the_limit",
        "the server answers and ends the connection, which a client that still sends notices first",
    ),
    (
        "client::registrations::one_key_lists_six_hundred_new_targets_a_minute",
        "nothing is kept in memory from one request to the next, so nothing counts to 600",
    ),
    ("client::stores_away::a_key_that_nobody_knows", STORES_AWAY),
    ("client::stores_away::a_revoked_key", STORES_AWAY),
    ("client::stores_away::a_version_that_is_not_known", STORES_AWAY),
    ("client::stores_away::nobody_is_answered", STORES_AWAY),
    ("client::stores_away::stores_that_are_back", STORES_AWAY),
    ("client::stores_away::what_was_last_known", STORES_AWAY),
];

const STORES_AWAY: &str =
    "takes the stores of a router in its own process away, and asks what that router still has in memory";

/// `cargo xtask spin`: builds the components.
///
/// # Errors
/// If one cannot be built.
pub(crate) fn components(shell: &Shell) -> anyhow::Result<()> {
    let folder = shell.root.join(COMPONENTS);
    fs::create_dir_all(&folder)?;
    for function in FUNCTIONS {
        let module = wasm::small(shell, function, Target::Wasip1, "edge")?;
        let component = wasm::component(&wasm::smaller(shell, &module, &wasm::STORED)?)?;
        let name = function.replace('-', "_") + ".wasm";
        let bytes = fs::copy(&component, folder.join(&name))?;
        println!("{COMPONENTS}/{name}: {bytes} bytes");
    }
    Ok(())
}

/// Builds the host in a folder of its own below the build folder, so that whoever keeps that keeps this, and
/// returns the program.
///
/// # Errors
/// If it cannot be built.
pub(crate) fn host(shell: &Shell) -> anyhow::Result<PathBuf> {
    let folder = shell.target.join("spin-host");
    let mut build = shell.cargo(["build", "--workspace", "--locked", "--manifest-path", HOST]);
    shell::run(build.env("CARGO_TARGET_DIR", &folder))?;
    Ok(folder.join("debug/spin-host").with_extension(std::env::consts::EXE_EXTENSION))
}

/// [`host`], and the tests of its own parts.
///
/// # Errors
/// If it cannot be built or a test fails.
pub(crate) fn tested_host(shell: &Shell) -> anyhow::Result<()> {
    host(shell)?;
    shell::run(&mut shell.cargo(["fmt", "--all", "--check", "--manifest-path", HOST]))?;
    let mut test = shell.cargo(["test", "--workspace", "--locked", "--manifest-path", HOST]);
    shell::run(test.env("CARGO_TARGET_DIR", shell.target.join("spin-host")))
}

/// The suites of the functions, answered by components: each on SQLite, and on Postgres and Redis. What they need
/// must be built and installed.
///
/// # Errors
/// If a test fails.
pub(crate) fn whole_suites(shell: &Shell) -> anyhow::Result<()> {
    for (name, reason) in NOT_ON_SPIN {
        println!("left out: {name}: {reason}");
    }
    let left_out = NOT_ON_SPIN.iter().flat_map(|(name, _)| ["--skip", name]);
    for (runtime, suite) in RUNTIMES.iter().flat_map(|runtime| SUITES.map(|suite| (runtime, suite))) {
        let mut test = shell.cargo(["test", "-p", "tests", "--test", suite, "--", "--test-threads=2"]);
        println!("{suite} on {runtime}:");
        shell::run(test.args(left_out.clone()).env("BURGEE_TEST_RUNTIME", runtime))?;
    }
    Ok(())
}

/// `cargo xtask spin-host`: runs the application without Spin.
///
/// # Errors
/// If it cannot be built.
pub(crate) fn serve(shell: &Shell, arguments: &[String]) -> anyhow::Result<ExitCode> {
    components(shell)?;
    let program = host(shell)?;
    shell::run(shell.command(program).args(arguments))?;
    Ok(ExitCode::SUCCESS)
}
