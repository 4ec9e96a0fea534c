//! `burgee eval`: run conformance cases, or ask one snapshot.

mod cases;
mod expectation;
mod input;
mod question;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

/// Evaluate flags from files: run a folder of cases, or ask what a snapshot serves to a target.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Run every case in this file, or in the .json files of this folder and those in it
    #[arg(long, value_name = "DIR-OR-FILE", conflicts_with_all = ["snapshot", "flag", "all", "target", "explain"])]
    cases: Option<PathBuf>,

    /// Read flags and segments from this file
    #[arg(long, value_name = "FILE", required_unless_present = "cases")]
    snapshot: Option<PathBuf>,

    /// Evaluate this flag
    #[arg(long, value_name = "IDENTIFIER", required_unless_present_any = ["cases", "all"])]
    flag: Option<String>,

    /// Evaluate every flag
    #[arg(long)]
    all: bool,

    /// Evaluate for this target: {"identifier": "ann", "attributes": {"plan": "gold"}}, or an identifier
    #[arg(long, value_name = "JSON", default_value = "{}")]
    target: String,

    /// Show every check that was made
    #[arg(long)]
    explain: bool,
}

/// Does what the arguments ask for. A case that fails is no error, but fails the command.
///
/// # Errors
/// When input cannot be read: the file, the line and what was expected there.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    if let Some(path) = &arguments.cases {
        let tally = cases::run(path, &mut out)?;
        return Ok(if tally.succeeded() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let path = arguments.snapshot.as_deref().context("give --cases or --snapshot")?;
    question::answer(arguments, path, &mut out)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches};

    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        let command = Arguments::augment_args(Command::new("eval"));
        let matches = command.try_get_matches_from(["eval"].into_iter().chain(line.split_whitespace()))?;
        Arguments::from_arg_matches(&matches)
    }

    #[test]
    fn arguments_say_what_to_do() {
        for good in [
            "--cases spec/vectors",
            "--snapshot a.json --flag f",
            "--snapshot a.json --flag f --target ann --explain",
            "--snapshot a.json --all --target {}",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in ["", "--flag f", "--snapshot a.json", "--cases a --flag f", "--snapshot a --cases b"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
