//! Any bytes as an event stream, cut in two anywhere.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sse::{Item, Parser};

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    let mut whole = Parser::default();
    let items = whole.push(bytes);

    let (head, tail) = bytes.split_at(usize::from(cut) % (bytes.len() + 1));
    let mut parts = Parser::default();
    let in_parts = parts.push(head).and_then(|mut items| {
        items.extend(parts.push(tail)?);
        Ok(items)
    });
    assert_eq!(in_parts, items, "cut after {} bytes", head.len());
    assert_eq!(parts.last_event_id(), whole.last_event_id());

    for item in items.into_iter().flatten() {
        let Item::Event(event) = &item else { continue };
        if let Ok(written) = event.encode() {
            assert_eq!(Parser::default().push(&written), Ok(vec![item]));
        }
    }
});
