//! Modules with a standard library that is built for them alone, because rustup's is made for speed: the
//! largest component is a twentieth smaller with it, the engine a quarter.
//!
//! The compiler calls that unstable; what is shipped by it is the same code of the same version.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use super::{RUSTUP_LIMIT_S, STD_VARIABLE, Target, debian, get_std};
use crate::shell::{self, Shell};

/// What rustup calls the standard library's source.
const COMPONENT: &str = "rust-src";
/// Where that lies below the compiler's folder.
const LIBRARY: &str = "lib/rustlib/src/rust/library";

/// For size, where the library has both ways.
const FEATURES: &str = "-Zbuild-std-features=optimize_for_size";
/// The engine imports nothing, so that nobody would see a message: a panic is a trap at once, and names no place.
const SILENT: [&str; 3] = ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none"];

/// What hashes keys and tokens has a form that is six kilobytes smaller. The place of a panic is told without its
/// column, so that those of one line are one.
const SMALL: [&str; 3] = ["--cfg", "sha2_backend_soft=\"compact\"", "-Zlocation-detail=file,line"];

/// A cargo that builds the standard library as well, and the folder that it builds in: of its own, because the
/// flags would have everything else built again.
///
/// # Errors
/// If the source cannot be had, or nothing of the library that no source is of.
pub(super) fn cargo(shell: &Shell, target: Target) -> anyhow::Result<(Command, PathBuf)> {
    // Only the C library below that of WASI comes without source.
    let has_rest = |target| matches!(target, Target::Unknown) || get_std(shell, target);
    let (mut cargo, folder) = if has_source(shell) && has_rest(target) {
        let mut cargo = shell.cargo([debian::BUILD]);
        // A stable compiler takes what is unstable only if it is told so.
        cargo.env("RUSTC_BOOTSTRAP", "1");
        (cargo, shell.target.join("source"))
    } else {
        let name = target.triple();
        let missing = format!(
            "no source of the standard library for {name}: `rustup component add {COMPONENT}` or `rustup target add \
             {name}` brings nothing"
        );
        let (cargo, folder) = debian::cargo(shell, target).context(missing)?;
        (cargo, folder.join("source"))
    };
    cargo.arg(FEATURES).env("CARGO_TARGET_DIR", &folder);
    let flags: &[&str] = match target {
        Target::Unknown => &SILENT,
        Target::Wasip1 => &SMALL,
    };
    let flags: Vec<String> = flags.iter().map(ToString::to_string).chain(short_paths(shell)?).collect();
    // The variable that goes before all others, such as a `RUSTFLAGS` that is set already.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    Ok((cargo, folder))
}

/// Messages name the file of a library by where it lies on the machine that built it, which is of no use elsewhere
/// and makes the modules of two machines different: what is before a library's name is left out.
fn short_paths(shell: &Shell) -> anyhow::Result<Vec<String>> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let home = home.context("the home folder of this user is not known")?;
    let mut shortened = vec![(sysroot(shell)?.join(LIBRARY), "std")];
    for registry in home.join("registry/src").read_dir().into_iter().flatten() {
        shortened.push((registry?.path(), ""));
    }
    let flag = |(long, short): (PathBuf, &str)| format!("--remap-path-prefix={}={short}", long.display());
    Ok(shortened.into_iter().map(flag).collect())
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
    sysroot(shell).is_ok_and(|sysroot| sysroot.join(LIBRARY).join("Cargo.lock").is_file())
}

/// The compiler's folder.
fn sysroot(shell: &Shell) -> anyhow::Result<PathBuf> {
    let output =
        shell.command("rustc").args(["--print", "sysroot"]).output().context("cannot start rustc")?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}
