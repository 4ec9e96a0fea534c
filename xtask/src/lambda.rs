//! The functions on this machine as Lambda runs them, by cargo-lambda.

use std::fs;

use anyhow::Context;

use crate::python;
use crate::shell::{self, Shell};

const SETTINGS: &str = ".env";
const EXAMPLE: &str = ".env.example";

/// In the example, where this checkout is.
const CHECKOUT: &str = "{checkout}";

/// Serves the functions until Ctrl-C, on the paths that they have behind one host name. A function is started by
/// the first request for it.
///
/// # Errors
/// If cargo-lambda cannot be installed or ends with an error.
pub(crate) fn watch(shell: &Shell, arguments: &[String]) -> anyhow::Result<()> {
    let cargo_lambda = python::with_aws_tools(shell)?.with_file_name("cargo-lambda");
    make_settings(shell)?;
    // Before, or the first request would wait for the compiler; and each alone, as cargo-lambda does: together they
    // would have other features of shared dependencies, and be built again.
    for function in ["fn-admin", "fn-client", "fn-metrics-ingest", "fn-metrics-process"] {
        shell::run(&mut shell.cargo(["build", "--package", function, "--bin", function]))?;
    }
    let mut watch = shell.command(cargo_lambda);
    watch.args([
        "lambda",
        "watch",
        "--ignore-changes",
        "--invoke-address",
        "127.0.0.1",
        "--env-file",
        SETTINGS,
    ]);
    shell::run(watch.args(arguments).env("CARGO_TARGET_DIR", &shell.target))
}

/// Makes the settings and the folder that they name, unless there are settings.
fn make_settings(shell: &Shell) -> anyhow::Result<()> {
    let settings = shell.root.join(SETTINGS);
    if settings.exists() {
        return Ok(());
    }
    let example = fs::read_to_string(shell.root.join(EXAMPLE)).context(EXAMPLE)?;
    fs::create_dir_all(shell.root.join("data/lambda"))?;
    fs::write(settings, example.replace(CHECKOUT, &shell.root.display().to_string()))?;
    Ok(())
}
