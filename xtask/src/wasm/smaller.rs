//! Modules that are loaded for each request: smaller than the compiler makes them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::install;
use crate::shell::{self, Shell};

/// The npm package that brings `wasm-opt`.
const BINARYEN: &str = "xtask/binaryen";

/// What rustc uses of WebAssembly beyond its first version; the list of it is stripped from the module.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Blocks that are taken apart and put together again are a hundredth smaller.
const PASSES: [&str; 5] = ["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz"];

/// For a component, which is stored as it is: what is used most often gets the shortest numbers.
pub(crate) const STORED: [&str; 2] = ["--reorder-functions", "--reorder-locals"];
/// For the engine, which is compressed: functions that are alike are neighbours, which is 200 bytes less.
pub(super) const COMPRESSED: [&str; 3] =
    ["--reorder-functions-by-name", "--strip-debug", "--strip-producers"];

/// What `wasm-opt` makes of the module, beside it. `last` are the passes after those for all. What is
/// the same as last time is not done again: it takes most of a minute for the largest.
///
/// # Errors
/// If there is no npm, or the module is none.
pub(crate) fn smaller(shell: &Shell, module: &Path, last: &[&str]) -> anyhow::Result<PathBuf> {
    let (small, done) = (module.with_extension("small.wasm"), module.with_extension("done.wasm"));
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let version = fs::read(shell.root.join(BINARYEN).join("package-lock.json"))?;
    let asked = [PASSES.join(" ").as_bytes(), last.join(" ").as_bytes(), &version, &bytes].concat();
    if small.is_file() && fs::read(&done).is_ok_and(|done| done == asked) {
        return Ok(small);
    }
    install::npm_packages(shell, BINARYEN)?;
    let mut wasm_opt = shell.command("node");
    wasm_opt.arg(shell.root.join(BINARYEN).join("node_modules/binaryen/bin/wasm-opt"));
    shell::run(wasm_opt.args(FEATURES).args(PASSES).args(last).arg("--output").arg(&small).arg(module))?;
    fs::write(&done, asked)?;
    Ok(small)
}
