//! The cases of the specification in every runtime that the module is for: all answers of the native engine, text
//! for text, and each case as specified.

use std::fs;
use std::path::Path;
use std::process::Command;

use eval::FlagEvaluation;
use model::{Snapshot, Target};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::binary;
use tests::repository::root;
use tests::wire::send;

use crate::package::Installed;
use crate::workerd::Worker;

#[test]
fn node_answers_every_vector_as_specified() {
    let installed = Installed::new();
    let (cases, file) = (cases_of_all_files(), installed.path().join("cases.json"));
    fs::write(&file, cases.to_string()).unwrap();
    fs::copy(root().join("tests/edge/cases.mjs"), installed.path().join("cases.mjs")).unwrap();

    let said = output(installed.node("vectors.mjs").arg(file));

    assert_eq!(said["failures"], json!([]));
    assert_eq!(said["answers"], native(&cases));
}

#[test]
fn workerd_answers_every_vector_as_specified() {
    let cases = cases_of_all_files();
    let modules = [("vectors.mjs", "tests/edge/workerd/vectors.mjs"), ("cases.mjs", "tests/edge/cases.mjs")];
    let worker = Worker { modules: &modules, variables: &[], kv: None }.start();

    let (status, said) = send("POST", &worker.url, &[], Some(&cases));

    assert_eq!((status, &said["failures"]), (200, &json!([])), "{said}");
    assert_eq!(said["answers"], native(&cases));
}

#[test]
fn wasmtime_answers_every_vector_as_the_native_engine_does() {
    let folder = TempDir::new().unwrap();
    let (cases, file) = (cases_of_all_files(), folder.path().join("cases.json"));
    fs::write(&file, cases.to_string()).unwrap();

    let said = output(engine_host().arg("answers").arg(file));

    assert_eq!(said, native(&cases));
}

/// The program that runs the module in wasmtime.
pub(crate) fn engine_host() -> Command {
    let mut command = Command::new(binary::of_hosts("engine-host"));
    command.arg(root().join("eval-wasm/js/eval.wasm"));
    command
}

fn output(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the native engine answers: for each case of each file, all flags as text.
fn native(files: &Value) -> Value {
    let answers = files.as_array().unwrap().iter().map(|file| {
        let snapshot: Snapshot = serde_json::from_str(file["snapshot"].as_str().unwrap()).unwrap();
        let (ruleset, _) = eval::compile(&snapshot);
        let cases = file["cases"].as_array().unwrap().iter().map(|case| {
            let target: Target = serde_json::from_str(case["target"].as_str().unwrap()).unwrap();
            serde_json::to_string(&FlagEvaluation::all(&ruleset, &target).collect::<Vec<_>>()).unwrap()
        });
        cases.collect()
    });
    let answers: Vec<Vec<String>> = answers.collect();
    let cases: usize = answers.iter().map(Vec::len).sum();
    assert!(cases > 300, "{cases} cases are not all of them");
    json!(answers)
}

/// Snapshots and targets as texts: JavaScript would round numbers of 17 digits while it reads them.
fn cases_of_all_files() -> Value {
    let mut paths: Vec<_> =
        fs::read_dir(root().join("spec/vectors")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| cases_of(path)).collect()
}

fn cases_of(path: &Path) -> Value {
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let listed = |id: &Value| {
        let targets = file["targets"].as_array().into_iter().flatten();
        let id = id.as_str()?;
        targets.into_iter().find(|target| target["identifier"].as_str().unwrap_or_default() == id)
    };
    let cases = file["tests"].as_array().into_iter().flatten().map(|case| {
        // A target that is not listed is nobody in particular.
        let target = listed(&case["target"]).map_or("{}".to_owned(), Value::to_string);
        json!({"flag": case["flag"], "target": target, "expected": case["expected"], "comment": case["comment"]})
    });
    let snapshot = json!({"flags": file["flags"], "segments": file["segments"]}).to_string();
    json!({"name": path.file_name().unwrap().to_str(), "snapshot": snapshot, "cases": cases.collect::<Vec<_>>()})
}
