//! The standard library for wasm, built from the packages of the compiler that Debian builds browsers with.
//!
//! Compiler and library source have one version there, so that `-Zbuild-std` fits. The packages conflict
//! with a package of rustup's and are unpacked into the cache folder, not installed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::Target;
use crate::install;
use crate::shell::{self, Shell, succeeds};

/// Has cargo build the standard library.
pub(super) const BUILD: &str = "-Zbuild-std=std,panic_abort";

/// The compiler; what else is needed is found by what it depends on.
const COMPILER: &str = "rustc-web";

/// The library's source, and the C library below it that wasm32-wasip1 needs.
const SOURCES: [&str; 2] = ["rust-web-src", "wasi-libc"];

/// How the names of those packages begin that [`COMPILER`] depends on and that are not on every machine.
const LIBRARIES: [&str; 2] = ["libstd-rust-web-", "libllvm"];

/// Rustup's cargo with Debian's compiler, and the folder that it builds in: no other compiler's, because
/// each would build everything again.
///
/// # Errors
/// If this is not Debian, or its packages cannot be downloaded.
pub(super) fn cargo(shell: &Shell, target: Target) -> anyhow::Result<(Command, PathBuf)> {
    let packages = unpacked(shell)?;
    let folder = shell.target.join("debian");
    let mut cargo = shell.cargo([BUILD]);
    cargo
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTC", packages.join("usr/bin/rustc"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("LD_LIBRARY_PATH", libraries(&packages))
        .env("PATH", with_linker(shell)?);
    if matches!(target, Target::Wasip1) && !packages.join(SELF_CONTAINED).is_dir() {
        bail!("{} holds no {SELF_CONTAINED}: delete it and try again", packages.display());
    }
    Ok((cargo, folder))
}

/// Where rustc looks for the C library of wasm32-wasip1.
const SELF_CONTAINED: &str = "usr/lib/rustlib/wasm32-wasip1/lib/self-contained";

/// The folder of the unpacked packages, one for each version of the compiler.
fn unpacked(shell: &Shell) -> anyhow::Result<PathBuf> {
    let version = match version(shell) {
        Some(version) => version,
        None => {
            install::update_packages(shell)?;
            version(shell).with_context(|| format!("apt-get knows no package {COMPILER}"))?
        }
    };
    let folder = shell.cache.join(format!("{COMPILER}-{version}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    // Made under another name, so that a folder of the right name is always complete.
    let unfinished = shell.cache.join(format!("{COMPILER}-{}", std::process::id()));
    let downloads = unfinished.join("downloads");
    fs::create_dir_all(&downloads)?;
    let names = dependencies(shell)?.into_iter().chain(SOURCES.map(str::to_owned));
    shell::run(shell.command("apt-get").args(["download", COMPILER]).args(names).current_dir(&downloads))?;
    for package in downloads.read_dir()? {
        shell::run(shell.command("dpkg").arg("-x").arg(package?.path()).arg(&unfinished))?;
    }
    fs::remove_dir_all(&downloads)?;
    place_c_library(&unfinished)?;
    start_compiler(shell, &unfinished)?;
    if fs::rename(&unfinished, &folder).is_err() {
        // Somebody else was faster.
        fs::remove_dir_all(&unfinished)?;
    }
    Ok(folder)
}

/// The version of the compiler that `apt-get download` would bring, if it knows one.
fn version(shell: &Shell) -> Option<String> {
    let output = shell.command("apt-cache").args(["show", "--no-all-versions", COMPILER]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("Version: ")).map(str::to_owned)
}

/// The libraries that the compiler is made of; their names hold versions.
fn dependencies(shell: &Shell) -> anyhow::Result<Vec<String>> {
    let mut depends = shell.command("apt-cache");
    depends.args(["depends", "--recurse", "--important", COMPILER]);
    let output = depends.output().context("cannot start apt-cache")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.lines().filter(|line| LIBRARIES.iter().any(|prefix| line.starts_with(prefix)));
    Ok(names.map(str::to_owned).collect())
}

/// Debian has the C library where clang looks for it.
fn place_c_library(packages: &Path) -> anyhow::Result<()> {
    let here = packages.join(SELF_CONTAINED);
    fs::create_dir_all(&here)?;
    for file in packages.join("usr/lib/wasm32-wasi").read_dir()? {
        let file = file?.path();
        let object = file.extension().is_some_and(|extension| extension == "o");
        if let Some(name) = file.file_name().filter(|name| object || *name == "libc.a") {
            fs::copy(&file, here.join(name))?;
        }
    }
    Ok(())
}

/// Lets the compiler say its version. LLVM has libraries of its own that a small machine may lack.
fn start_compiler(shell: &Shell, packages: &Path) -> anyhow::Result<()> {
    let starts = || {
        let mut rustc = shell.command(packages.join("usr/bin/rustc"));
        succeeds(rustc.arg("--version").env("LD_LIBRARY_PATH", libraries(packages)))
    };
    if starts() {
        return Ok(());
    }
    for library in dependencies(shell)?.iter().filter(|name| name.starts_with("libllvm")) {
        install::debian_package(shell, library)?;
    }
    if !starts() {
        bail!("the compiler of Debian's {COMPILER} does not start on this machine");
    }
    Ok(())
}

/// The folder of the compiler's shared libraries.
fn libraries(packages: &Path) -> PathBuf {
    packages.join("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH))
}

/// The search path with rustup's `rust-lld`, because Debian's compiler brings no linker for wasm.
fn with_linker(shell: &Shell) -> anyhow::Result<OsString> {
    let output = shell.command("rustc").args(["--print", "target-libdir"]).output()?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let programs = libraries.parent().context("rustc names no folder of its libraries")?.join("bin");
    if !programs.join("rust-lld").is_file() {
        bail!("{} holds no rust-lld: use the toolchain of rustup", programs.display());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path)))?)
}
