//! The one binary: everything in one process, and the tools around it.

mod audit;
mod backup;
mod data;
mod doctor;
mod erase;
mod eval_command;
mod export;
mod import;
mod migrate;
mod publish;
mod ready;
mod relay_directory;
mod repair;
mod restore;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

/// A ruleset is tens of thousands of small pieces that come and go together. The system's allocator gives
/// their pages back and asks for them again each time: ten thousand flags took twice as long to read.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Feature flags that the Harness SDKs you already ship can read.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve everything on one port, with nothing else installed.
    Serve(serve::Arguments),
    /// Bring a data folder, or the database that BURGEE_DATABASE_URL names, to this program's schema; `serve` does so
    /// by itself
    Migrate(migrate::Arguments),
    /// Evaluate flags from a file, or check a folder of conformance cases
    Eval(eval_command::Arguments),
    /// Look after the history of changes
    #[command(subcommand)]
    Audit(audit::Command),
    /// Look at data folder, schema, clock, port, keys and history, and say what is wrong
    Doctor(doctor::Arguments),
    /// Ask the server on this machine whether it is ready: the exit code says so, for a container's health check
    Ready(ready::Arguments),
    /// Copy everything into one file, also while a server is running
    Backup(backup::Arguments),
    /// Put a backup in the place of what is there
    Restore(restore::Arguments),
    /// Put right what a mishap left behind
    #[command(subcommand)]
    Repair(repair::Command),
    /// Forget a target: its personal data, everywhere
    Erase(erase::Arguments),
    /// Bring along flags, target groups, targets and SDK keys from another system
    #[command(subcommand)]
    Import(import::Command),
    /// Write what an installation holds as files of another system
    #[command(subcommand)]
    Export(export::Command),
    /// Keep the KV namespace of Cloudflare Workers at what is served
    Publish(publish::Arguments),
    /// Print the environment variables that `serve` reads
    Settings {
        /// As the page docs/config.md
        #[arg(long)]
        markdown: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Eval(arguments) => eval_command::run(&arguments),
        Command::Audit(command) => audit::run(&command),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Ready(arguments) => ready::run(&arguments),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Repair(command) => repair::run(&command),
        Command::Erase(arguments) => erase::run(&arguments),
        Command::Import(command) => import::run(&command),
        Command::Export(command) => export::run(&command),
        Command::Publish(arguments) => publish::run(&arguments),
        Command::Settings { markdown } => serve::print_settings(markdown),
    };
    result.unwrap_or_else(|error| {
        complain(&error);
        ExitCode::FAILURE
    })
}

/// One sentence on standard error, whatever the log level.
#[expect(clippy::print_stderr, reason = "this is what a command line program answers with")]
fn complain(error: &anyhow::Error) {
    eprintln!("burgee: {error:#}");
}
