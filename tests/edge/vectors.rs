//! `spec/vectors` in Node.js, by the installed package.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tests::repository::root;

use crate::package::Installed;

#[test]
fn node_answers_every_vector_as_specified() {
    let installed = Installed::new();
    let cases = installed.path().join("cases.json");
    fs::write(&cases, cases_of_all_files().to_string()).unwrap();

    let output = installed.node("vectors.mjs").arg(cases).output().unwrap();

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["failures"], json!([]));
    assert!(said["tests"].as_u64().is_some_and(|tests| tests > 300), "{said}");
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
