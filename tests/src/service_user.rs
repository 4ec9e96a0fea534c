//! Who runs servers that refuse to be run by root.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::geteuid;

/// This user; root becomes Debian's `postgres`.
pub(crate) struct ServiceUser {
    becomes: Option<String>,
}

impl ServiceUser {
    pub(crate) fn new() -> Self {
        Self { becomes: geteuid().is_root().then(|| "postgres".to_owned()) }
    }

    /// Makes it the owner of a folder and of the files in it.
    pub(crate) fn take_over(&self, folder: &Path) {
        let Some(name) = &self.becomes else { return };
        let output = Command::new("id").args(["-u", name]).output();
        let uid = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok());
        let uid = uid.unwrap_or_else(|| panic!("root cannot run this server, and there is no user {name}"));
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
        for path in files.chain([folder.to_owned()]) {
            chown(&path, Some(uid), None)
                .unwrap_or_else(|error| panic!("cannot give {} to {name}: {error}", path.display()));
        }
    }

    /// The command that runs `program` as that user in `folder`.
    pub(crate) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = match &self.becomes {
            Some(name) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={name}")).arg(format!("--regid={name}"));
                command.args(["--clear-groups", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).env_remove("LC_ALL").current_dir(folder);
        command
    }
}
