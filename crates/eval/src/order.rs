//! Sorting, compiled once: every place that sorts by itself adds some five kilobytes to the module for browsers.

use std::cmp::Ordering;

/// The positions `0..count` in the order that `compare` says; those that are equal stay as they were.
pub(crate) fn sorted(count: usize, compare: &dyn Fn(u32, u32) -> Ordering) -> Vec<u32> {
    let mut positions: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
    // Most are stored in order, and the sort that is small does not notice.
    if positions.is_sorted_by(|a, b| compare(*a, *b).is_le()) {
        return positions;
    }
    positions.sort_unstable_by(|a, b| compare(*a, *b).then(a.cmp(b)));
    positions
}

/// The items in the order of their keys; those with the same key stay as they were.
pub(crate) fn sorted_by_key<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> impl Iterator<Item = &T> {
    let key_at = |position: u32| items.get(position as usize).map(&key);
    // Most lists are stored in order, which takes no list of positions.
    let in_order = items.is_sorted_by_key(&key);
    let positions =
        if in_order { Vec::new() } else { sorted(items.len(), &|a, b| key_at(a).cmp(&key_at(b))) };
    let place = move |place: usize| positions.get(place).map_or(place, |position| *position as usize);
    (0..items.len()).filter_map(move |nth| items.get(place(nth)))
}
