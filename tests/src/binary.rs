//! Programs of this workspace, built as the tests are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::repository::root;

/// The program of that name: where `BURGEE_BINARY` is set, beside what it names; else cargo builds it now, so
/// that it is never stale.
///
/// # Panics
/// If it cannot be built.
pub fn built(name: &str) -> PathBuf {
    if let Some(burgee) = std::env::var_os("BURGEE_BINARY") {
        return Path::new(&burgee).with_file_name(name);
    }
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = built.get(name) {
        return program.clone();
    }
    let program = build(name);
    built.insert(name.to_owned(), program.clone());
    program
}

/// Cargo is asked once for each.
static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

fn build(name: &str) -> PathBuf {
    let arguments = ["build", "--quiet", "--workspace", "--bin", name];
    let built = cargo().args(arguments).status();
    assert!(built.is_ok_and(|status| status.success()), "cargo {} failed", arguments.join(" "));
    // This test program is <target>/<profile>/deps/<name>.
    let this = std::env::current_exe().unwrap_or_else(|error| panic!("where am I? {error}"));
    this.ancestors().nth(2).unwrap_or(Path::new("")).join(name)
}

/// A program of the workspace `tests/spin-host`, which `cargo xtask test` builds beside the folder that this test
/// was built in: wasmtime takes too long to be built by a test.
///
/// # Panics
/// If it is not built.
pub fn of_hosts(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap_or_else(|error| panic!("where am I? {error}"));
    let built = this.ancestors().nth(3).unwrap_or(Path::new("")).join("spin-host/debug").join(name);
    assert!(built.is_file(), "{} is not built: run `cargo xtask test edge`", built.display());
    built
}

/// The cargo that runs this test, in the repository. It is not told what this package is called: build scripts would
/// take that for a change.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        let is_of_package =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_of_package) {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(root());
    cargo
}

/// The command that runs `program` with nothing of this process's settings.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BURGEE_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}
