//! One process per data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use super::OpenError;

/// The lock's file. It stays when the process ends; what counts is the lock on it, which the kernel
/// takes away with the process, however that ends.
const FILE_NAME: &str = "burgee.lock";

/// Held as long as the folder is served.
pub(super) struct FolderLock(#[expect(dead_code, reason = "closing the file ends the lock")] File);

/// Whether a process is using the folder of that database now.
pub fn is_served(file: &Path) -> bool {
    let lock = file.parent().map(|folder| File::open(folder.join(FILE_NAME)));
    // Shared, so that two who look do not take each other for a server.
    matches!(
        lock.map(|lock| lock.map(|lock| lock.try_lock_shared())),
        Some(Ok(Err(TryLockError::WouldBlock)))
    )
}

impl FolderLock {
    /// For a process that serves the folder alone.
    pub(super) fn take(folder: &Path) -> Result<Self, OpenError> {
        let mut file = open(folder)?;
        locked(folder, &mut file, File::try_lock)?;
        // Written for the message of whoever comes next only.
        let written = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        written.map_err(|cause| unusable(folder, cause))?;
        Ok(Self(file))
    }

    /// For one of several processes that serve the folder together, and that keep those away which serve it
    /// alone.
    pub(super) fn share(folder: &Path) -> Result<Self, OpenError> {
        let mut file = open(folder)?;
        locked(folder, &mut file, File::try_lock_shared)?;
        Ok(Self(file))
    }
}

fn open(folder: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).read(true).write(true).open(folder.join(FILE_NAME));
    file.map_err(|cause| unusable(folder, cause))
}

fn locked(
    folder: &Path,
    file: &mut File,
    lock: impl FnOnce(&File) -> Result<(), TryLockError>,
) -> Result<(), OpenError> {
    match lock(file) {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder); // Without it the message lacks the number.
            Err(OpenError::InUse { folder: folder.to_owned(), pid: holder.trim().parse().ok() })
        }
        Err(TryLockError::Error(cause)) => Err(unusable(folder, cause)),
    }
}

fn unusable(folder: &Path, cause: io::Error) -> OpenError {
    OpenError::FolderUnusable { folder: folder.to_owned(), cause }
}
