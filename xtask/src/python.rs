//! Python programs, in virtual environments outside the checkout: the published SDK with schemathesis, and what
//! checks and runs infra/aws.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::install::debian_package;
use crate::shell::{self, Shell, succeeds};

/// The published SDK and schemathesis.
const SDKS: &str = "tests/sdks/python/requirements.txt";

/// cfn-lint, the SAM CLI, cargo-lambda and hadolint.
const AWS: &str = "infra/aws/requirements.txt";

/// The interpreter that finds the published SDK, if that is installed.
pub(crate) fn found(shell: &Shell) -> Option<PathBuf> {
    let interpreter = interpreter(&folder(shell, SDKS).ok()?);
    interpreter.is_file().then_some(interpreter)
}

/// Installs the published SDK unless it is, and returns the interpreter that finds it.
///
/// # Errors
/// If there is no Python 3, or pip fails.
pub(crate) fn installed(shell: &Shell) -> anyhow::Result<PathBuf> {
    install(shell, SDKS)
}

/// Installs cfn-lint, the SAM CLI, cargo-lambda and hadolint unless they are, and returns the interpreter that finds them; the program
/// cargo-lambda is beside it.
///
/// # Errors
/// If there is no Python 3, or pip fails.
pub(crate) fn with_aws_tools(shell: &Shell) -> anyhow::Result<PathBuf> {
    install(shell, AWS)
}

fn install(shell: &Shell, requirements: &str) -> anyhow::Result<PathBuf> {
    let folder = folder(shell, requirements)?;
    if interpreter(&folder).is_file() {
        return Ok(interpreter(&folder));
    }
    if !succeeds(shell.command("python3").args(["-c", "import ensurepip"])) {
        debian_package(shell, "python3-venv")?;
    }
    // Made under another name, so that a folder of the right name is always complete, whoever else
    // installs at the same time.
    let unfinished = folder.with_extension(std::process::id().to_string());
    shell::run(shell.command("python3").args(["-m", "venv"]).arg(&unfinished))?;
    let mut pip = shell.command(interpreter(&unfinished));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    shell::run(pip.arg(shell.root.join(requirements)))?;
    if fs::rename(&unfinished, &folder).is_err() {
        fs::remove_dir_all(&unfinished)?;
    }
    let interpreter = interpreter(&folder);
    if !interpreter.is_file() {
        bail!("{} was not installed", interpreter.display());
    }
    Ok(interpreter)
}

/// One folder for each content of the requirements, so that clones at different commits do not fight.
fn folder(shell: &Shell, requirements: &str) -> anyhow::Result<PathBuf> {
    let requirements = shell.root.join(requirements);
    let text = fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Ok(shell.cache.join(format!("python-{:016x}", hasher.finish())))
}

fn interpreter(environment: &Path) -> PathBuf {
    environment.join("bin/python")
}
