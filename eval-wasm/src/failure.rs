//! Why a call failed: a negative number, and a sentence for people.

use std::fmt;

use model::JsonError;

/// A call that failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// What to do about it.
    pub code: Code,
    /// What happened, for people.
    pub message: String,
}

/// What a caller can tell apart; the numbers are part of the ABI.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(i32)]
pub enum Code {
    /// The input is larger than the module takes, or would need more memory than there is.
    TooLarge = -1,
    /// The input is not JSON of the shape that is asked for.
    Unreadable = -2,
    /// The snapshot is of a format that came after this module.
    NewerFormat = -3,
    /// No environment or target has that handle.
    NoSuchHandle = -4,
    /// There is no flag of that identifier or index, or it has no value for the target.
    NoSuchFlag = -5,
}

impl From<JsonError> for Failure {
    fn from(error: JsonError) -> Self {
        let code = match error {
            JsonError::Unreadable { .. } => Code::Unreadable,
            JsonError::NewerFormat(_) => Code::NewerFormat,
        };
        Self::new(code, format_args!("{error}"))
    }
}

impl Failure {
    pub(crate) fn new(code: Code, message: fmt::Arguments<'_>) -> Self {
        Self { code, message: message.to_string() }
    }

    pub(crate) fn no_such_handle(kind: &str, handle: u32) -> Self {
        Self::new(
            Code::NoSuchHandle,
            format_args!("no {kind} has the handle {handle}: it was freed or never given"),
        )
    }

    pub(crate) fn too_large(what: &str, bytes: usize, bytes_max: usize) -> Self {
        Self::new(Code::TooLarge, format_args!("{what} takes {bytes} bytes, allowed are {bytes_max}"))
    }
}
