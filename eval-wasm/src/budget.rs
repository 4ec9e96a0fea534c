//! How much memory it takes to load a text, estimated before it is parsed and without allocating.
//!
//! `{}` in a list of rules is three bytes of JSON and a hundred of memory, so that the length of a
//! text says little. The estimate counts what a text is made of; the weights are what the largest type
//! that can stand in such a place takes on a 32-bit machine, parsed and compiled at once, in lists that
//! have just been moved to a place of twice the size.

use model::{Clause, Snapshot};

/// The containers that may be open at once; the reader follows one fewer.
const DEPTH_MAX: u32 = 128;

/// A flag or segment: an object in a list in the outermost object.
const OBJECT_COST: usize = 320;
/// A rule, a variation, a listed target: an object in one of their lists.
const MEMBER_COST: usize = 320;
/// A clause, a share of a rollout: an object further in.
const PART_COST: usize = 128;
/// A list.
const LIST_COST: usize = 16;
/// Text or a number in a list: it may name a segment, which then gets a place.
const ITEM_COST: usize = 128;
/// The name of a field, and again what it names unless that is a list.
const FIELD_COST: usize = 12;
/// Each byte: it may be there once in what is parsed and once in what is compiled.
const BYTE_COST: usize = 2;
/// Each byte of the longest text with escapes: it is put together in a place that doubles.
const ESCAPED_BYTE_COST: usize = 3;

/// What a pattern with counted repetitions may take: its limit, and as much to match with.
const COUNTED_PATTERN_COST: usize = 512 * 1024;
/// What each byte of any other pattern may take.
const PATTERN_BYTE_COST: usize = 192;
/// What any pattern takes.
const PATTERN_COST: usize = 2 * 1024;

/// Bytes of memory that `json` takes when it is parsed and compiled; `None` if it is nested deeper than
/// any reader follows. Of a text that is not JSON the answer means nothing.
pub fn cost(json: &[u8]) -> Option<usize> {
    let mut scan = Scan { cost: json.len().saturating_mul(BYTE_COST), before: b',', ..Scan::default() };
    let mut rest = json;
    while let Some((byte, tail)) = rest.split_first() {
        rest = scan.step(*byte, tail)?;
    }
    Some(scan.cost.saturating_add(scan.longest_escaped.saturating_mul(ESCAPED_BYTE_COST)))
}

#[derive(Default)]
struct Scan {
    cost: usize,
    depth: u32,
    /// One bit for each open container, the innermost lowest: whether it is a list.
    lists: u128,
    /// The last byte that is not white space and not within text.
    before: u8,
    longest_escaped: usize,
}

impl Scan {
    /// Takes one byte, with all of the text that it may begin, and returns what follows.
    fn step<'j>(&mut self, byte: u8, tail: &'j [u8]) -> Option<&'j [u8]> {
        if byte.is_ascii_whitespace() {
            return Some(tail);
        }
        let begins = matches!(self.before, b',' | b'[' | b':' | b'{');
        self.before = byte;
        match byte {
            b'{' | b'[' => self.open(byte == b'[')?,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.lists >>= 1;
            }
            b'"' => {
                self.charge_scalar();
                return Some(self.skip_text(tail));
            }
            b',' | b':' => {}
            _ if begins => self.charge_scalar(),
            _ => {}
        }
        Some(tail)
    }

    fn open(&mut self, list: bool) -> Option<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let in_list = self.lists & 1 == 1;
        self.lists = (self.lists << 1) | u128::from(list);
        let cost = match (list, in_list, self.depth) {
            (true, ..) => LIST_COST,
            // It has its place in the object that it is in.
            (false, false, _) => FIELD_COST,
            (false, true, ..=3) => OBJECT_COST,
            (false, true, 4..=5) => MEMBER_COST,
            (false, true, _) => PART_COST,
        };
        self.cost = self.cost.saturating_add(cost);
        Some(())
    }

    fn charge_scalar(&mut self) {
        let in_list = self.lists & 1 == 1;
        self.cost = self.cost.saturating_add(if in_list { ITEM_COST } else { FIELD_COST });
    }

    /// What follows the text whose opening quote was taken.
    fn skip_text<'j>(&mut self, tail: &'j [u8]) -> &'j [u8] {
        let mut escapes = false;
        let mut bytes = tail.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' => break,
                b'\\' => {
                    escapes = true;
                    bytes.next();
                }
                _ => {}
            }
        }
        let rest = bytes.as_slice();
        if escapes {
            self.longest_escaped = self.longest_escaped.max(tail.len() - rest.len());
        }
        rest
    }
}

/// Bytes of memory that the patterns of `match` clauses take beyond what [`cost`] counts.
pub fn cost_of_patterns(snapshot: &Snapshot) -> usize {
    let of_flags = snapshot.flags.iter().flat_map(|flag| &flag.rules).flat_map(|rule| &rule.clauses);
    let of_segments = snapshot.segments.iter().flat_map(|segment| {
        segment.rules.iter().chain(segment.serving_rules.iter().flat_map(|rule| &rule.clauses))
    });
    of_flags.chain(of_segments).filter_map(cost_of_pattern).fold(0, usize::saturating_add)
}

fn cost_of_pattern(clause: &Clause) -> Option<usize> {
    let pattern = clause.values.first().filter(|_| &*clause.op == "match")?;
    Some(match pattern.contains('{') {
        true => COUNTED_PATTERN_COST,
        false => pattern
            .len()
            .saturating_mul(PATTERN_BYTE_COST)
            .saturating_add(PATTERN_COST)
            .min(COUNTED_PATTERN_COST),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_within_text_is_not_counted_as_structure() {
        let plain = cost(br#"{"a": "xxxxxxxx"}"#).unwrap();
        let braces = cost(br#"{"a": "{[{[,:]}"}"#).unwrap();

        assert_eq!(plain, braces);
    }

    #[test]
    fn escaped_quotes_do_not_end_a_text() {
        let escaped = cost(br#"["a\"{{{{", 1]"#).unwrap();
        let plain = cost(br#"["aabbbbbbb", 1]"#).unwrap();

        // The text with its closing quote.
        assert_eq!(escaped, plain - 2 * BYTE_COST + 8 * ESCAPED_BYTE_COST);
    }

    #[test]
    fn nesting_beyond_any_reader_is_refused() {
        assert!(cost("[".repeat(128).as_bytes()).is_some());
        assert_eq!(cost("[".repeat(129).as_bytes()), None);
    }

    #[test]
    fn small_members_count_by_their_memory_and_not_by_their_length() {
        let rules = format!(r#"{{"flags":[{{"feature":"a","rules":[{}{{}}]}}]}}"#, "{},".repeat(999));

        assert!(cost(rules.as_bytes()).unwrap() > 1_000 * MEMBER_COST);
    }
}
