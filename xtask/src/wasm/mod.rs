//! Builds WebAssembly modules: `cargo xtask wasm`, and what other chores need built.
//!
//! The standard library for wasm comes from rustup; where rustup cannot download it (a closed network
//! that mirrors package registries only), it is built from Debian's packages, see `debian`.

mod debian;
mod nameless;
mod smaller;
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use clap::ValueEnum;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::ComponentEncoder;

use self::nameless::nameless;
use crate::shell::{self, Shell};

pub(crate) use smaller::{STORED, smaller};

/// What a module is built for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Target {
    /// Imports nothing.
    #[value(name = "wasm32-unknown-unknown")]
    Unknown,
    /// Imports WASI preview 1, which [`component`] turns into preview 2 or 3.
    #[value(name = "wasm32-wasip1")]
    Wasip1,
}

impl Target {
    fn triple(self) -> &'static str {
        match self {
            Target::Unknown => "wasm32-unknown-unknown",
            Target::Wasip1 => "wasm32-wasip1",
        }
    }
}

/// rustup waits long for a network that does not answer.
const RUSTUP_LIMIT_S: u64 = 120;

/// `debian` takes the other way even where rustup's would do, so that it can be tried on any Debian.
const STD_VARIABLE: &str = "BURGEE_WASM_STD";

/// Of the engine for edges, see the root manifest.
const ENGINE_PROFILE: &str = "engine";

/// `cargo xtask wasm`: builds one package, or the engine where none is named, and prints where its module, or for
/// WASI its component, is.
pub(crate) fn run(
    shell: &Shell,
    package: Option<&str>,
    target: Target,
    profile: &str,
) -> anyhow::Result<ExitCode> {
    let Some(package) = package else {
        println!("{}", engine(shell)?.display());
        return Ok(ExitCode::SUCCESS);
    };
    let module = build(shell, package, target, profile)?;
    let built = match target {
        Target::Unknown => module,
        Target::Wasip1 => component(&module)?,
    };
    println!("{}", built.display());
    Ok(ExitCode::SUCCESS)
}

/// Builds `eval-wasm` and puts the module into the npm package that ships it.
///
/// # Errors
/// As [`build`].
pub(crate) fn engine(shell: &Shell) -> anyhow::Result<PathBuf> {
    let module = small(shell, "eval-wasm", Target::Unknown, ENGINE_PROFILE)?;
    let module = smaller(shell, &module, &smaller::COMPRESSED)?;
    let packaged = shell.root.join("eval-wasm/js/eval.wasm");
    fs::copy(&module, &packaged).with_context(|| format!("cannot write {}", packaged.display()))?;
    Ok(packaged)
}

/// Builds `package` as a module with a standard library that is made to be small.
///
/// # Errors
/// As [`build`].
pub(crate) fn small(shell: &Shell, package: &str, target: Target, profile: &str) -> anyhow::Result<PathBuf> {
    let (cargo, folder) = source::cargo(shell, target)?;
    module(cargo, &folder, package, target, profile)
}

/// Builds `package` as a module with a cargo profile and returns the path of its `.wasm` file.
///
/// # Errors
/// If there is no standard library for `target` and none can be had, or cargo fails.
pub(crate) fn build(shell: &Shell, package: &str, target: Target, profile: &str) -> anyhow::Result<PathBuf> {
    let (cargo, folder) = cargo(shell, target)?;
    module(cargo, &folder, package, target, profile)
}

/// Lets `cargo` build the module in `folder`.
fn module(
    mut cargo: Command,
    folder: &Path,
    package: &str,
    target: Target,
    profile: &str,
) -> anyhow::Result<PathBuf> {
    // Named here and not in the manifest, where it would cost every native build a library that nobody loads.
    cargo.args(["rustc", "--package", package, "--lib", "--crate-type", "cdylib"]);
    cargo.args(["--profile", profile, "--target", target.triple()]);
    shell::run(&mut cargo)?;
    // Cargo's name for the folder of the profile "dev" is older than profiles.
    let profile = if profile == "dev" { "debug" } else { profile };
    let module = folder.join(target.triple()).join(profile).join(package.replace('-', "_") + ".wasm");
    if !module.is_file() {
        bail!("cargo made no {}", module.display());
    }
    Ok(module)
}

/// Makes a module for `wasm32-wasip1` a component that is called again and again, beside the module.
///
/// The interfaces of the world that the module was made for are in it already, as its `wit-bindgen` wrote
/// them; what its standard library asks of preview 1 is answered by the adapter.
///
/// # Errors
/// If the module cannot be read, or is not made for the component model.
pub(crate) fn component(module: &Path) -> anyhow::Result<PathBuf> {
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&bytes)?
        .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)?
        .encode()
        .with_context(|| format!("{} cannot be made a component", module.display()))?;
    let path = module.with_extension("component.wasm");
    // Only afterwards: it is by the adapter's names that its stack is found.
    fs::write(&path, nameless(&component)?).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// A cargo that can build for `target`, and the folder that it builds in.
fn cargo(shell: &Shell, target: Target) -> anyhow::Result<(Command, PathBuf)> {
    if std::env::var_os(STD_VARIABLE).is_some_and(|way| way == "debian") {
        return debian::cargo(shell, target);
    }
    if get_std(shell, target) {
        return Ok((shell.cargo::<&str>([]), shell.target.clone()));
    }
    debian::cargo(shell, target).with_context(|| {
        format!("no standard library for {0}: `rustup target add {0}` brings none", target.triple())
    })
}

/// Whether there is a standard library for `target`, after rustup was asked for it.
fn get_std(shell: &Shell, target: Target) -> bool {
    if !has_std(shell, target) {
        let mut rustup = shell.command("rustup");
        rustup.args(["target", "add", target.triple()]);
        // Without rustup, or without a network that it can use, there is still Debian.
        let _ = shell::run(&mut shell.limited(rustup, RUSTUP_LIMIT_S));
    }
    has_std(shell, target)
}

/// True if the compiler that cargo uses has a standard library for `target`.
fn has_std(shell: &Shell, target: Target) -> bool {
    let output =
        shell.command("rustc").args(["--print", "target-libdir", "--target", target.triple()]).output();
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}
