//! A copy of a running database, by SQLite's online backup.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::open;

/// Why there is no backup. One sentence; nothing was left at the path.
#[derive(Debug, thiserror::Error)]
#[error("no backup at {}: {cause}", to.display())]
pub struct BackupError {
    /// Where it should have gone.
    pub to: PathBuf,
    /// What was in the way.
    pub cause: String,
}

/// Copies what `source` sees into a new file. It gets its name only when it is complete and on disk, so
/// that half a backup never looks like one.
pub(super) fn copy(source: &Connection, to: &Path) -> Result<(), BackupError> {
    let failed = |cause: String| BackupError { to: to.to_owned(), cause };
    if to.exists() {
        return Err(failed("a file with that name exists; choose another name".to_owned()));
    }
    let mut partial = OsString::from(to);
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let copied =
        fill(source, &partial).and_then(|()| publish(&partial, to).map_err(|error| error.to_string()));
    copied.map_err(|cause| {
        let _ = fs::remove_file(&partial); // Not there, or in the way of nobody.
        failed(cause)
    })
}

fn fill(source: &Connection, partial: &Path) -> Result<(), String> {
    let text = |error: rusqlite::Error| error.to_string();
    let _ = fs::remove_file(partial); // Left by a backup that was killed.
    open::create_private(partial).map_err(|error| error.to_string())?;
    let mut target = Connection::open(partial).map_err(text)?;
    let backup = Backup::new(source, &mut target).map_err(text)?;
    // All pages in one step, which is one read transaction: a backup in several steps would start again
    // whenever another connection commits between two of them.
    let step = backup.step(-1).map_err(text)?;
    drop(backup);
    if step != StepResult::Done {
        return Err("the database is locked by another program".to_owned());
    }
    // The copy says it is in WAL mode; as a single file it can be opened from read-only media too.
    target.execute_batch("PRAGMA journal_mode = DELETE").map_err(text)?;
    target.close().map_err(|(_, error)| text(error))
}

fn publish(partial: &Path, to: &Path) -> std::io::Result<()> {
    File::open(partial)?.sync_all()?;
    fs::rename(partial, to)?;
    match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
