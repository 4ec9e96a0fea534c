//! A vector that is cheap to clone and to change a little.

use std::array;
use std::sync::Arc;

/// Items in a chunk. Fewer make the list of chunks longer, more make the copied chunk larger.
const CHUNK: usize = 64;

/// A vector in chunks that clones share until one of them changes an item.
#[derive(Clone, Debug)]
pub(crate) struct Chunked<T> {
    chunks: Vec<Arc<[Option<T>; CHUNK]>>,
    length: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), length: 0 }
    }
}

impl<T> Chunked<T> {
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    #[inline]
    pub(crate) fn get(&self, position: usize) -> Option<&T> {
        self.chunks.get(position / CHUNK)?.get(position % CHUNK)?.as_ref()
    }
}

impl<T: Clone> Chunked<T> {
    /// The item to change; copies its chunk if a clone shares it.
    pub(crate) fn get_mut(&mut self, position: usize) -> Option<&mut T> {
        let chunk = self.chunks.get_mut(position / CHUNK)?;
        Arc::make_mut(chunk).get_mut(position % CHUNK)?.as_mut()
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.length.is_multiple_of(CHUNK) {
            self.chunks.push(Arc::new(array::from_fn(|_| None)));
        }
        let place =
            self.chunks.last_mut().and_then(|chunk| Arc::make_mut(chunk).get_mut(self.length % CHUNK));
        if let Some(place) = place {
            *place = Some(item);
            self.length += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_what_it_had() {
        let mut numbers = Chunked::default();
        for number in 0..200 {
            numbers.push(number);
        }
        let before = numbers.clone();

        *numbers.get_mut(100).unwrap() = 0;
        numbers.push(200);

        assert_eq!((before.get(100), before.get(200), before.len()), (Some(&100), None, 200));
        assert_eq!((numbers.get(100), numbers.get(200), numbers.len()), (Some(&0), Some(&200), 201));
        assert!((0..200).filter(|n| *n != 100).all(|n| numbers.get(n) == Some(&n)));
    }
}
