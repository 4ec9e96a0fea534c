//! The bucket of a target in a percentage rollout: Murmur3-32 of `attribute:value`.

use std::fmt;

/// How many buckets targets fall into; a weight of one percent is one bucket.
const BUCKETS: u32 = 100;

/// The bucket a target falls into for a percentage rollout.
///
/// Returns 1..=100. Same input, same bucket, in every SDK and forever: changing this moves real
/// users between variations. `bucket_by` is the attribute's name, `value` its text form.
/// Murmur3-32 (seed 0) of the UTF-8 bytes of `"{bucket_by}:{value}"`, see spec/EVALUATION.md §7.
pub fn bucket(bucket_by: &str, value: &str) -> u8 {
    Hash::of_attribute(bucket_by).then(value.as_bytes()).bucket()
}

/// A Murmur3-32 hash (seed 0) in the making.
///
/// Copying it forks the computation: a rollout keeps the hash of `"{bucket_by}:"` and continues it
/// with each target's value, so nothing is ever joined into a buffer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hash {
    /// All whole words so far.
    state: u32,
    /// The up to three bytes after them, first byte lowest.
    tail: u32,
    /// Bytes so far. Wraps like the algorithm's own 32-bit length does.
    length: u32,
}

impl Hash {
    /// The hash of `"{bucket_by}:"`, to be continued with a value.
    pub(crate) fn of_attribute(bucket_by: &str) -> Self {
        Self::default().then(bucket_by.as_bytes()).then(b":")
    }

    /// Continues with more bytes.
    ///
    /// Words are put together from the tail and the next bytes, so that it costs nothing that the
    /// bytes do not begin where a word does.
    #[inline]
    pub(crate) fn then(mut self, bytes: &[u8]) -> Self {
        let shift = self.length % 4 * 8;
        let (words, rest) = bytes.as_chunks::<4>();
        for word in words {
            let pair = u64::from(u32::from_le_bytes(*word)) << shift | u64::from(self.tail);
            self.mix(low(pair));
            self.tail = low(pair >> 32);
        }
        let pair = little_endian(rest) << shift | u64::from(self.tail);
        if self.length % 4 + length(rest) < 4 {
            self.tail = low(pair);
        } else {
            self.mix(low(pair));
            self.tail = low(pair >> 32);
        }
        self.length = self.length.wrapping_add(length(bytes));
        self
    }

    /// Where the hash falls: 1..=100.
    pub(crate) fn bucket(self) -> u8 {
        (self.finish() % BUCKETS) as u8 + 1
    }

    #[inline]
    fn mix(&mut self, word: u32) {
        self.state ^= scrambled(word);
        self.state = self.state.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }

    pub(crate) fn finish(self) -> u32 {
        let mut hash = self.state ^ scrambled(self.tail) ^ self.length;
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

/// Values that are not text are hashed while they are printed.
impl fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        *self = self.then(text.as_bytes());
        Ok(())
    }
}

#[inline]
fn scrambled(word: u32) -> u32 {
    word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

/// The lower half.
#[inline]
fn low(pair: u64) -> u32 {
    (pair & 0xffff_ffff) as u32
}

/// The number of bytes, as far as the algorithm's 32 bits count.
#[inline]
fn length(bytes: &[u8]) -> u32 {
    low(bytes.len() as u64)
}

/// Up to three bytes as a number, the first one lowest.
#[inline]
fn little_endian(rest: &[u8]) -> u64 {
    rest.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_of_the_published_sdks() {
        for (bucket_by, value, expected) in [
            ("identifier", "alice", 92),
            ("identifier", "test", 57),
            ("identifier", "user-1", 43),
            ("identifier", "user-2", 56),
            ("email", "a@b.com", 41),
            ("email", "enver.bisevac@harness", 61),
            ("age", "30", 69),
            ("identifier", "é😀", 54),
        ] {
            assert_eq!(bucket(bucket_by, value), expected, "{bucket_by}:{value}");
        }
    }

    #[test]
    fn hash_does_not_depend_on_how_the_text_is_cut() {
        let text = b"identifier:somebody@example.com";
        let whole = Hash::default().then(text).finish();

        for first in 0..text.len() {
            for second in first..text.len() {
                let (head, rest) = text.split_at(first);
                let (middle, tail) = rest.split_at(second - first);
                assert_eq!(Hash::default().then(head).then(middle).then(tail).finish(), whole);
            }
        }
    }
}
