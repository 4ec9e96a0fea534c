//! The specification as cases (`spec/vectors`), run on rulesets that were compiled and on ones that
//! were patched together; and inputs that once made the engine fail (`spec/regressions`).

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use eval::Ruleset;
use model::{FlagConfig, ObjectChange, Segment, Snapshot, Target, Version};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct CaseFile {
    #[serde(default)]
    flags: Vec<Option<FlagConfig>>,
    #[serde(default)]
    segments: Vec<Option<Segment>>,
    #[serde(default)]
    targets: Vec<Option<Target>>,
    #[serde(default)]
    tests: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    flag: String,
    #[serde(default)]
    target: Option<String>,
    expected: Value,
    comment: String,
}

impl CaseFile {
    fn snapshot(&self) -> Snapshot {
        Snapshot {
            flags: self.flags.iter().flatten().cloned().collect(),
            segments: self.segments.iter().flatten().cloned().collect(),
            ..Snapshot::default()
        }
    }

    /// A target that is not listed is nobody in particular.
    fn target(&self, id: Option<&str>) -> Target {
        let listed = self.targets.iter().flatten().find(|target| Some(&*target.identifier) == id);
        listed.cloned().unwrap_or_default()
    }

    /// Every test whose answer is not what is expected, with how it came about.
    fn failures(&self, ruleset: &Ruleset) -> Vec<String> {
        let failed = |case: &Case| {
            let target = self.target(case.target.as_deref());
            let flag = ruleset.flag(&case.flag).and_then(|index| ruleset.describe(index));
            let value = flag.and_then(|flag| {
                let variation = ruleset.evaluate(flag.index, &target).variation?;
                eval::typed_value(flag.kind, &variation.value)
            });
            let explain = || flag.map(|flag| ruleset.explain(flag.index, &target).to_string());
            let (flag, expected, comment) = (&case.flag, &case.expected, &case.comment);
            let answer = value.unwrap_or(Value::Null);
            (answer != *expected).then(|| {
                format!(
                    "{flag}: {comment} Expected {expected}, got {answer}\n{}\n",
                    explain().unwrap_or_default()
                )
            })
        };
        self.tests.iter().filter_map(failed).collect()
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

fn vectors() -> Vec<(PathBuf, CaseFile)> {
    let read = |path: PathBuf| {
        let file = serde_json::from_str(&fs::read_to_string(&path).unwrap());
        let file = file.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, file)
    };
    files("vectors").into_iter().map(read).collect()
}

#[test]
fn compiled_rulesets_answer_as_specified() {
    let mut tests = 0;
    for (path, file) in vectors() {
        let (ruleset, _) = eval::compile(&file.snapshot());

        let failures = file.failures(&ruleset);

        assert!(failures.is_empty(), "{}:\n{}", path.display(), failures.join("\n"));
        tests += file.tests.len();
    }
    assert!(tests > 300, "only {tests} tests were found");
}

#[test]
fn patched_rulesets_answer_as_specified() {
    for (path, file) in vectors() {
        let snapshot = file.snapshot();
        let flags = snapshot.flags.into_iter().map(ObjectChange::Flag);
        let changes = flags.chain(snapshot.segments.into_iter().map(ObjectChange::Segment));
        let mut ruleset = Ruleset::default();
        for (change, version) in changes.zip(1..) {
            ruleset.apply(&[change], Version(version));
        }

        let failures = file.failures(&ruleset);

        assert!(failures.is_empty(), "{}:\n{}", path.display(), failures.join("\n"));
    }
}

#[test]
fn what_once_failed_is_evaluated() {
    for path in files("regressions") {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let Ok(snapshot) = serde_json::from_str::<Snapshot>(&text) else { continue };
        let (ruleset, _) = eval::compile(&snapshot);
        for target in [Target::default(), Target::bare("ann")] {
            for (flag, evaluation) in ruleset.evaluate_all(&target) {
                assert_eq!(ruleset.explain(flag.index, &target).reason, evaluation.reason);
            }
        }
        if let Ok(file) = serde_json::from_str::<CaseFile>(&text) {
            assert_eq!(file.failures(&ruleset), Vec::<String>::new(), "{}", path.display());
        }
    }
}
