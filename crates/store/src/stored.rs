//! Bodies of stored objects.

use model::{Error, Stored};
use platform::DbError;

/// Reads the body of a stored object.
///
/// # Errors
/// `Internal` if it is damaged.
pub fn read_body<T: Stored>(body: &str) -> Result<T, Error> {
    T::from_json(body.as_bytes())
        .map_err(|error| Error::internal(format!("a stored object is damaged: {error}")))
}

/// Reads a body among others; damage is reported with the object's identifier.
pub(crate) fn read_named<T: Stored>(body: &str, identifier: &str) -> Result<T, DbError> {
    T::from_json(body.as_bytes())
        .map_err(|error| DbError::Invalid(format!("stored object {identifier:?} is damaged: {error}")))
}
