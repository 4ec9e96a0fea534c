//! What the databases' errors mean to a caller.

use platform::DbError;

/// A failure as Spin's Postgres interface tells of it.
#[derive(Clone, Copy, Debug)]
pub enum Failure<'a> {
    /// No connection could be opened.
    NotConnected(&'a str),
    /// The database answered with an error.
    Answered {
        /// Its SQLSTATE, five characters.
        code: &'a str,
        /// In words.
        message: &'a str,
        /// More about it: for a key that is taken, which one.
        detail: Option<&'a str>,
    },
    /// Anything else: mostly a connection that was lost.
    Lost(&'a str),
    /// A value that cannot be sent or read.
    Value(&'a str),
}

/// The first two characters of a SQLSTATE whose cause lies outside of this program and passes: connections,
/// resources, deadlocks and serialisation, operators who stop the server, the machine.
const PASSING_CLASSES: [&str; 5] = ["08", "40", "53", "57", "58"];

/// Postgres: a key is taken.
const UNIQUE_VIOLATION: &str = "23505";

/// Postgres: somebody else holds the lock.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Postgres: a transaction was idle for too long and its connection is closed.
const IDLE_IN_TRANSACTION: &str = "25P03";

/// Postgres: this server is a replica.
const READ_ONLY_TRANSACTION: &str = "25006";

/// A failure of a statement that changed nothing, or whose transaction is not committed.
pub fn postgres(failure: Failure<'_>) -> DbError {
    match failure {
        Failure::NotConnected(text) => DbError::Unavailable(format!(
            "Postgres cannot be reached ({text}); look at BURGEE_DATABASE_URL, the server, and allowed_outbound_hosts"
        )),
        Failure::Answered { code: UNIQUE_VIOLATION, message, detail } => {
            DbError::Duplicate(detail.unwrap_or(message).to_owned())
        }
        Failure::Answered { code, message, .. } if is_passing(code) => {
            DbError::Unavailable(format!("Postgres: {message} ({code})"))
        }
        Failure::Answered { code, message, .. } => DbError::Invalid(format!("{message} ({code})")),
        Failure::Lost(text) => DbError::Unavailable(format!("the connection to Postgres was lost ({text})")),
        Failure::Value(text) => DbError::Invalid(text.to_owned()),
    }
}

fn is_passing(code: &str) -> bool {
    PASSING_CLASSES.iter().any(|class| code.starts_with(class))
        || [LOCK_NOT_AVAILABLE, IDLE_IN_TRANSACTION, READ_ONLY_TRANSACTION].contains(&code)
}

/// What SQLite says when a key is taken.
const UNIQUE: &str = "UNIQUE constraint failed: ";

/// What SQLite says of a file that cannot be used now, and what to do about it.
const PASSING: [(&str, &str); 6] = [
    ("is locked", "another request or program holds it; let it finish"),
    ("database or disk is full", "free some space on its disk"),
    ("disk I/O error", "look at the disk and at the system's log"),
    ("readonly database", "make the file, its folder and its disk writable"),
    ("unable to open database file", "look at the permissions of the file and its folder"),
    ("query result exceeds limit", "raise Spin's limit on the bytes of one SQLite result"),
];

/// A failure of Spin's SQLite, which tells of it in words only: those of SQLite.
pub fn sqlite(text: &str) -> DbError {
    if let Some((_, columns)) = text.split_once(UNIQUE) {
        return DbError::Duplicate(columns.to_owned());
    }
    match PASSING.iter().find(|(words, _)| text.contains(words)) {
        Some((_, advice)) => DbError::Unavailable(format!("Spin's SQLite database: {text}; {advice}")),
        None => DbError::Invalid(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: &str) -> DbError {
        postgres(Failure::Answered { code, message: "what Postgres says", detail: None })
    }

    #[test]
    fn what_passes_is_worth_another_try_and_what_is_wrong_is_not() {
        for code in ["08006", "40001", "40P01", "53300", "57014", "57P01", "55P03", "25P03", "25006"] {
            assert_eq!(
                answered(code),
                DbError::Unavailable(format!("Postgres: what Postgres says ({code})"))
            );
        }
        for code in ["42601", "42P01", "22P02", "23502", "25P02"] {
            assert_eq!(answered(code), DbError::Invalid(format!("what Postgres says ({code})")));
        }
    }

    #[test]
    fn only_a_taken_key_is_a_duplicate() {
        let detail = Some("Key (id)=(1) already exists.");
        let taken = Failure::Answered { code: "23505", message: "duplicate key", detail };

        assert_eq!(postgres(taken), DbError::Duplicate("Key (id)=(1) already exists.".into()));
        assert_eq!(sqlite("UNIQUE constraint failed: flag.id"), DbError::Duplicate("flag.id".into()));
        assert_eq!(
            sqlite("CHECK constraint failed: kind"),
            DbError::Invalid("CHECK constraint failed: kind".into())
        );
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_a_remedy() {
        for text in ["database is locked", "database table is locked", "database or disk is full"] {
            let error = sqlite(text);

            let DbError::Unavailable(said) = error else { panic!("{error:?}") };
            assert!(said.starts_with("Spin's SQLite database: ") && said.contains(text), "{said}");
        }
    }
}
