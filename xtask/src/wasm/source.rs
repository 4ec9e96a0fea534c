//! The engine's module with a standard library that is built for it alone: a quarter smaller than with the one
//! that rustup brings.
//!
//! That one formats a message for every panic, which a module without imports can show to nobody, and is made
//! for speed. The compiler can build it otherwise, but calls that unstable; what is shipped by it is the same
//! code of the same version.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::{RUSTUP_LIMIT_S, STD_VARIABLE, Target, debian};
use crate::shell::{self, Shell};

/// What rustup calls the standard library's source.
const COMPONENT: &str = "rust-src";
/// Where that lies below the compiler's folder.
const SOURCE: &str = "lib/rustlib/src/rust/library/Cargo.lock";

/// For size, where the library has both ways.
const FEATURES: &str = "-Zbuild-std-features=optimize_for_size";
/// A panic is a trap at once, without a message and the place that it would name.
const FLAGS: [&str; 3] = ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none"];

/// A cargo that builds the standard library as well, and the folder that it builds in: of its own, because the
/// flags would have everything else built again.
///
/// # Errors
/// If the source cannot be had.
pub(super) fn cargo(shell: &Shell) -> anyhow::Result<(Command, PathBuf)> {
    let (mut cargo, folder) = if has_source(shell) {
        let mut cargo = shell.cargo([debian::BUILD]);
        // A stable compiler takes what is unstable only if it is told so.
        cargo.env("RUSTC_BOOTSTRAP", "1");
        (cargo, shell.target.join("source"))
    } else {
        let missing = format!("`rustup component add {COMPONENT}` brings no source of the standard library");
        let (cargo, folder) = debian::cargo(shell, Target::Unknown).context(missing)?;
        (cargo, folder.join("source"))
    };
    cargo.arg(FEATURES).env("CARGO_TARGET_DIR", &folder);
    // The variable that goes before all others, such as a `RUSTFLAGS` that is set already.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    Ok((cargo, folder))
}

/// Whether there is source that fits the compiler, after rustup was asked for it.
fn has_source(shell: &Shell) -> bool {
    if std::env::var_os(STD_VARIABLE).is_some_and(|way| way == "debian") {
        return false;
    }
    if !is_there(shell) {
        let mut rustup = shell.command("rustup");
        rustup.args(["component", "add", COMPONENT]);
        // Without rustup, or without a network that it can use, there is still Debian.
        let _ = shell::run(&mut shell.limited(rustup, RUSTUP_LIMIT_S));
    }
    is_there(shell)
}

fn is_there(shell: &Shell) -> bool {
    let output = shell.command("rustc").args(["--print", "sysroot"]).output();
    output
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).join(SOURCE).is_file())
}
