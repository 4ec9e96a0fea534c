//! Parsing: the lenient half, after the WHATWG's description of the event stream format.

use std::error::Error;
use std::fmt;
use std::mem;
use std::time::Duration;

use crate::{EVENT_BYTES_MAX, Event};

/// What a stream can hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Item {
    /// An event.
    Event(Event),
    /// A comment: the server is alive. The text after the colon.
    Comment(String),
    /// How long to wait before connecting again.
    Retry(Duration),
}

/// A line or an event is longer than the parser accepts. The stream is to be closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stream holds an event of more than {EVENT_BYTES_MAX} bytes")
    }
}

impl Error for TooLong {}

/// Turns the bytes of a stream, cut anywhere, into items. One parser for one connection.
#[derive(Debug, Default)]
pub struct Parser {
    /// The line that is not complete yet.
    line: Vec<u8>,
    /// The last byte was a CR, so a LF that follows belongs to it.
    after_cr: bool,
    /// The first line, the only one that may begin with a byte order mark, has been read.
    past_first_line: bool,
    name: String,
    /// The data lines so far, each with a line break behind it.
    data: String,
    /// The id of the event that is being read; holds on for later events without an id.
    id: String,
    /// The id of the last event that was complete.
    last_event_id: String,
}

impl Parser {
    /// Takes the next bytes and returns what they complete.
    ///
    /// # Errors
    /// [`TooLong`] when a line, or the data of an event, exceeds [`EVENT_BYTES_MAX`]: a server must not
    /// be able to fill a client's memory.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Item>, TooLong> {
        let mut items = Vec::new();
        while let Some((&first, rest)) = bytes.split_first() {
            if mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = rest;
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (part, tail) = bytes.split_at(end.unwrap_or(bytes.len()));
            self.line.extend_from_slice(part);
            if self.line.len() + self.data.len() > EVENT_BYTES_MAX {
                return Err(TooLong);
            }
            let Some((&end, rest)) = tail.split_first() else { break };
            self.after_cr = end == b'\r';
            items.extend(self.end_line());
            bytes = rest;
        }
        Ok(items)
    }

    /// What to send as `Last-Event-ID` when connecting again; empty if the server sent no id.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    fn end_line(&mut self) -> Option<Item> {
        let bytes = mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let is_first = !mem::replace(&mut self.past_first_line, true);
        let line = if is_first { line.strip_prefix('\u{feff}').unwrap_or(&line) } else { &line };
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => return Some(Item::Comment(value.to_owned())),
            "event" => value.clone_into(&mut self.name),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                return value.parse().ok().map(|ms| Item::Retry(Duration::from_millis(ms)));
            }
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<Item> {
        self.id.clone_into(&mut self.last_event_id);
        let name = mem::take(&mut self.name);
        let mut data = mem::take(&mut self.data);
        data.pop()?;
        Some(Item::Event(Event { id: self.id.clone(), name, data }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HEARTBEAT, retry};

    fn parse(bytes: &[u8]) -> Vec<Item> {
        Parser::default().push(bytes).unwrap()
    }

    fn event(id: &str, name: &str, data: &str) -> Item {
        Item::Event(Event { id: id.into(), name: name.into(), data: data.into() })
    }

    #[test]
    fn what_the_writer_wrote_is_read_back_wherever_the_bytes_are_cut() {
        let sent = Event { id: "8".into(), name: "*".into(), data: r#"{"version":8,"name":"ü"}"#.into() };
        let bytes = [HEARTBEAT, &sent.encode().unwrap(), &retry(Duration::from_secs(3))].concat();
        let expected = [Item::Comment(String::new()), Item::Event(sent), Item::Retry(Duration::from_secs(3))];

        for first_cut in 0..=bytes.len() {
            for second_cut in first_cut..=bytes.len() {
                let mut parser = Parser::default();
                let mut items = parser.push(&bytes[..first_cut]).unwrap();
                items.extend(parser.push(&bytes[first_cut..second_cut]).unwrap());
                items.extend(parser.push(&bytes[second_cut..]).unwrap());
                assert_eq!(items, expected, "cut at {first_cut} and {second_cut}");
            }
        }
    }

    #[test]
    fn lines_may_end_in_any_of_three_ways() {
        assert_eq!(
            parse(b"data: a\r\rdata: b\n\ndata: c\r\n\r\n"),
            [event("", "", "a"), event("", "", "b"), event("", "", "c")]
        );
    }

    #[test]
    fn a_line_break_cut_in_two_is_still_one() {
        let mut parser = Parser::default();

        assert_eq!(parser.push(b"data: a\r").unwrap(), []);
        assert_eq!(parser.push(b"\ndata: b\r\n").unwrap(), []);
        assert_eq!(parser.push(b"\r\n").unwrap(), [event("", "", "a\nb")]);
    }

    #[test]
    fn several_data_lines_are_one_payload_and_only_one_space_is_cut() {
        assert_eq!(parse(b"data:  a\ndata\ndata:b\n\n"), [event("", "", " a\n\nb")]);
    }

    #[test]
    fn an_event_without_data_is_none_but_its_id_counts() {
        let mut parser = Parser::default();

        assert_eq!(parser.push(b"id: 7\nevent: x\n\n").unwrap(), []);
        assert_eq!(parser.last_event_id(), "7");
        assert_eq!(parser.push(b"data: 1\n\n").unwrap(), [event("7", "", "1")]);
    }

    #[test]
    fn an_id_counts_only_when_its_event_is_complete() {
        let mut parser = Parser::default();

        parser.push(b"id: 7\ndata: 1\n\nid: 8\ndata: 2\n").unwrap();

        assert_eq!(parser.last_event_id(), "7");
    }

    #[test]
    fn unknown_fields_bad_retries_and_ids_with_nul_are_ignored() {
        assert_eq!(parse(b"colour: red\nretry: soon\nretry:\nid: a\0b\ndata: 1\n\n"), [event("", "", "1")]);
    }

    #[test]
    fn a_byte_order_mark_is_allowed_once_at_the_start() {
        assert_eq!(parse("\u{feff}data: 1\n\n".as_bytes()), [event("", "", "1")]);
        assert_eq!(parse("\n\u{feff}data: 1\n\n".as_bytes()), []);
    }

    #[test]
    fn a_line_or_an_event_without_end_is_refused() {
        let long_line = vec![b'x'; EVENT_BYTES_MAX + 1];
        let mut long_event = b"data: 0123456789\n".repeat(EVENT_BYTES_MAX / 11 + 1);

        assert_eq!(Parser::default().push(&long_line), Err(TooLong));
        long_event.extend_from_slice(b"\n");
        assert_eq!(Parser::default().push(&long_event), Err(TooLong));
    }
}
