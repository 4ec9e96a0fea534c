//! The recorded answers of published SDKs (`spec/recorded/`): ours are the same but where
//! `differences.json` says so, with the reason.

#![cfg(test)]

use std::collections::BTreeMap;
use std::path::Path;

use model::{Snapshot, Target};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Deserialize)]
struct Recording {
    target: Target,
    cases: Vec<Case>,
    #[serde(flatten)]
    snapshot: Snapshot,
}

#[derive(Deserialize)]
struct Case {
    flag: String,
    node_1_8_12: Value,
    python_1_7_5: Value,
}

#[derive(Deserialize)]
struct Differences {
    reasons: BTreeMap<String, String>,
    differences: Vec<Difference>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Difference {
    flag: String,
    sdk: String,
    theirs: Value,
    ours: Value,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct BucketVector {
    input: String,
    bucket: u8,
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/recorded").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn answers_differ_from_node_and_python_only_where_it_is_listed() {
    let recording: Recording = read("sdk-evaluations.json");
    let listed: Differences = read("differences.json");
    let (ruleset, _) = eval::compile(&recording.snapshot);

    let mut found = Vec::new();
    for case in &recording.cases {
        let flag = ruleset.flags().find(|flag| flag.id == case.flag).unwrap();
        let variation = ruleset.evaluate(flag.index, &recording.target).variation;
        let value = variation.and_then(|variation| eval::typed_value(flag.kind, &variation.value));
        let ours = value.unwrap_or_else(|| "default".into());
        for (sdk, theirs) in [("node", &case.node_1_8_12), ("python", &case.python_1_7_5)] {
            if *theirs != ours {
                let (theirs, ours) = (theirs.clone(), ours.clone());
                let (flag, sdk, reason) = (case.flag.clone(), sdk.to_owned(), String::new());
                found.push(Difference { flag, sdk, theirs, ours, reason });
            }
        }
    }

    let unexplained = listed.differences.iter().find(|entry| !listed.reasons.contains_key(&entry.reason));
    assert_eq!(unexplained, None, "a listed difference has no reason");
    let without_reason = |entry: &Difference| Difference { reason: String::new(), ..entry.clone() };
    let listed: Vec<Difference> = listed.differences.iter().map(without_reason).collect();
    let unlisted: Vec<_> = found.iter().filter(|entry| !listed.contains(entry)).collect();
    let vanished: Vec<_> = listed.iter().filter(|entry| !found.contains(entry)).collect();
    assert!(unlisted.is_empty(), "not listed in differences.json: {unlisted:#?}");
    assert!(vanished.is_empty(), "listed in differences.json, but our answer is the SDK's: {vanished:#?}");
    assert_eq!(recording.cases.len(), 757);
}

#[test]
fn buckets_are_those_of_node_and_python() {
    let vectors: Vec<BucketVector> = read("bucket-vectors.json");

    for BucketVector { input, bucket } in &vectors {
        let (attribute, value) = input.split_once(':').unwrap();
        assert_eq!(eval::bucket(attribute, value), *bucket, "{input}");
    }
    assert_eq!(vectors.len(), 360);
}
