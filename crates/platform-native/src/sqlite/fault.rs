//! What SQLite's errors mean to a caller, in sentences that name the file.

use platform::DbError;
use rusqlite::{Error, ErrorCode, ffi};

/// `name` is the database as the operator knows it: its path.
pub(super) fn translate(name: &str, error: &Error) -> DbError {
    let Error::SqliteFailure(code, message) = error else {
        return DbError::Invalid(error.to_string());
    };
    let message = message.as_deref().unwrap_or("no details");
    match code.code {
        ErrorCode::ConstraintViolation if is_duplicate(code.extended_code) => {
            DbError::Duplicate(columns(message).to_owned())
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            DbError::Invalid(format!("{name} is damaged ({message}); restore it from a backup"))
        }
        other => match advice(other) {
            Some((state, advice)) => DbError::Unavailable(format!("{name} {state} ({message}); {advice}")),
            None => DbError::Invalid(message.to_owned()),
        },
    }
}

/// What the file is in, and what to do about it, where the failure lies outside of this program.
const fn advice(code: ErrorCode) -> Option<(&'static str, &'static str)> {
    Some(match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            ("is locked by another program", "end that program or let it finish")
        }
        ErrorCode::DiskFull => ("has no more space", "free some space on its disk; no restart is needed"),
        ErrorCode::SystemIoFailure => {
            ("cannot be read or written", "look at the disk and at the system's log")
        }
        ErrorCode::ReadOnly => ("cannot be written", "make the file, its folder and its disk writable"),
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            ("cannot be opened", "look at the permissions of the file and its folder")
        }
        ErrorCode::FileLockingProtocolFailed => ("cannot be locked", "use a local disk"),
        ErrorCode::OutOfMemory => ("needs more memory than there is", "give the process more memory"),
        _ => return None,
    })
}

const fn is_duplicate(extended_code: i32) -> bool {
    matches!(
        extended_code,
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID
    )
}

/// `flag.project, flag.identifier` from `UNIQUE constraint failed: flag.project, flag.identifier`.
fn columns(message: &str) -> &str {
    message.split_once(": ").map_or(message, |(_, columns)| columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32, message: &str) -> DbError {
        translate("/data/burgee.db", &Error::SqliteFailure(ffi::Error::new(code), Some(message.to_owned())))
    }

    #[test]
    fn failures_of_the_machine_are_unavailable_and_name_file_and_remedy() {
        for code in [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_LOCKED,
            ffi::SQLITE_FULL,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_CANTOPEN,
        ] {
            let error = failure(code, "what SQLite says");

            let DbError::Unavailable(text) = error else { panic!("{error:?}") };
            assert!(text.starts_with("/data/burgee.db ") && text.contains("what SQLite says"), "{text}");
        }
    }

    #[test]
    fn only_a_taken_key_is_a_duplicate() {
        let unique = "UNIQUE constraint failed: flag.project, flag.identifier";

        assert_eq!(
            failure(ffi::SQLITE_CONSTRAINT_UNIQUE, unique),
            DbError::Duplicate("flag.project, flag.identifier".into())
        );
        let check = failure(ffi::SQLITE_CONSTRAINT_CHECK, "CHECK constraint failed: kind");
        assert_eq!(check, DbError::Invalid("CHECK constraint failed: kind".into()));
    }
}
