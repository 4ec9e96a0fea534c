//! A copy of a running database, by SQLite's online backup.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};

use super::{Options, open};

/// SQLite takes a file that was cut off for no database at all.
pub(super) const UNREADABLE: &str = "it is damaged or not a SQLite database";

/// Why there is no backup. One sentence; nothing was left at the path.
#[derive(Debug, thiserror::Error)]
#[error("no backup at {}: {cause}", to.display())]
pub struct BackupError {
    /// Where it should have gone.
    pub to: PathBuf,
    /// What was in the way.
    pub cause: String,
}

/// Copies the database in `file` to a new file, also while another process serves it.
///
/// # Errors
/// If `to` exists or cannot be written, or the copy is damaged; nothing is left at `to` then.
pub fn back_up(file: &Path, to: &Path) -> Result<(), BackupError> {
    let source = open::reader(file, &Options::default())
        .map_err(|error| BackupError { to: to.to_owned(), cause: error.to_string() })?;
    copy(&source, to)
}

/// Copies what `source` sees into a new file. It gets its name only when it is complete, checked and on
/// disk, so that neither half a backup nor a damaged one looks like a good one.
pub(super) fn copy(source: &Connection, to: &Path) -> Result<(), BackupError> {
    let failed = |cause: String| BackupError { to: to.to_owned(), cause };
    if to.exists() {
        return Err(failed("a file with that name exists; choose another name".to_owned()));
    }
    let partial = with_suffix(to, ".partial");
    let copied =
        fill(source, &partial).and_then(|()| publish(&partial, to).map_err(|error| error.to_string()));
    copied.map_err(|cause| {
        let _ = fs::remove_file(&partial); // Not there, or in the way of nobody.
        failed(cause)
    })
}

/// The path with more at its end: files that belong to a database are called so.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Copies what `source` sees to `partial` and checks every page of the copy. Says what is in the way.
pub(super) fn fill(source: &Connection, partial: &Path) -> Result<(), String> {
    let text = |error: rusqlite::Error| explain(&error);
    let _ = fs::remove_file(partial); // Left by one that was killed.
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
    check(&target)?;
    target.close().map_err(|(_, error)| text(error))
}

/// Looks at every page, row and index entry.
fn check(copy: &Connection) -> Result<(), String> {
    let first = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    match first.map_err(|error| explain(&error))?.as_str() {
        "ok" => Ok(()),
        damage => Err(format!("the database is damaged ({})", damage.lines().collect::<Vec<_>>().join(" "))),
    }
}

fn explain(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => UNREADABLE.to_owned(),
        _ => error.to_string(),
    }
}

fn publish(partial: &Path, to: &Path) -> io::Result<()> {
    File::open(partial)?.sync_all()?;
    fs::rename(partial, to)?;
    sync_folder_of(to)
}

/// Makes the names in a file's folder survive a power cut.
pub(super) fn sync_folder_of(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
