//! Conformance cases: files of flags, segments, targets and tests, as the SDKs' own suites have them
//! (spec/EVALUATION.md §10).

use std::io::Write;
use std::path::Path;

use eval::Ruleset;
use model::{FlagConfig, Segment, Snapshot, Target};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Value;

use super::expectation::Served;
use super::input;

/// How many tests came out how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    /// Whether there were tests and none failed.
    pub(super) fn succeeded(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

/// A case file. Everything may be missing or `null`; what is not known is ignored.
#[derive(serde::Deserialize)]
struct CaseFile {
    flags: Option<Vec<Option<FlagConfig>>>,
    segments: Option<Vec<Option<Segment>>>,
    targets: Option<Vec<Option<Target>>>,
    tests: Option<Vec<Option<Test>>>,
}

#[derive(serde::Deserialize)]
struct Test {
    flag: String,
    #[serde(default)]
    target: TestTarget,
    #[serde(default)]
    expected: Value,
}

/// For whom a test evaluates.
#[derive(Default)]
enum TestTarget {
    /// One of the file's targets; one that is not among them is nobody in particular.
    Named(String),
    /// Written out.
    Whole(Target),
    #[default]
    Nobody,
}

impl<'de> Deserialize<'de> for TestTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::Nobody),
            Value::String(id) => Ok(Self::Named(id)),
            whole @ Value::Object(_) => Target::deserialize(whole).map(Self::Whole).map_err(D::Error::custom),
            other => {
                Err(D::Error::custom(format!("{other} is no target: expected an identifier or an object")))
            }
        }
    }
}

/// Runs all cases under a path and writes what failed, and at the end how many passed and failed.
///
/// A file that cannot be read is one failure, and the others are run.
pub(super) fn run(path: &Path, out: &mut impl Write) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for file in input::json_files(path)? {
        match input::read(&file).and_then(|text| input::one_or_many::<CaseFile>(&text)) {
            Ok(documents) => {
                for document in documents {
                    run_file(document, &file, &mut tally, out)?;
                }
            }
            Err(error) => {
                writeln!(out, "FAILED {}: {error:#}", file.display())?;
                tally.failed += 1;
            }
        }
    }
    if tally == Tally::default() {
        writeln!(out, "{}: there are no tests; they are expected in the list \"tests\"", path.display())?;
    }
    writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
    Ok(tally)
}

fn run_file(document: CaseFile, file: &Path, tally: &mut Tally, out: &mut impl Write) -> anyhow::Result<()> {
    let snapshot = Snapshot {
        flags: document.flags.into_iter().flatten().flatten().collect(),
        segments: document.segments.into_iter().flatten().flatten().collect(),
        ..Snapshot::default()
    };
    let (ruleset, warnings) = eval::compile(&snapshot);
    let targets: Vec<Target> = document.targets.into_iter().flatten().flatten().collect();
    let failed_before = tally.failed;
    for (number, test) in (1..).zip(document.tests.into_iter().flatten().flatten()) {
        let target = test.target.of(&targets);
        let Some(answer) = failure(&test, &target, &snapshot, &ruleset) else {
            tally.passed += 1;
            continue;
        };
        tally.failed += 1;
        writeln!(out, "FAILED {}: test {number}: expected {}, but {answer}", file.display(), test.expected)?;
    }
    if tally.failed > failed_before {
        for warning in warnings {
            writeln!(out, "  note: {warning}")?;
        }
    }
    Ok(())
}

/// What was answered instead of what is expected; nothing if it is what is expected.
fn failure(test: &Test, target: &Target, snapshot: &Snapshot, ruleset: &Ruleset) -> Option<String> {
    // Of two flags with the same identifier the last counts, as in the ruleset.
    let config = snapshot.flags.iter().rfind(|flag| *flag.feature.as_str() == *test.flag);
    let found = config.zip(ruleset.flag(&test.flag));
    let Some((config, index)) = found else {
        let answer = || format!("there is no flag {:?}", test.flag);
        return (!test.expected.is_null()).then(answer);
    };
    let variation = ruleset.evaluate(index, target).variation;
    let served = Served { kind: config.kind, variations: &config.variations, variation };
    (!served.is(&test.expected)).then(|| ruleset.explain(index, target).to_string())
}

impl TestTarget {
    fn of(&self, targets: &[Target]) -> Target {
        match self {
            Self::Named(id) => {
                targets.iter().rfind(|target| *target.identifier == **id).cloned().unwrap_or_default()
            }
            Self::Whole(target) => target.clone(),
            Self::Nobody => Target::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A boolean flag that is on for ann, and what a file of cases may have besides.
    const FILE: &str = r#"{"apiVersion": "1.0", "comment": "…", "segments": null, "flags": [null, {
        "feature": "flag", "state": "on", "kind": "boolean", "offVariation": "off", "rules": null,
        "variations": [{"identifier": "on", "value": "true", "description": null}, {"identifier": "off", "value": "false"}],
        "defaultServe": {"distribution": null, "variation": "off"}, "prerequisites": null,
        "variationToTargetMap": [{"variation": "on", "targets": [{"identifier": "ann"}]}]}],
        "targets": [{"identifier": "ann", "attributes": null}],
        "tests": [TESTS]}"#;

    /// What `run` says about a folder with one file in a folder.
    fn run_text(text: &str) -> (Tally, String) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/case.json"), text).unwrap();
        let mut out = Vec::new();
        let tally = run(folder.path(), &mut out).unwrap();
        (tally, String::from_utf8(out).unwrap())
    }

    fn run_tests(tests: &str) -> (Tally, String) {
        run_text(&FILE.replace("TESTS", tests))
    }

    #[test]
    fn cases_pass_with_nulls_missing_fields_and_unknown_targets() {
        let (tally, out) = run_tests(
            r#"{"flag": "flag", "target": "ann", "expected": true, "comment": "listed"},
               {"flag": "flag", "target": "nobody", "expected": false}, null,
               {"flag": "flag", "target": null, "expected": "false"},
               {"flag": "flag", "target": {"identifier": "ann"}, "expected": true},
               {"flag": "missing", "expected": null},
               {"flag": "flag", "expected": false}"#,
        );

        assert_eq!(out, "6 passed, 0 failed\n");
        assert!(tally.succeeded());
    }

    #[test]
    fn failure_is_shown_with_its_explanation() {
        let (tally, out) = run_tests(r#"{"flag": "flag", "target": "ann", "expected": false}"#);

        assert!(
            out.contains("inner/case.json: test 1: expected false, but flag \"flag\" serves \"on\""),
            "{out}"
        );
        assert!(out.contains("target map for \"on\": lists it by name"), "{out}");
        assert!(out.ends_with("\n0 passed, 1 failed\n"), "{out}");
        assert!(!tally.succeeded());
    }

    #[test]
    fn unreadable_file_is_a_failure_with_its_line() {
        let (tally, out) = run_text("{\"tests\": [\n  {\"expected\": true}]}");

        assert!(out.contains("case.json: line 2, column 20: tests[0]: missing field `flag`"), "{out}");
        assert_eq!(tally, Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn list_of_cases_is_run_one_by_one() {
        let one = FILE.replace("TESTS", r#"{"flag": "flag", "expected": false}"#);
        let (tally, _) = run_text(&format!("[{one}, {{}}, null, {one}]"));

        assert_eq!(tally, Tally { passed: 2, failed: 0 });
    }

    #[test]
    fn folder_without_tests_does_not_pass() {
        let (tally, out) = run_text("{}");

        assert!(out.contains("there are no tests"), "{out}");
        assert!(!tally.succeeded());
    }
}
