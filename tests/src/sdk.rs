//! The published SDKs as programs that evaluate whole environments at once.
//!
//! For conversations with one SDK, see [`driver`](crate::driver).

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use model::{FlagKind, Target};
use serde_json::{Number, Value, json};
use tempfile::TempDir;

use crate::binary::cargo;
use crate::deadline::wait_until;
use crate::process::Process;
use crate::repository::root;

/// A published server SDK, unmodified, in the version that its manifest under `sdks` names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sdk {
    /// `@harnessio/ff-nodejs-server-sdk`.
    Node,
    /// `harness-featureflags`.
    Python,
}

/// What to ask of one environment: each flag for each target.
pub struct Questions<'a> {
    /// A server SDK key.
    pub key: String,
    /// Flags, each to be asked for as its kind.
    pub flags: Vec<(&'a str, FlagKind)>,
    /// Whom to evaluate for.
    pub targets: &'a [Target],
}

/// What a call of an SDK gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A value of the flag's kind. Numbers are floating-point, as in most SDKs: `1` and `1.0` are equal.
    Value(Value),
    /// The default that the caller gave.
    Default,
    /// It threw or raised; `TypeError` or some such.
    Raised(String),
}

/// The interpreter with the packages of `tests/sdks/python/requirements.txt`.
pub fn python() -> &'static Path {
    &PYTHON
}

/// The interpreter with the SDK's packages: what `BURGEE_PYTHON` names, else what xtask installs now.
static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(path) = std::env::var_os("BURGEE_PYTHON") {
        return path.into();
    }
    let arguments = ["run", "--quiet", "--package", "xtask", "--", "python"];
    let ran = cargo().args(arguments).stderr(Stdio::inherit()).output();
    let ran = ran.unwrap_or_else(|error| panic!("cannot start cargo: {error}"));
    assert!(ran.status.success(), "cargo {} failed", arguments.join(" "));
    let printed = String::from_utf8_lossy(&ran.stdout);
    PathBuf::from(printed.lines().last().unwrap_or_default())
});

impl Sdk {
    /// Lets the SDK, in a process of its own, load the environments from the server at `url` and answer
    /// everything. The answers are by environment, then by target, then by flag.
    ///
    /// # Panics
    /// If it does not end within `limit`, or not with an answer to everything; the message shows what it
    /// wrote.
    pub fn evaluate(
        self,
        url: &str,
        environments: &[Questions<'_>],
        limit: Duration,
    ) -> Vec<Vec<Vec<Answer>>> {
        let folder = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let file = |name| folder.path().join(name);
        let job = json!({ "url": url, "environments": environments.iter().map(Questions::to_json).collect::<Vec<_>>() });
        fs::write(file("job"), job.to_string())
            .unwrap_or_else(|error| panic!("cannot write the job: {error}"));
        let create =
            |name| File::create(file(name)).unwrap_or_else(|error| panic!("cannot create {name}: {error}"));

        let mut command = self.command();
        command.arg(file("job")).stdin(Stdio::null()).stdout(create("answers")).stderr(create("errors"));
        let mut process = Process::start(&mut command);
        let ended = wait_until(limit, || process.ended());

        let errors = fs::read_to_string(file("errors")).unwrap_or_default();
        assert!(ended.is_some_and(|status| status.success()), "{self} did not end well: {ended:?}\n{errors}");
        let answers = fs::read_to_string(file("answers")).unwrap_or_default();
        let mut lines = answers.lines().map(read_line);
        let each = environments.iter().map(|environment| {
            let answers: Vec<_> = lines.by_ref().take(environment.targets.len()).collect();
            let complete = answers.iter().all(|of_target| of_target.len() == environment.flags.len());
            assert!(
                complete && answers.len() == environment.targets.len(),
                "{self} left something out\n{errors}"
            );
            answers
        });
        each.collect()
    }

    fn command(self) -> Command {
        match self {
            Self::Node => node_script("node/evaluate.mjs"),
            Self::Python => python_script("python/evaluate.py"),
        }
    }
}

/// Node with a script below `tests/sdks`.
///
/// # Panics
/// If the packages that the script imports are not installed.
pub fn node_script(script: &str) -> Command {
    let script = root().join("tests/sdks").join(script);
    assert_installed(&script.with_file_name("node_modules"));
    let mut node = Command::new("node");
    node.arg(script);
    without_proxies(node)
}

/// Says what to run where a folder with packages of Node.js is missing.
///
/// # Panics
/// If it is.
pub fn assert_installed(packages: &Path) {
    assert!(packages.is_dir(), "{} is missing; run: cargo xtask test install", packages.display());
}

/// Python with a script below `tests/sdks` and the packages of the published SDK.
pub fn python_script(script: &str) -> Command {
    let mut python = Command::new(python());
    python.arg(root().join("tests/sdks").join(script));
    without_proxies(python)
}

/// SDKs would go through a proxy of the environment, even to this machine.
fn without_proxies(mut command: Command) -> Command {
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
}

impl fmt::Display for Sdk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node => "Node",
            Self::Python => "Python",
        })
    }
}

impl Questions<'_> {
    fn to_json(&self) -> Value {
        let flags =
            self.flags.iter().map(|(identifier, kind)| json!({ "identifier": identifier, "kind": kind }));
        json!({ "key": self.key, "flags": flags.collect::<Vec<_>>(), "targets": self.targets })
    }
}

impl Answer {
    /// A value, with its numbers made floating-point.
    pub fn of(value: Value) -> Self {
        Self::Value(floating(value))
    }

    fn read(answer: &Value) -> Self {
        match (answer.get("value"), answer.get("raised").and_then(Value::as_str)) {
            (Some(value), _) => Self::of(value.clone()),
            (None, Some(raised)) => Self::Raised(raised.to_owned()),
            (None, None) => Self::Default,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Default => f.write_str("the caller's default"),
            Self::Raised(error) => f.write_str(error),
        }
    }
}

fn read_line(line: &str) -> Vec<Answer> {
    let answers: Vec<Value> =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
    answers.iter().map(Answer::read).collect()
}

fn floating(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let float = number.as_f64().and_then(Number::from_f64);
            Value::Number(float.unwrap_or(number))
        }
        Value::Array(items) => items.into_iter().map(floating).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, field)| (name, floating(field))).collect(),
        other => other,
    }
}
