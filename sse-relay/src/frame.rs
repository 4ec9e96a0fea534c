//! What goes over the wire, encoded once and shared by all streams.

use std::time::Duration;

use bytes::Bytes;
use client_api::FlagEvaluation;
use model::{StreamEvent, Version};
use serde::Serialize;
use sse::{EncodeError, Event, HEARTBEAT};

/// How a response's body is delimited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// HTTP/1.1: one chunk for each frame.
    Chunked,
    /// HTTP/1.0: the body ends with the connection.
    Plain,
}

/// One heartbeat, event or retry line as one HTTP chunk.
///
/// Node hands every chunk to its reader separately, even when several arrive in one segment, and its
/// SDK needs that: it drops a block that begins with a heartbeat, and dies on half a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Frame(Bytes);

/// What stands in the `data` line.
#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    event: &'a StreamEvent,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluations: Option<[FlagEvaluation<'a>; 1]>,
}

/// The chunk that ends a body.
pub(crate) const END: &[u8] = b"0\r\n\r\n";

impl Frame {
    /// The comment that keeps a stream alive.
    pub(crate) fn heartbeat() -> Self {
        Self(Bytes::from_static(b"3\r\n:\n\n\r\n"))
    }

    /// Asks the client to wait so long before it connects again.
    pub(crate) fn retry(after: Duration) -> Self {
        Self::chunk(&sse::retry(after))
    }

    /// An event after which everything up to version `id` has been sent, with the answer that its flag
    /// now gives, if that is known.
    ///
    /// # Errors
    /// When no SDK could read it.
    pub(crate) fn event(
        event: &StreamEvent,
        answer: Option<FlagEvaluation<'_>>,
        id: Version,
    ) -> Result<Self, EncodeError> {
        let data = Data { event, evaluations: answer.map(|answer| [answer]) };
        let data = serde_json::to_string(&data).map_err(|_| EncodeError::NoData)?;
        let event = Event { id: id.to_string(), name: "*".to_owned(), data };
        Ok(Self::chunk(&event.encode()?))
    }

    /// The bytes to write, all of them in one write.
    pub(crate) fn bytes(&self, framing: Framing) -> &[u8] {
        match framing {
            Framing::Chunked => &self.0,
            Framing::Plain => {
                let start = self.0.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                self.0.get(start..self.0.len().saturating_sub(2)).unwrap_or_default()
            }
        }
    }

    /// Its length on the wire.
    pub(crate) fn wire_bytes(&self) -> usize {
        self.0.len()
    }

    /// Whether it is the heartbeat.
    pub(crate) fn is_heartbeat(&self) -> bool {
        self.bytes(Framing::Plain) == HEARTBEAT
    }

    fn chunk(payload: &[u8]) -> Self {
        let mut chunk = format!("{:x}\r\n", payload.len()).into_bytes();
        chunk.extend_from_slice(payload);
        chunk.extend_from_slice(b"\r\n");
        Self(chunk.into())
    }
}

#[cfg(test)]
mod tests {
    use model::{Domain, EventKind};

    use super::*;

    fn event(identifier: &str) -> StreamEvent {
        StreamEvent {
            event: EventKind::Patch,
            domain: Domain::Flag,
            identifier: identifier.to_owned(),
            version: Version(8),
        }
    }

    #[test]
    fn an_event_is_one_chunk_with_lines_id_event_data() {
        let frame = Frame::event(&event("dark_mode"), None, Version(8)).unwrap();

        let payload = "id: 8\nevent: *\ndata: \
             {\"event\":\"patch\",\"domain\":\"flag\",\"identifier\":\"dark_mode\",\"version\":8}\n\n";
        assert_eq!(frame.bytes(Framing::Plain), payload.as_bytes());
        assert_eq!(frame.bytes(Framing::Chunked), format!("{:x}\r\n{payload}\r\n", payload.len()).as_bytes());
    }

    #[test]
    fn an_answer_is_embedded_behind_the_version_on_the_same_line() {
        let answer = FlagEvaluation {
            flag: "dark_mode",
            value: "a\nb",
            kind: model::FlagKind::String,
            identifier: "on",
        };

        let frame = Frame::event(&event("dark_mode"), Some(answer), Version(8)).unwrap();

        let data = r#"{"event":"patch","domain":"flag","identifier":"dark_mode","version":8,"evaluations":[{"flag":"dark_mode","value":"a\nb","kind":"string","identifier":"on"}]}"#;
        let payload = format!("id: 8\nevent: *\ndata: {data}\n\n");
        assert_eq!(frame.bytes(Framing::Plain), payload.as_bytes());
    }

    #[test]
    fn a_heartbeat_is_a_colon_and_an_empty_line_in_its_own_chunk() {
        assert_eq!(Frame::heartbeat(), Frame::chunk(HEARTBEAT));
        assert!(Frame::heartbeat().is_heartbeat());
        assert!(!Frame::event(&event("a"), None, Version(8)).unwrap().is_heartbeat());
    }

    #[test]
    fn a_retry_line_is_a_chunk_of_its_own() {
        assert_eq!(
            Frame::retry(Duration::from_millis(1_500)).bytes(Framing::Chunked),
            b"d\r\nretry: 1500\n\n\r\n"
        );
    }

    #[test]
    fn an_identifier_cannot_break_the_line() {
        let frame = Frame::event(&event("a\nevent: x\r\n\r\n"), None, Version(8)).unwrap();

        let text = String::from_utf8_lossy(frame.bytes(Framing::Plain)).into_owned();
        assert_eq!(text.lines().count(), 4, "{text:?}");
        assert!(text.contains(r#""identifier":"a\nevent: x\r\n\r\n""#));
    }

    #[test]
    fn an_event_that_go_could_not_read_is_refused() {
        assert!(Frame::event(&event(&"x".repeat(sse::EVENT_BYTES_MAX)), None, Version(8)).is_err());
    }
}
