//! `cargo xtask serve`: build the binary and become it.

use std::process::{Command, ExitCode};

use crate::shell::{self, Shell};

/// Builds `burgee` optimised and runs `burgee serve` with `arguments`.
pub(crate) fn serve(shell: &Shell, arguments: &[String]) -> anyhow::Result<ExitCode> {
    shell::run(&mut shell.cargo(["build", "--release", "--package", "burgee"]))?;
    let mut command = Command::new(shell.built("release", "burgee"));
    command.arg("serve").args(arguments);
    let named = arguments.iter().any(|argument| argument == "--data" || argument.starts_with("--data="));
    if !named && std::env::var_os("BURGEE_DATA").is_none() {
        command.arg("--data").arg(shell.root.join("data"));
    }
    let shown = shell::announce(&command);
    become_it(command, &shown)
}

/// Replaces this process, so that signals reach the server and its exit code is the caller's.
#[cfg(unix)]
fn become_it(mut command: Command, shown: &str) -> anyhow::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;

    Err(anyhow::Error::new(command.exec()).context(format!("cannot start {shown}")))
}

/// Waits for the server: the console sends Ctrl-C to both, and the child's exit code is handed on.
#[cfg(not(unix))]
fn become_it(mut command: Command, shown: &str) -> anyhow::Result<ExitCode> {
    use anyhow::Context as _;

    let status = command.status().with_context(|| format!("cannot start {shown}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
