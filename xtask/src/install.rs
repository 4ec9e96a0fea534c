//! Installs what the checks and tests need and this machine lacks.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::python;
use crate::shell::{self, Shell, succeeds};

/// Built from source once per machine: 1 to 4 minutes on two cores.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// Where packages of Node.js are needed, each folder with a lock file.
const NPM_FOLDERS: [&str; 6] = [
    "tests/sdks/node",
    "tests/sdks/web",
    "tests/edge/workerd",
    "examples/node",
    "examples/browser",
    "examples/react",
];

/// `cargo deny`, into the cache folder: nothing of the user's own cargo is touched.
pub(crate) fn cargo_deny(shell: &Shell) -> anyhow::Result<()> {
    if succeeds(shell.command("cargo-deny").arg("--version")) {
        return Ok(());
    }
    // Unoptimised it is built in half the time and checks this workspace in a second all the same.
    // Without default features it does not carry a git implementation for advisories, which CI does not ask for.
    let mut install = shell.cargo(["install", "--locked", "--debug", "--no-default-features", CARGO_DENY]);
    install
        .arg("--root")
        .arg(&shell.tools)
        .env_remove("CARGO_TARGET_DIR")
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    shell::run(&mut install)
}

/// The published SDKs, exactly as locked, a browser for one of them, Postgres, PgBouncer and Redis for the storage
/// tests.
pub(crate) fn test_servers_and_sdks(shell: &Shell) -> anyhow::Result<()> {
    if !has_initdb(shell) {
        debian_package(shell, "postgresql")?;
    }
    if !succeeds(shell.command("redis-server").arg("--version")) {
        debian_package(shell, "redis-server")?;
    }
    if !succeeds(shell.command("pgbouncer").arg("--version")) && !Path::new("/usr/sbin/pgbouncer").is_file() {
        debian_package(shell, "pgbouncer")?;
    }
    // The page that the first start prints uses it.
    if !succeeds(shell.command("curl").arg("--version")) {
        debian_package(shell, "curl")?;
    }
    // The published browser SDK runs in it.
    if !succeeds(shell.command("chromium").arg("--version")) {
        debian_package(shell, "chromium")?;
    }
    for folder in NPM_FOLDERS {
        npm_packages(shell, folder)?;
    }
    python::installed(shell).map(drop)
}

/// What the folder's lock file names, unless it is there.
///
/// # Errors
/// If there is no npm, or it cannot install them.
pub(crate) fn npm_packages(shell: &Shell, folder: &str) -> anyhow::Result<()> {
    let folder = shell.root.join(folder);
    if is_newer(&folder.join("node_modules/.package-lock.json"), &folder.join("package-lock.json")) {
        return Ok(());
    }
    if !succeeds(shell.command("npm").arg("--version")) {
        bail!("npm is not on the PATH: install Node.js 18 or later");
    }
    shell::run(shell.command("npm").arg("ci").current_dir(&folder))
}

/// Debian keeps the server's programs in a folder per version that is not on the PATH.
fn has_initdb(shell: &Shell) -> bool {
    let versions = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
        || succeeds(shell.command("initdb").arg("--version"))
}

/// Installs a package of Debian's.
///
/// # Errors
/// If this is not Debian, or this user may not install.
pub(crate) fn debian_package(shell: &Shell, package: &str) -> anyhow::Result<()> {
    if !succeeds(shell.command("apt-get").arg("--version")) {
        bail!("{package} is missing and this is not Debian: install it so that its programs are on the PATH");
    }
    let install = ["install", "--yes", "--no-install-recommends", package];
    let Some(mut apt_get) = apt_get_as_root(shell) else {
        bail!(
            "{package} is missing, and this user may not install it; run: sudo apt-get {}",
            install.join(" ")
        );
    };
    update_packages(shell)?;
    shell::run(apt_get.args(install).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Learns which packages Debian has now: a fresh machine knows none.
///
/// # Errors
/// If this is not Debian, or this user may not do so.
pub(crate) fn update_packages(shell: &Shell) -> anyhow::Result<()> {
    let Some(mut update) = apt_get_as_root(shell) else {
        bail!("apt-get is not there, or this user may not update its lists; run: sudo apt-get update");
    };
    shell::run(update.arg("update"))
}

/// `apt-get` with the rights to change the machine, if this user has them and it exists.
fn apt_get_as_root(shell: &Shell) -> Option<Command> {
    if !succeeds(shell.command("apt-get").arg("--version")) {
        return None;
    }
    if shell.command("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n") {
        return Some(shell.command("apt-get"));
    }
    let mut sudo = shell.command("sudo");
    sudo.args(["--non-interactive", "apt-get"]);
    succeeds(shell.command("sudo").args(["--non-interactive", "true"])).then_some(sudo)
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    modified(file).zip(modified(than)).is_some_and(|(file, than)| file >= than)
}
