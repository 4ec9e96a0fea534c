//! Opening: what must be true of folder and file, and how connections are set up.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use platform::DbError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::Options;

/// Why a database cannot be opened. Each message is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is not there; it is not made silently, because a wrong path would look like an empty
    /// installation.
    #[error("data folder {} does not exist; create it with: mkdir -p {}", folder.display(), folder.display())]
    FolderMissing {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder is there but this process cannot work in it.
    #[error(
        "data folder {} cannot be used ({cause}); give this user read and write access or choose another folder",
        folder.display()
    )]
    FolderUnusable {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Another process serves the folder.
    #[error(
        "data folder {} is used by another burgee process (pid {}); stop that one or choose another folder",
        folder.display(),
        pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string())
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Who holds it, if it says so.
        pid: Option<u32>,
    },
    /// The file is something else, or damaged at its very start.
    #[error("{} is not a SQLite database; move it away or restore it from a backup", file.display())]
    NotADatabase {
        /// The file.
        file: PathBuf,
    },
    /// The file, or the disk it is on, cannot be written.
    #[error("{} is read-only; make the file and its disk writable for this user", file.display())]
    ReadOnly {
        /// The file.
        file: PathBuf,
    },
    /// Anything else.
    #[error("{} cannot be opened: {cause}", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What SQLite or the system says.
        cause: String,
    },
}

/// The folder of a database file, if this process can work in it.
pub(super) fn folder_of(file: &Path) -> Result<PathBuf, OpenError> {
    let folder = match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => return Err(OpenError::FolderMissing { folder: file.to_owned() }),
    };
    match fs::read_dir(&folder) {
        Ok(_) => Ok(folder),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Err(OpenError::FolderMissing { folder }),
        Err(cause) => Err(OpenError::FolderUnusable { folder, cause }),
    }
}

/// Creates the file unless it is there. It will hold signing keys: nobody else may read it. SQLite gives
/// its side files the same permissions.
pub(super) fn create_private(file: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The connection that writes.
pub(super) fn writer(file: &Path, options: &Options) -> Result<Connection, OpenError> {
    create_private(file).map_err(|error| match error.kind() {
        ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly { file: file.to_owned() },
        _ => OpenError::Failed { file: file.to_owned(), cause: error.to_string() },
    })?;
    let failed = |error| explain(file, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    if connection.is_readonly("main").map_err(failed)? {
        return Err(OpenError::ReadOnly { file: file.to_owned() });
    }
    connection.busy_timeout(options.busy_timeout).map_err(failed)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        let cause = "its file system has no shared memory, which the write-ahead log needs".to_owned();
        return Err(OpenError::Failed { file: file.to_owned(), cause });
    }
    set_up_writer(&connection).map_err(failed)?;
    Ok(connection)
}

/// A connection that reads.
pub(super) fn reader(file: &Path, options: &Options) -> Result<Connection, OpenError> {
    let failed = |error| explain(file, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    connection.busy_timeout(options.busy_timeout).map_err(failed)?;
    set_up(&connection).map_err(failed)?;
    Ok(connection)
}

/// A database that is gone with its connection.
pub(super) fn in_memory() -> Result<Connection, OpenError> {
    let failed = |error| explain(Path::new(super::IN_MEMORY), &error);
    let connection = Connection::open_in_memory().map_err(failed)?;
    set_up_writer(&connection).map_err(failed)?;
    Ok(connection)
}

/// `fullfsync` matters on macOS only, where a plain fsync leaves data in the disk's cache. The log is cut
/// back to 64 MiB after a spike.
fn set_up_writer(connection: &Connection) -> rusqlite::Result<()> {
    set_up(connection)?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864;",
    )
}

/// Without `DQS` a misspelt column in double quotes is an error, as on Postgres, and not a text.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;")
}

fn explain(file: &Path, error: &rusqlite::Error) -> OpenError {
    let file = file.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::NotADatabase { file },
        Some(ErrorCode::ReadOnly) => OpenError::ReadOnly { file },
        _ => OpenError::Failed { file, cause: error.to_string() },
    }
}

/// Which file it was that we opened. A file that is replaced or removed while we hold it would take
/// everything that is written from then on with it; SQLite does not notice.
pub(super) struct Identity {
    file: PathBuf,
    device_and_inode: (u64, u64),
}

impl Identity {
    pub(super) fn of(file: &Path) -> Result<Self, OpenError> {
        let metadata = fs::metadata(file)
            .map_err(|error| OpenError::Failed { file: file.to_owned(), cause: error.to_string() })?;
        Ok(Self { file: file.to_owned(), device_and_inode: (metadata.dev(), metadata.ino()) })
    }

    /// Fails if another file, or none, is now at the path.
    pub(super) fn check(&self) -> Result<(), DbError> {
        match fs::metadata(&self.file) {
            Ok(found) if (found.dev(), found.ino()) == self.device_and_inode => Ok(()),
            Ok(_) => Err(self.gone("was replaced by another file")),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(self.gone("was removed")),
            Err(error) => Err(self.gone(&format!("cannot be reached ({error})"))),
        }
    }

    fn gone(&self, what: &str) -> DbError {
        DbError::Unavailable(format!(
            "{} {what} while it was open; put the old one back, or restart burgee to use what is there now",
            self.file.display()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A killed process does not lose what the system still holds, so only this keeps a power cut from
    /// undoing what was answered.
    #[test]
    fn a_commit_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();

        let connection = writer(&folder.path().join("burgee.db"), &Options::default()).unwrap();

        let pragma =
            |name: &str| -> i64 { connection.pragma_query_value(None, name, |row| row.get(0)).unwrap() };
        let full = 2;
        assert_eq!((pragma("synchronous"), pragma("fullfsync"), pragma("foreign_keys")), (full, 1, 1));
    }
}
