//! Why a stream is not opened, and what is answered.

use model::Error;

/// Why a request gets no stream. Answered without any body byte: browser SDKs take the first byte of an
/// answer, whatever its status, for a connected stream and stop polling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// The head of the request cannot be read.
    Unreadable,
    /// No credentials, or none that can be read.
    Unauthenticated,
    /// The key is unknown, was revoked or has expired.
    Forbidden,
    /// The head did not come in time.
    TooLate,
    /// The head is too long.
    TooLong,
    /// It cannot be known who asks or what changed, there are too many streams, or the relay is shutting
    /// down. SDKs poll and come again.
    Unavailable,
}

impl Refusal {
    /// All of them, in the order of [`Refusal::index`].
    pub(crate) const ALL: [Self; 6] = [
        Self::Unreadable,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::TooLate,
        Self::TooLong,
        Self::Unavailable,
    ];

    /// The status.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Unreadable => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::TooLate => 408,
            Self::TooLong => 431,
            Self::Unavailable => 503,
        }
    }

    /// The whole answer.
    pub(crate) fn response(self) -> String {
        let reason = match self {
            Self::Unreadable => "Bad Request",
            Self::Unauthenticated => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::TooLate => "Request Timeout",
            Self::TooLong => "Request Header Fields Too Large",
            Self::Unavailable => "Service Unavailable",
        };
        format!(
            "HTTP/1.1 {} {reason}\r\nAccess-Control-Allow-Origin: *\r\nCache-Control: no-store\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n",
            self.status()
        )
    }

    /// Its place in [`Refusal::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        match error {
            Error::Unauthenticated(_) => Self::Unauthenticated,
            // A live key of an environment that is gone: the key is about to follow it.
            Error::Forbidden(_) | Error::NotFound { .. } => Self::Forbidden,
            _ => Self::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_in_its_place_and_has_no_body() {
        for (index, refusal) in Refusal::ALL.into_iter().enumerate() {
            let response = refusal.response();

            assert_eq!(refusal.index(), index);
            assert!(response.starts_with(&format!("HTTP/1.1 {} ", refusal.status())));
            assert!(response.contains("\r\nContent-Length: 0\r\n"));
            assert!(response.contains("\r\nAccess-Control-Allow-Origin: *\r\n"));
            assert!(response.ends_with("\r\n\r\n"));
        }
    }

    #[test]
    fn only_a_certain_answer_about_a_key_is_final() {
        let unavailable = Error::Unavailable { message: "away", source: None };

        assert_eq!(Refusal::from(&Error::Forbidden("dead".to_owned())), Refusal::Forbidden);
        assert_eq!(Refusal::from(&Error::Unauthenticated("who?")), Refusal::Unauthenticated);
        assert_eq!(Refusal::from(&unavailable), Refusal::Unavailable);
        assert_eq!(Refusal::from(&Error::internal("damage")), Refusal::Unavailable);
    }
}
