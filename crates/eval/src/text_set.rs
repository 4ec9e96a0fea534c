//! Sets of texts: target lists of up to millions of identifiers, operands of `in`.

use hashbrown::HashTable;

use crate::order::sorted_by_key;
use crate::text_hasher::TextHasher;

/// An immutable set of texts: one allocation for all the characters, one for the table.
///
/// A list of a million identifiers takes about half the memory of its JSON.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextSet {
    texts: Box<str>,
    table: HashTable<Span>,
}

/// Where a text lies in [`TextSet::texts`].
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    length: u32,
}

impl TextSet {
    /// The set of all texts that are not empty: an empty identifier or attribute means "none", which
    /// no list contains. Of more than 4 GiB only the first are taken; no object may be that large.
    pub(crate) fn new<'t>(texts: impl Iterator<Item = &'t str> + Clone, hasher: &TextHasher) -> Self {
        let texts = texts.filter(|text| !text.is_empty());
        let (count, bytes) =
            texts.clone().fold((0, 0), |(count, bytes), text| (count + 1, bytes + text.len()));
        let mut joined = String::with_capacity(bytes);
        let mut table = HashTable::with_capacity(count);
        for text in texts {
            let Some(span) = Span::after(&joined, text) else { break };
            let hash = hasher.hash(text);
            if find(&table, &joined, text, hash).is_none() {
                joined.push_str(text);
                table.insert_unique(hash, span, |span| hasher.hash(span.of(&joined)));
            }
        }
        Self { texts: joined.into_boxed_str(), table }
    }

    /// Whether `text`, whose hash is given, is in the set.
    #[inline]
    pub(crate) fn contains(&self, text: &str, hash: u64) -> bool {
        find(&self.table, &self.texts, text, hash).is_some()
    }

    /// Whether nothing is in the set, so that no hash is needed to ask it.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// All texts in the order in which they were given.
    pub(crate) fn to_vec(&self) -> Vec<&str> {
        let spans: Vec<Span> = self.table.iter().copied().collect();
        sorted_by_key(&spans, |span| span.start).map(|span| span.of(&self.texts)).collect()
    }
}

impl Span {
    fn after(joined: &str, text: &str) -> Option<Self> {
        Some(Self { start: u32::try_from(joined.len()).ok()?, length: u32::try_from(text.len()).ok()? })
    }

    /// Spans are made for texts that were then appended, so this never misses.
    fn of(self, texts: &str) -> &str {
        let start = self.start as usize;
        texts.get(start..start + self.length as usize).unwrap_or_default()
    }
}

#[inline]
fn find<'s>(table: &'s HashTable<Span>, texts: &str, text: &str, hash: u64) -> Option<&'s Span> {
    table.find(hash, |span| span.length as usize == text.len() && span.of(texts) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_contains_exactly_what_was_put_in() {
        let hasher = TextHasher::default();
        let names: Vec<String> = (0..1000).map(|i| format!("target-{i}")).collect();
        let set = TextSet::new(names.iter().map(String::as_str), &hasher);
        let contains = |text: &str| set.contains(text, hasher.hash(text));

        assert!(names.iter().all(|name| contains(name)));
        assert!(!contains("target-1000"));
        assert!(!contains("target"));
    }

    #[test]
    fn repeated_and_empty_texts_are_taken_once_and_never() {
        let hasher = TextHasher::default();
        let set = TextSet::new(["b", "", "a", "b", "ba"].into_iter(), &hasher);

        assert_eq!(set.to_vec(), ["b", "a", "ba"]);
        assert!(!set.contains("", hasher.hash("")));
    }
}
