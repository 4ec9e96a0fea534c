//! The module against the native engine: every answer, text for text and number for number.

use std::io::{self, Write};
use std::time::Instant;

use anyhow::{Result, ensure};
use engine_host::{Edge, EnvironmentHandle};
use eval::{FlagEvaluation, Ruleset};
use model::{Snapshot, Target};

use crate::scenario::Scenario;

/// Environments after which a line tells how far it is.
const REPORT_EVERY: u64 = 2_000;

/// Compares environments from `seed` on, until there were `pairs` of a flag and a target.
///
/// # Errors
/// The first difference, with the seed that makes its environment again.
pub(crate) fn run(edge: &mut Edge, seed: u64, pairs: u64) -> Result<()> {
    let started = Instant::now();
    let mut compared = 0;
    let mut environments = 0;
    while compared < pairs {
        let scenario = Scenario::new(seed.wrapping_add(environments));
        compared += compare(edge, &scenario)?;
        environments += 1;
        if environments.is_multiple_of(REPORT_EVERY) || compared >= pairs {
            let (next, took) = (seed.wrapping_add(environments), started.elapsed());
            writeln!(
                io::stdout(),
                "{compared} pairs in {environments} environments agree, {took:.1?}; go on with BURGEE_SEED={next}"
            )?;
        }
    }
    Ok(())
}

/// How many pairs were compared.
fn compare(edge: &mut Edge, scenario: &Scenario) -> Result<u64> {
    let Scenario { seed, snapshot, targets } = scenario;
    let (ruleset, _) = eval::compile(snapshot);
    let environment = edge.load(&serde_json::to_string(snapshot)?)?;
    for target in targets {
        let native = Answers::of_native(snapshot, &ruleset, target)?;
        let module = Answers::of_module(edge, environment, &ruleset, target)?;
        ensure!(
            native == module,
            "BURGEE_SEED={seed}, target {}: the native engine says {native:#?}, the module {module:#?}",
            serde_json::to_string(target)?
        );
    }
    edge.unload(environment)?;
    Ok(u64::try_from(ruleset.len() * targets.len())?)
}

/// What is said of one target.
#[derive(Debug, Eq, PartialEq)]
struct Answers {
    all: String,
    /// Reasons and variations of all flags.
    packed: Vec<i32>,
    /// Explanations are long, so it is the one of [`explained`].
    explanation: String,
}

impl Answers {
    fn of_native(snapshot: &Snapshot, ruleset: &Ruleset, target: &Target) -> Result<Self> {
        let all: Vec<FlagEvaluation<'_>> = FlagEvaluation::all(ruleset, target).collect();
        let packed = ruleset.evaluate_all(target).map(|(flag, evaluation)| {
            let config = snapshot.flags.iter().find(|config| config.feature.as_str() == flag.id);
            let variations = config.into_iter().flat_map(|config| &config.variations);
            let served = evaluation.variation.map(|served| &served.identifier);
            let position = variations.map(|one| &one.identifier).position(|one| Some(one) == served);
            let number = position.map_or(0, |position| position + 1);
            Ok(i32::try_from(number)? << 4 | evaluation.reason as i32)
        });
        let packed: Result<Vec<i32>> = packed.collect();
        let explanation = match ruleset.flags().find(|flag| flag.id == explained(ruleset, target)) {
            Some(flag) => serde_json::to_string(&ruleset.explain(flag.index, target))?,
            None => String::new(),
        };
        Ok(Self { all: serde_json::to_string(&all)?, packed: packed?, explanation })
    }

    fn of_module(
        edge: &mut Edge,
        environment: EnvironmentHandle,
        ruleset: &Ruleset,
        target: &Target,
    ) -> Result<Self> {
        let handle = edge.intern(&serde_json::to_string(target)?)?;
        let answers = Self {
            all: edge.evaluate_all_json(environment, handle)?,
            packed: edge.evaluate_all(environment, handle)?,
            explanation: edge.explain_json(environment, explained(ruleset, target), handle)?,
        };
        edge.forget(handle)?;
        Ok(answers)
    }
}

/// A flag to explain: another one for targets of different length.
fn explained<'r>(ruleset: &'r Ruleset, target: &Target) -> &'r str {
    let position = target.identifier.len() % ruleset.len().max(1);
    ruleset.flags().nth(position).map_or("", |flag| flag.id)
}
