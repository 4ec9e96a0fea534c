//! What cargo knows of the workspace: here, which test targets there are.

use anyhow::{Context, bail};
use serde_json::Value;

use crate::shell::Shell;

/// Names of all integration test targets, so that a new one cannot be left out of `cargo xtask test`.
///
/// # Errors
/// If cargo fails, or two packages use one name: the name selects the target.
pub(crate) fn test_targets(shell: &Shell) -> anyhow::Result<Vec<String>> {
    let output = shell.cargo(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata
        .pointer("/packages")
        .and_then(Value::as_array)
        .context("cargo metadata names no packages")?;
    let mut names: Vec<String> = packages
        .iter()
        .filter_map(|package| package.get("targets")?.as_array())
        .flatten()
        .filter(|target| target.pointer("/kind/0").is_some_and(|kind| kind == "test"))
        .filter_map(|target| target.get("name")?.as_str().map(str::to_owned))
        .collect();
    names.sort();
    if let Some([name, _]) = names.array_windows().find(|[one, next]| one == next) {
        bail!("two packages have a test target {name}: give each a name of its own");
    }
    Ok(names)
}
