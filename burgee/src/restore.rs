//! `burgee restore`: a backup in the place of what is there.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use platform::{Clock, Db};
use platform_native::{Restore, SystemClock};

use crate::data::{self, DataFolder};

/// What to restore, and where to.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    data: DataFolder,
}

/// Puts the backup in the place of the database, which stays beside it under another name.
///
/// # Errors
/// If a server is using the folder, or the file is no backup that this program can use: then nothing was
/// changed.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let folder = arguments.data.path()?;
    data::make(&folder)?;
    let from = arguments.file.display();
    let aside = data::run(async {
        let restore = Restore::begin(&arguments.file, &data::file(&folder))?;
        prepare(restore.candidate()).await.with_context(|| format!("{from} cannot be restored"))?;
        Ok(restore.finish()?)
    })?;
    let mut text = format!("{} now holds what {from} held.\n", folder.display());
    if let Some(aside) = aside {
        text.push_str(&format!("What was there before is in {}.\n", aside.display()));
    }
    text.push_str(NEXT);
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

const NEXT: &str = "Before you start the server, run `burgee repair after-restore`: SDKs ignore versions below those they know.\n\
     Keys and tokens that were revoked since the backup was made are valid again: revoke them once more.\n";

/// Makes sure that it is one of ours, and as new as this program.
async fn prepare(candidate: &dyn Db) -> anyhow::Result<()> {
    ensure!(store::schema_version(candidate).await? > 0, "it is not a backup of burgee");
    store::migrate(candidate).await?;
    Ok(store::note_restore(candidate, SystemClock.now_ms()).await?)
}
