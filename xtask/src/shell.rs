//! Runs programs from the repository's root and prints each command before it starts.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, bail};

/// Where things are on this machine.
pub(crate) struct Shell {
    /// The repository.
    pub root: PathBuf,
    /// Where child cargo calls build.
    pub target: PathBuf,
    /// What `install` downloads goes here, so that nothing of the user's is touched and clones share it.
    pub cache: PathBuf,
    /// Programs that `install` built.
    pub tools: PathBuf,
}

impl Shell {
    /// Finds the repository and the build folder.
    pub(crate) fn new() -> anyhow::Result<Self> {
        // Asked now, not when this was compiled: clones share build folders, and programs in them.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
        let root = Path::new(&manifest).parent().context("xtask has no parent folder")?;
        let home = std::env::home_dir().context("the home folder of this user is not known")?;
        let cache = home.join(".cache").join("burgee");
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => std::path::absolute(folder)?,
            None => cache.join("target"),
        };
        Ok(Self { root: root.to_owned(), target, tools: cache.join("tools"), cache })
    }

    /// The cargo that started this program, building in `target`.
    pub(crate) fn cargo<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// A program that runs in the repository and finds the installed tools.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        // What the cargo above tells this program about itself, build scripts of the cargo below would take for a
        // change, and build everything that encrypts once more: each time that cargo is typed after xtask, or xtask
        // after cargo.
        for (name, _) in std::env::vars_os() {
            let is_of_package =
                |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
            if name.to_str().is_some_and(is_of_package) {
                command.env_remove(name);
            }
        }
        if let Some(path) = std::env::var_os("PATH") {
            let folders = std::iter::once(self.tools.join("bin")).chain(std::env::split_paths(&path));
            if let Ok(path) = std::env::join_paths(folders) {
                command.env("PATH", path);
            }
        }
        command
    }

    /// The same command, ended with all that it started after `limit_s`, where coreutils' `timeout` is there
    /// to do so: a test that hangs must not hold a machine until somebody looks.
    pub(crate) fn limited(&self, command: Command, limit_s: u64) -> Command {
        if !succeeds(self.command("timeout").arg("--version")) {
            return command;
        }
        let mut limited = self.command("timeout");
        limited.args(["--verbose", "--kill-after=10", &limit_s.to_string()]);
        limited.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        limited
    }

    /// The built program `name` of cargo profile folder `profile`.
    pub(crate) fn built(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(name).with_extension(std::env::consts::EXE_EXTENSION)
    }
}

/// Prints the command, runs it, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = announce(command);
    let status = command.status().with_context(|| format!("cannot start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// Prints and runs the command, shows its output as it comes, and hands every line to `read`.
pub(crate) fn run_reading(command: &mut Command, mut read: impl FnMut(&str)) -> anyhow::Result<ExitStatus> {
    let shown = announce(command);
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer).stdin(Stdio::null());
    let mut child = command.spawn().with_context(|| format!("cannot start {shown}"))?;
    // The command keeps writing ends of the pipe, and with them the end of the output away.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        read(&line);
    }
    Ok(child.wait()?)
}

/// True if the command can be started and succeeds; its output is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Prints the command as a person would type it, and returns that text.
pub(crate) fn announce(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let mut shown: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(program) = shown.first_mut()
        && let Some(name) = Path::new(&*program).file_name()
    {
        *program = name.to_string_lossy().into_owned();
    }
    let shown = shown.join(" ");
    println!("$ {shown}");
    shown
}
