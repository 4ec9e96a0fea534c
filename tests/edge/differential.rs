//! The module against the native engine, on random environments: every answer, text for text. In wasmtime and, fewer
//! because it takes longer, through the npm package in Node.js.

use std::fs;
use std::path::Path;
use std::time::Instant;

use eval::{FlagEvaluation, Reason};
use serde_json::{Value, json};
use tests::seed::{is_soak, seed};

use crate::package::Installed;
use crate::scenario::Scenario;
use crate::vectors::engine_host;

/// Pairs of a flag and a target in one run.
const PAIRS: usize = 100_000;
const PAIRS_SOAK: usize = 1_000_000;
const WASMTIME_PAIRS_SOAK: usize = 10_000_000;
/// Environments that Node.js is given at once.
const BATCH: u64 = 200;

#[test]
fn the_module_answers_as_the_native_engine_does_in_wasmtime() {
    let pairs = if is_soak() { WASMTIME_PAIRS_SOAK } else { PAIRS };

    let mut host = engine_host();
    host.args(["differential", "--seed", &seed().to_string(), "--pairs", &pairs.to_string()]);

    assert!(host.status().unwrap().success(), "what differs stands above");
}

#[test]
fn the_module_answers_as_the_native_engine_does_in_node() {
    let installed = Installed::new();
    let wanted = if is_soak() { PAIRS_SOAK } else { PAIRS };
    let first = seed();
    let started = Instant::now();
    let mut pairs = 0;
    let mut environments = 0;
    while pairs < wanted {
        let seeds = (0..BATCH).map(|offset| first.wrapping_add(environments + offset));
        let (cases, count): (Vec<Value>, Vec<usize>) = seeds.map(case).unzip();
        assert_eq!(differences(&installed, &cases), json!([]), "BURGEE_SEED={first}");
        pairs += count.iter().sum::<usize>();
        environments += BATCH;
    }
    println!("{pairs} pairs in {environments} environments agree, {:.1?}", started.elapsed());
}

/// A scenario with what the native engine answers, and how many pairs that are.
fn case(seed: u64) -> (Value, usize) {
    let Scenario { snapshot, targets, .. } = Scenario::new(seed);
    let (ruleset, _) = eval::compile(&snapshot);
    let answers = targets.iter().map(|target| {
        let all: Vec<FlagEvaluation<'_>> = FlagEvaluation::all(&ruleset, target).collect();
        let reasons: Vec<Reason> = ruleset
            .evaluate_all(target)
            .filter(|(_, evaluation)| evaluation.variation.is_some())
            .map(|(_, evaluation)| evaluation.reason)
            .collect();
        // Explanations are large, so of each target one.
        let explained = ruleset.flags().nth(target.identifier.len() % ruleset.len()).unwrap();
        json!({
            "target": json!(target).to_string(),
            "all": serde_json::to_string(&all).unwrap(),
            "reasons": reasons,
            "explained": explained.id,
            "explanation": ruleset.explain(explained.index, target),
        })
    });
    let answers: Vec<Value> = answers.collect();
    let case = json!({"seed": seed, "snapshot": json!(snapshot).to_string(), "answers": answers});
    (case, ruleset.len() * targets.len())
}

fn differences(installed: &Installed, cases: &[Value]) -> Value {
    let file = installed.path().join("cases.json");
    write(&file, cases);
    let output = installed.node("differential.mjs").arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn write(file: &Path, cases: &[Value]) {
    fs::write(file, serde_json::to_vec(cases).unwrap()).unwrap();
}
