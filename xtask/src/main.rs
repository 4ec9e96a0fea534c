//! The project's chores, the same on every machine: `cargo xtask serve`, `ci`, `test`, `soak`, `wasm`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on its terminal")]

mod install;
mod lambda;
mod metadata;
mod python;
mod report;
mod serve;
mod shell;
mod soak;
mod spin;
mod suites;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::shell::Shell;

/// The project's chores. Every command prints what it runs.
///
/// Child cargo calls build in CARGO_TARGET_DIR or, where that is not set, in ~/.cache/burgee/target,
/// so that several clones share one set of built dependencies.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build `burgee` and run `burgee serve`; data goes to ./data unless --data or BURGEE_DATA says otherwise.
    Serve {
        /// Handed to `burgee serve` as they stand, for example --listen 127.0.0.1:8080.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The checks without end-to-end tests: fmt, clippy, tidy (with the openapi lint), deny.
    Ci,
    /// `ci`, then every test, suite by suite with time and budget. Installs what it needs.
    Test {
        /// Run only these suites, by the names in the table.
        suites: Vec<String>,
    },
    /// The long runs and the peers, by hand: all, or those that are named.
    Soak {
        /// Which.
        parts: Vec<soak::Part>,
    },
    /// Build a package as a WebAssembly module, for WASI as a component, and print its path on the last line.
    ///
    /// The standard library comes from rustup or, where it cannot download, from Debian's packages.
    Wasm {
        /// Which. Without it, the engine, for its npm package.
        package: Option<String>,
        /// What for.
        #[arg(long, default_value = "wasm32-unknown-unknown")]
        target: wasm::Target,
        /// Cargo's profile.
        #[arg(long, default_value = "release")]
        profile: String,
    },
    /// Build the components for Spin into infra/spin/components.
    Spin,
    /// Run infra/spin/spin.toml where there is no `spin`; data goes to ./.spin.
    SpinHost {
        /// Handed to the host as they stand, for example --variable burgee_admin_token=… --listen 127.0.0.1:3000.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Serve the functions locally as Lambda runs them, by cargo-lambda with the settings in .env.
    Lambda {
        /// Handed to `cargo lambda watch` as they stand, for example --invoke-port 8080.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Install the published Python SDK, unless it is, and print its interpreter on the last line.
    Python,
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    let shell = Shell::new()?;
    match task {
        Task::Serve { arguments } => serve::serve(&shell, &arguments),
        Task::Ci => suites::run(&shell, suites::checks(), &[]),
        Task::Test { suites: wanted } => suites::run(&shell, suites::all(&shell)?, &wanted),
        Task::Soak { parts } => soak::run(&shell, &parts),
        Task::Spin => spin::components(&shell).map(|()| ExitCode::SUCCESS),
        Task::SpinHost { arguments } => spin::serve(&shell, &arguments),
        Task::Wasm { package, target, profile } => wasm::run(&shell, package.as_deref(), target, &profile),
        Task::Lambda { arguments } => lambda::watch(&shell, &arguments).map(|()| ExitCode::SUCCESS),
        Task::Python => {
            println!("{}", python::installed(&shell)?.display());
            Ok(ExitCode::SUCCESS)
        }
    }
}
