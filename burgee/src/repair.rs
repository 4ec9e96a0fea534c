//! `burgee repair`: putting right what a mishap left behind.

use std::io::{self, Write};
use std::process::ExitCode;

use store::{Author, Repaired, VERSIONS_LEAP, Writer};

use crate::data::{self, DataFolder};

/// Who writes, as audit tells it.
const ACTOR: &str = "burgee repair";

/// What can be put right.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// The database is an older copy: raise every environment's version past all that SDKs may know, and write
    /// everything again
    AfterRestore(DataFolder),
}

/// Runs a command.
///
/// # Errors
/// If the installation cannot be opened or written.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::AfterRestore(data) = command;
    let Repaired { environments, objects } = data::run(async {
        let platform = data.open_or_shared().await?;
        let author = Author {
            actor: ACTOR.to_owned(),
            comment: "after a restore from a backup".to_owned(),
            ..Author::default()
        };
        Ok(Writer::new(platform).repair_after_restore(&author).await?)
    })?;
    writeln!(
        io::stdout(),
        "raised the versions of {environments} environments by {VERSIONS_LEAP} and wrote their {objects} objects \
         again; the next server tells every SDK that comes back"
    )?;
    Ok(ExitCode::SUCCESS)
}
