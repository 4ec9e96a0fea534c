//! Equal lists of variations, kept once.

use std::sync::Arc;

use hashbrown::HashTable;
use model::Variation;

use crate::text_hasher::TextHasher;

/// The lists of variations seen so far. Most flags of an environment are booleans with the same two
/// variations, so that sharing their lists saves a third of a ruleset's memory and half of its
/// allocations.
#[derive(Default)]
pub(super) struct VariationLists(HashTable<Arc<[Variation]>>);

impl VariationLists {
    /// The list, shared with an equal one if there was one.
    pub(super) fn share(&mut self, list: &[Variation], hasher: &TextHasher) -> Arc<[Variation]> {
        let hash = hash(list, hasher);
        if let Some(equal) = self.0.find(hash, |other| same(other, list)) {
            return Arc::clone(equal);
        }
        let list: Arc<[Variation]> = list.into();
        self.remember(&list, hasher);
        list
    }

    /// Notes a list that others may share.
    pub(super) fn remember(&mut self, list: &Arc<[Variation]>, hasher: &TextHasher) {
        let hash_of = |list: &Arc<[Variation]>| hash(list, hasher);
        let entry = self.0.entry(hash_of(list), |other| same(other, list), hash_of);
        entry.or_insert_with(|| Arc::clone(list));
    }
}

/// Values tell lists apart well enough.
fn hash(list: &[Variation], hasher: &TextHasher) -> u64 {
    list.iter().fold(0, |hash, variation| hash.rotate_left(5) ^ hasher.hash(&variation.value))
}

/// Equality, without comparing empty texts. `memcmp` of the C library reads at the address of a text
/// even if it is empty, and that of an empty text is made up: what the processor does not allow but
/// tolerates takes longer than all the rest of compiling a flag.
fn same(a: &[Variation], b: &[Variation]) -> bool {
    let equal = |(a, b): (&str, &str)| a.len() == b.len() && (a.is_empty() || a == b);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| texts(a).into_iter().zip(texts(b)).all(equal))
}

fn texts(variation: &Variation) -> [&str; 4] {
    let Variation { identifier, name, description, value } = variation;
    [identifier.as_str(), name, description, value]
}
