//! Writing: the strict half.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::{EVENT_BYTES_MAX, Event};

/// The comment that keeps a stream alive. Exactly a colon: Go SDKs count nothing else as activity.
pub const HEARTBEAT: &[u8] = b":\n\n";

/// Why an event was not written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EncodeError {
    /// A field holds a line break, which would start another field, or a NUL, which voids an id.
    LineBreak {
        /// Which field.
        field: &'static str,
    },
    /// There is no data. Node SDKs end their process on an empty `data:` line.
    NoData,
    /// The event would be longer than [`EVENT_BYTES_MAX`].
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineBreak { field } => write!(f, "the event's {field} holds a line break or NUL"),
            Self::NoData => f.write_str("the event has no data"),
            Self::TooLong { bytes } => {
                write!(f, "the event has {bytes} bytes, {EVENT_BYTES_MAX} are allowed")
            }
        }
    }
}

impl Error for EncodeError {}

impl Event {
    /// The event as it goes over the wire: lines `id`, `event`, `data`, each with exactly one space
    /// after the colon (Java and Android cut a fixed number of characters), then a blank line.
    ///
    /// An empty id or name has no line. The data must be a single line: JSON without line breaks.
    ///
    /// # Errors
    /// When one of the SDKs could not read it; see [`EncodeError`].
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        if self.data.is_empty() {
            return Err(EncodeError::NoData);
        }
        let mut out = Vec::with_capacity(self.id.len() + self.name.len() + self.data.len() + 24);
        for (field, value) in [("id", &self.id), ("event", &self.name), ("data", &self.data)] {
            if value.contains(['\r', '\n', '\0']) {
                return Err(EncodeError::LineBreak { field });
            }
            if !value.is_empty() {
                for part in [field, ": ", value, "\n"] {
                    out.extend_from_slice(part.as_bytes());
                }
            }
        }
        out.push(b'\n');
        if out.len() > EVENT_BYTES_MAX {
            return Err(EncodeError::TooLong { bytes: out.len() });
        }
        Ok(out)
    }
}

/// The line that asks a client to wait so long before it connects again; whole milliseconds.
/// It carries no event, and is to be sent in a write of its own.
pub fn retry(after: Duration) -> Vec<u8> {
    format!("retry: {}\n\n", after.as_millis()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: &str) -> Event {
        Event { id: "8".into(), name: "*".into(), data: data.into() }
    }

    #[test]
    fn lines_come_as_id_event_data_and_a_blank_line() {
        let bytes = event(r#"{"domain":"flag"}"#).encode().unwrap();

        assert_eq!(bytes, b"id: 8\nevent: *\ndata: {\"domain\":\"flag\"}\n\n");
    }

    #[test]
    fn empty_id_and_name_have_no_line() {
        let bytes = Event { data: "1".into(), ..Event::default() }.encode().unwrap();

        assert_eq!(bytes, b"data: 1\n\n");
    }

    #[test]
    fn what_an_sdk_would_misread_is_refused() {
        assert_eq!(event("").encode(), Err(EncodeError::NoData));
        for broken in ["{\n}", "{\r}", "{\0}"] {
            assert_eq!(event(broken).encode(), Err(EncodeError::LineBreak { field: "data" }));
        }
        let forged = Event { id: "8\ndata: {}".into(), ..event("{}") };
        assert_eq!(forged.encode(), Err(EncodeError::LineBreak { field: "id" }));
    }

    #[test]
    fn an_event_may_have_64_kib_and_not_a_byte_more() {
        let overhead = event("1").encode().unwrap().len() - 1;
        let longest = EVENT_BYTES_MAX - overhead;

        assert_eq!(event(&"x".repeat(longest)).encode().unwrap().len(), EVENT_BYTES_MAX);
        assert_eq!(
            event(&"x".repeat(longest + 1)).encode(),
            Err(EncodeError::TooLong { bytes: EVENT_BYTES_MAX + 1 })
        );
    }

    #[test]
    fn retry_is_in_milliseconds() {
        assert_eq!(retry(Duration::from_secs(3)), b"retry: 3000\n\n");
    }
}
