//! The tarball that `npm pack` makes, installed into a folder where nothing else is.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tests::repository::root;

/// A folder in which `burgee-eval` is installed.
pub(crate) struct Installed(TempDir);

impl Installed {
    /// Packs and installs; both without a network, because the package has no dependencies.
    pub(crate) fn new() -> Self {
        let package = root().join("eval-wasm/js");
        let module = package.join("eval.wasm");
        assert!(module.is_file(), "{} is missing: `cargo xtask wasm` makes it", module.display());
        let folder = TempDir::new().unwrap();
        run(
            Command::new("npm").args(["pack", "--silent", "--pack-destination"]).arg(folder.path()),
            &package,
        );
        let packed = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        fs::write(folder.path().join("package.json"), r#"{"type": "module"}"#).unwrap();
        let install = ["install", "--silent", "--offline", "--no-audit", "--no-fund"];
        run(Command::new("npm").args(install).arg(packed), folder.path());
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A script of this folder's, run by Node.js where the package is installed.
    pub(crate) fn node(&self, script: &str) -> Command {
        let script = root().join("tests/edge").join(script);
        let here = self.path().join(script.file_name().unwrap());
        fs::copy(script, &here).unwrap();
        let mut command = Command::new("node");
        command.arg(here).current_dir(self.path());
        command
    }
}

fn run(command: &mut Command, folder: &Path) {
    let output = command.current_dir(folder).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_tarball_holds_what_is_needed_and_nothing_else() {
    let installed = Installed::new();

    let mut files: Vec<String> = fs::read_dir(installed.path().join("node_modules/burgee-eval"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();

    let expected = [
        "README.md",
        "browser.js",
        "client.js",
        "engine.js",
        "eval.wasm",
        "index.d.ts",
        "node.js",
        "package.json",
        "sync.js",
        "worker.js",
    ];
    assert_eq!(files, expected);
}

#[test]
fn what_a_client_does_next_is_tested_in_its_own_language() {
    let tests = root().join("eval-wasm/js");

    run(Command::new("node").args(["--test", "test/"]), &tests);
}
