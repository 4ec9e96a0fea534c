//! Entries of Redis streams as Spin gives them: all arrays of an answer are one flat list.

use platform::redis::FIELD;

/// An entry of a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// Milliseconds and a number: `1700000000000-0`.
    pub(crate) id: String,
    /// The value of its field.
    pub(crate) payload: Vec<u8>,
}

/// The entries among `words`: an id, the field, its value. Anything else, such as the stream's name before
/// them and the ids of deleted entries after them, is passed over.
pub(crate) fn entries(words: Vec<Vec<u8>>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let Some(id) = id(&word) else { continue };
        if words.next_if(|next| next == FIELD.as_bytes()).is_some()
            && let Some(payload) = words.next()
        {
            entries.push(Entry { id, payload });
        }
    }
    entries
}

fn id(word: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(word).ok()?;
    let (ms, sequence) = text.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(ms) && is_number(sequence)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Vec<(String, String)> {
        let words = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let text = |entry: Entry| (entry.id, String::from_utf8(entry.payload).unwrap());
        entries(words).into_iter().map(text).collect()
    }

    fn entry(id: &str, payload: &str) -> (String, String) {
        (id.to_owned(), payload.to_owned())
    }

    #[test]
    fn entries_are_found_after_a_name_and_before_deleted_ids() {
        assert_eq!(
            read(&["burgee:jobs", "1-0", "p", "first", "2-0", "p", "second"]),
            [entry("1-0", "first"), entry("2-0", "second")]
        );
        assert_eq!(read(&["0-0", "1-0", "p", "first", "5-0", "6-1"]), [entry("1-0", "first")]);
        assert_eq!(read(&["0-0", "5-0"]), []);
        assert_eq!(read(&[]), []);
    }

    #[test]
    fn a_payload_may_look_like_anything() {
        assert_eq!(
            read(&["1-0", "p", "2-0", "3-0", "p", "p", "4-0", "p", ""]),
            [entry("1-0", "2-0"), entry("3-0", "p"), entry("4-0", "")]
        );
    }
}
