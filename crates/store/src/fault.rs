//! What a failing database means to a caller.

use model::Error;
use platform::DbError;

/// Translates a failure of the database where no rule of the domain is behind it.
pub fn unavailable(error: DbError) -> Error {
    match error {
        DbError::Unavailable(_) => Error::unavailable(
            "the database cannot be used now and nothing was changed; try again, the server's log says what is wrong",
            error,
        ),
        DbError::OutcomeUnknown(_) => Error::unavailable(
            "the connection to the database was lost; read the object again to see whether the change was made",
            error,
        ),
        DbError::Schema(text) => Error::Unavailable {
            message: "the database has another schema than this program; see the server's log",
            source: Some(text.into()),
        },
        DbError::Expectation { .. } | DbError::Duplicate(_) | DbError::Invalid(_) => Error::internal(error),
    }
}
