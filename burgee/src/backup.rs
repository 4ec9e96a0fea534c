//! `burgee backup`: everything in one file.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::data;

/// What to copy, and where to.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The file to make; it must not be there yet
    file: PathBuf,
    /// The folder that holds everything; a server may be using it [default: BURGEE_DATA, else burgee-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Copies the database as it is at one moment, while others read and write.
///
/// # Errors
/// If there is nothing to copy, or the file cannot be made.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let folder = data::folder(arguments.data.as_deref())?;
    let database = data::file(&folder);
    if !database.exists() {
        return Err(data::nothing_in(&folder));
    }
    let file = &arguments.file;
    platform_native::back_up(&database, file)?;
    let bytes = fs::metadata(file).with_context(|| file.display().to_string())?.len();
    writeln!(
        io::stdout(),
        "backup written to {} ({bytes} bytes, checked). It holds what signs SDK tokens: keep it where only \
         you can read it.",
        file.display()
    )?;
    Ok(ExitCode::SUCCESS)
}
