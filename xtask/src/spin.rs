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

/// `cargo xtask spin`: builds the components.
///
/// # Errors
/// If one cannot be built.
pub(crate) fn components(shell: &Shell) -> anyhow::Result<()> {
    let folder = shell.root.join(COMPONENTS);
    fs::create_dir_all(&folder)?;
    for function in FUNCTIONS {
        let module = wasm::build(shell, function, Target::Wasip1, "edge")?;
        let component = wasm::component(&wasm::smaller(shell, &module)?)?;
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
