//! The published Python SDK, and schemathesis, in a virtual environment outside the checkout.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::install::debian_package;
use crate::shell::{self, Shell, succeeds};

/// The interpreter that finds the packages of `tests/sdks/python/requirements.txt`, if they are installed.
pub(crate) fn found(shell: &Shell) -> Option<PathBuf> {
    let interpreter = interpreter(&folder(shell).ok()?);
    interpreter.is_file().then_some(interpreter)
}

/// Installs the packages unless they are, and returns the interpreter that finds them.
///
/// # Errors
/// If there is no Python 3, or pip fails.
pub(crate) fn installed(shell: &Shell) -> anyhow::Result<PathBuf> {
    if let Some(interpreter) = found(shell) {
        return Ok(interpreter);
    }
    if !succeeds(shell.command("python3").args(["-c", "import ensurepip"])) {
        debian_package(shell, "python3-venv")?;
    }
    let folder = folder(shell)?;
    // Made under another name, so that a folder of the right name is always complete, whoever else
    // installs at the same time.
    let unfinished = folder.with_extension(std::process::id().to_string());
    shell::run(shell.command("python3").args(["-m", "venv"]).arg(&unfinished))?;
    let mut pip = shell.command(interpreter(&unfinished));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    shell::run(pip.arg(requirements(shell)))?;
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
fn folder(shell: &Shell) -> anyhow::Result<PathBuf> {
    let requirements = requirements(shell);
    let text = fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Ok(shell.cache.join(format!("python-{:016x}", hasher.finish())))
}

fn requirements(shell: &Shell) -> PathBuf {
    shell.root.join("tests/sdks/python/requirements.txt")
}

fn interpreter(environment: &Path) -> PathBuf {
    environment.join("bin/python")
}
