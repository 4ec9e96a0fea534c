//! Putting a backup in the place of a database that nobody serves.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::backup::{UNREADABLE, fill, sync_folder_of, with_suffix};
use super::lock::FolderLock;
use super::{OpenError, Options, Sqlite, open};

/// What SQLite keeps beside a database. A log that stayed behind would be applied to the next file of that
/// name.
const LOG: &str = "-wal";

/// An index of the log; made again when it is missing.
const LOG_INDEX: &str = "-shm";

/// Why a backup cannot be restored. One sentence; the database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The folder cannot be used, or a process is using it.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// The backup cannot be read or is damaged.
    #[error("{} cannot be restored: {cause}", from.display())]
    Backup {
        /// The backup.
        from: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The backup is good and cannot be put in its place.
    #[error("{} cannot be replaced: {cause}", file.display())]
    Place {
        /// The database.
        file: PathBuf,
        /// What is in the way.
        cause: String,
    },
}

/// A backup on its way into a data folder: a checked copy beside the database, and the folder's lock.
/// Dropped before [`Restore::finish`], it leaves nothing.
pub struct Restore {
    // In the order in which they must end.
    candidate: Sqlite,
    copy: Copied,
    file: PathBuf,
    lock: FolderLock,
}

impl Restore {
    /// Copies the backup `from` beside `file`, checks every page of it and opens the copy.
    ///
    /// # Errors
    /// See [`RestoreError`].
    pub fn begin(from: &Path, file: &Path) -> Result<Self, RestoreError> {
        let lock = FolderLock::take(&open::folder_of(file)?)?;
        let unreadable = |cause: String| RestoreError::Backup { from: from.to_owned(), cause };
        // SQLite's own words for a missing file say nothing of it.
        File::open(from).map_err(|error| unreadable(error.to_string()))?;
        let source = open::reader(from, &Options::default()).map_err(|error| match error {
            OpenError::NotADatabase { .. } => unreadable(UNREADABLE.to_owned()),
            other => unreadable(other.to_string()),
        })?;
        let copy = Copied::at(with_suffix(file, ".restoring"));
        fill(&source, &copy.0).map_err(unreadable)?;
        let candidate = Sqlite::open_locked(&copy.0, Options::default(), None)?;
        Ok(Self { candidate, copy, file: file.to_owned(), lock })
    }

    /// The copy, for looking at it and bringing it up to date before it takes its place.
    pub const fn candidate(&self) -> &Sqlite {
        &self.candidate
    }

    /// Puts the copy in the database's place. Returns where the old database is now, if there was one.
    ///
    /// # Errors
    /// [`RestoreError::Place`].
    pub fn finish(self) -> Result<Option<PathBuf>, RestoreError> {
        let Self { candidate, copy, file, lock: _lock } = self;
        drop(candidate); // Folds its log into it.
        copy.replace(&file)
            .map_err(|error| RestoreError::Place { file: file.clone(), cause: error.to_string() })
    }
}

/// The copy of a backup; removed when dropped, unless it has taken its place.
struct Copied(PathBuf);

impl Copied {
    fn at(path: PathBuf) -> Self {
        let copied = Self(path);
        copied.remove(); // Left by a restore that was killed.
        copied
    }

    fn replace(&self, file: &Path) -> io::Result<Option<PathBuf>> {
        if with_suffix(&self.0, LOG).exists() {
            return Err(io::Error::other("the log of the copy could not be folded into it"));
        }
        File::open(&self.0)?.sync_all()?;
        let aside = if file.exists() { Some(set_aside(file)?) } else { None };
        fs::rename(&self.0, file)?;
        sync_folder_of(file)?;
        Ok(aside)
    }

    fn remove(&self) {
        for suffix in ["", LOG, LOG_INDEX] {
            let _ = fs::remove_file(with_suffix(&self.0, suffix)); // It is seldom there.
        }
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Gives the old database a second name, so that the first one is never missing: a server that starts in
/// between must not take the folder for an empty one.
fn set_aside(file: &Path) -> io::Result<PathBuf> {
    // A damaged database keeps its log, which goes aside with it.
    if let Ok(old) = open::writer(file, &Options::default()) {
        let _ = old.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    let aside = free_name(file)?;
    fs::hard_link(file, &aside)?;
    let log = with_suffix(file, LOG);
    if log.exists() {
        fs::rename(&log, with_suffix(&aside, LOG))?;
    }
    let _ = fs::remove_file(with_suffix(file, LOG_INDEX)); // It is seldom there.
    sync_folder_of(file)?;
    Ok(aside)
}

/// `burgee.db.before-restore-1` and so on.
fn free_name(file: &Path) -> io::Result<PathBuf> {
    let names = (1..=u16::MAX).map(|number| with_suffix(file, &format!(".before-restore-{number}")));
    let mut free = names.filter(|name| !name.exists());
    free.next().ok_or_else(|| io::Error::other("too many databases were set aside already; remove some"))
}
