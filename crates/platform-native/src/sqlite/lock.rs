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
    pub(super) fn take(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(FILE_NAME);
        let unusable = |cause: io::Error| OpenError::FolderUnusable { folder: folder.to_owned(), cause };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(unusable)?;
                // Written for the message below only.
                write!(file, "{}", std::process::id()).map_err(unusable)?;
                Ok(Self(file))
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder); // Without it the message lacks the number.
                Err(OpenError::InUse { folder: folder.to_owned(), pid: holder.trim().parse().ok() })
            }
            Err(TryLockError::Error(cause)) => Err(unusable(cause)),
        }
    }
}
