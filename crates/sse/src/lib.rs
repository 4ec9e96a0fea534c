//! Server-sent-event frames: write and parse, no sockets.
//!
//! The writer is strict, because each of its rules keeps one of the stock SDKs working; the parser is
//! as lenient as the format, because it also reads what others wrote.

mod parse;
mod write;

pub use parse::{Item, Parser, TooLong};
pub use write::{EncodeError, HEARTBEAT, retry};

/// Bytes of one event, blank line included, beyond which the line scanner of Go SDKs gives up.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;

/// One event of a stream.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Event {
    /// What a client sends back as `Last-Event-ID` after this event. Empty: none was ever sent.
    pub id: String,
    /// The event's name. Empty means the default, `message`.
    pub name: String,
    /// The payload.
    pub data: String,
}
