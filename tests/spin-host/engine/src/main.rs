//! Puts questions to the engine's module, and compares what it says with the native engine.

mod differential;

// Environments made by chance, shared with the comparison with the published SDKs.
#[path = "../../../differential/rules.rs"]
mod rules;
#[path = "../../../differential/scenario.rs"]
mod scenario;
#[path = "../../../differential/targets.rs"]
#[expect(dead_code, reason = "the comparison with the published SDKs asks for more")]
mod targets;
#[path = "../../../differential/texts.rs"]
mod texts;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use engine_host::Edge;
use serde::Deserialize;

/// As for everybody who runs the module: it never needs more.
const MEMORY_BYTES_MAX: usize = 64 << 20;

/// Runs the engine's module in wasmtime.
#[derive(Parser)]
struct Arguments {
    /// The module.
    module: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints, for each snapshot in a file and each of its targets, the answers of all flags.
    Answers {
        /// JSON: `[{"snapshot": "{…}", "cases": [{"target": "{…}"}]}]`.
        file: PathBuf,
    },
    /// Compares the module with the native engine on environments made by chance.
    Differential {
        /// The first environment; what is printed meanwhile goes on from there.
        #[arg(long)]
        seed: u64,
        /// How many pairs of a flag and a target to compare at least.
        #[arg(long)]
        pairs: u64,
    },
}

#[derive(Deserialize)]
struct Questions {
    snapshot: String,
    cases: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    target: String,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let wasm = fs::read(&arguments.module).with_context(|| arguments.module.display().to_string())?;
    let mut edge = Edge::start(&wasm, MEMORY_BYTES_MAX)?;
    match arguments.command {
        Command::Answers { file } => {
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let asked: Vec<Questions> = serde_json::from_str(&text)?;
            let answers: Result<Vec<_>> =
                asked.iter().map(|questions| answers(&mut edge, questions)).collect();
            writeln!(io::stdout(), "{}", serde_json::to_string(&answers?)?)?;
            Ok(())
        }
        Command::Differential { seed, pairs } => differential::run(&mut edge, seed, pairs),
    }
}

fn answers(edge: &mut Edge, questions: &Questions) -> Result<Vec<String>> {
    let environment = edge.load(&questions.snapshot)?;
    let answers = questions.cases.iter().map(|question| {
        let target = edge.intern(&question.target)?;
        let answers = edge.evaluate_all_json(environment, target)?;
        edge.forget(target)?;
        Ok(answers)
    });
    let answers = answers.collect();
    edge.unload(environment)?;
    answers
}
