//! All objects of one kind, by identifier and by index.
//!
//! A ruleset is cloned for every patch while requests go on with the old one. Therefore objects and
//! slots are shared between clones, and the directory is copied only when an identifier comes or goes.

use std::sync::Arc;

use hashbrown::HashTable;

use crate::chunked::Chunked;
use crate::order::sorted;
use crate::soundness::Standing;
use crate::text_hasher::TextHasher;

/// The place of an object in its [`Registry`].
pub(crate) trait Index: Copy + Eq {
    fn new(position: u32) -> Self;
    fn position(self) -> usize;
}

/// Declares an index type, so that a flag's place is never taken for a segment's.
macro_rules! index {
    ($(#[$doc:meta])* $visibility:vis $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        $visibility struct $name(u32);

        impl Index for $name {
            fn new(position: u32) -> Self {
                Self(position)
            }

            #[inline]
            fn position(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(
    /// The place of a flag in a [`Ruleset`](crate::Ruleset).
    ///
    /// It means something only to the ruleset that gave it and, as long as the flag exists, to later
    /// versions of it. Any other use finds another flag or none; it never panics.
    pub FlagIndex
);
index!(
    /// The place of a segment.
    pub(crate) SegmentIndex
);

/// All objects of type `T`.
///
/// An identifier gets a slot when it is first mentioned, by its object or by another object that
/// refers to it, and keeps it until neither is left.
#[derive(Clone, Debug)]
pub(crate) struct Registry<I, T> {
    slots: Chunked<Slot<T>>,
    /// Finds the slot of an identifier.
    directory: Arc<HashTable<I>>,
    /// The slots that hold an object, in the order of their identifiers.
    ordered: Arc<Vec<I>>,
    /// The slots that no identifier has.
    vacant: Vec<I>,
}

/// The place of an object that exists or is referred to.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    pub(crate) id: Arc<str>,
    /// `None` if it does not exist, but others refer to it.
    pub(crate) object: Option<Arc<T>>,
    /// How often objects refer to it.
    pub(crate) references: u32,
    pub(crate) standing: Standing,
}

/// Not derived, which would ask for defaults of `I` and `T`.
impl<I, T> Default for Registry<I, T> {
    fn default() -> Self {
        Self {
            slots: Chunked::default(),
            directory: Arc::default(),
            ordered: Arc::default(),
            vacant: Vec::new(),
        }
    }
}

impl<I: Index, T> Registry<I, T> {
    #[inline]
    pub(crate) fn slot(&self, index: I) -> Option<&Slot<T>> {
        self.slots.get(index.position())
    }

    /// The object at an index, if it exists.
    #[inline]
    pub(crate) fn get(&self, index: I) -> Option<&T> {
        self.slot(index)?.object.as_deref()
    }

    /// The identifier at an index.
    #[inline]
    pub(crate) fn id(&self, index: I) -> &str {
        id_in(&self.slots, index)
    }

    /// The index of an identifier, whether its object exists or is only referred to.
    #[inline]
    pub(crate) fn find(&self, id: &str, hasher: &TextHasher) -> Option<I> {
        self.directory.find(hasher.hash(id), |index| self.id(*index) == id).copied()
    }

    /// All objects in the order of their identifiers.
    pub(crate) fn ordered(&self) -> impl ExactSizeIterator<Item = I> + Clone {
        self.ordered.iter().copied()
    }

    /// Every index is at a position below this.
    pub(crate) fn positions(&self) -> usize {
        self.slots.len()
    }

    /// Whether objects refer to it.
    pub(crate) fn is_referred_to(&self, index: I) -> bool {
        self.slot(index).is_some_and(|slot| slot.references > 0)
    }

    fn search(&self, id: &str) -> Result<usize, usize> {
        self.ordered.binary_search_by(|index| self.id(*index).cmp(id))
    }

    pub(crate) fn slot_mut(&mut self, index: I) -> Option<&mut Slot<T>> {
        self.slots.get_mut(index.position())
    }

    /// The index of an identifier; it gets one if it has none.
    pub(crate) fn mention(&mut self, id: &str, hasher: &TextHasher) -> I {
        if let Some(index) = self.find(id, hasher) {
            return index;
        }
        let index = self.occupy(id);
        let slots = &self.slots;
        let directory = Arc::make_mut(&mut self.directory);
        directory.insert_unique(hasher.hash(id), index, |index| hasher.hash(id_in(slots, *index)));
        index
    }

    fn occupy(&mut self, id: &str) -> I {
        let slot = Slot { id: id.into(), object: None, references: 0, standing: Standing::default() };
        if let Some(index) = self.vacant.pop()
            && let Some(place) = self.slot_mut(index)
        {
            *place = slot;
            return index;
        }
        // 2^32 identifiers would not fit the memory; the last index is then shared and wrong, not unsafe.
        let index = I::new(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.slots.push(slot);
        index
    }

    /// Puts an object in its place; gives the one that was there.
    pub(crate) fn put(&mut self, index: I, object: T) -> Option<Arc<T>> {
        let before = self.place(index, object);
        if before.is_none()
            && let Err(position) = self.search(self.id(index))
        {
            Arc::make_mut(&mut self.ordered).insert(position, index);
        }
        before
    }

    /// As [`put`](Self::put), for many: the order of the objects is wrong until [`sort`](Self::sort).
    pub(crate) fn place(&mut self, index: I, object: T) -> Option<Arc<T>> {
        self.slot_mut(index)?.object.replace(Arc::new(object))
    }

    /// Finds the order of all objects.
    pub(crate) fn sort(&mut self) {
        let sorted = sorted(self.slots.len(), &|a, b| self.id(I::new(a)).cmp(self.id(I::new(b))));
        let objects = sorted.into_iter().map(I::new).filter(|index| self.get(*index).is_some());
        self.ordered = Arc::new(objects.collect());
    }

    /// Takes an object away; gives it.
    pub(crate) fn remove(&mut self, index: I) -> Option<Arc<T>> {
        let before = self.slot_mut(index)?.object.take()?;
        if let Ok(position) = self.search(self.id(index)) {
            Arc::make_mut(&mut self.ordered).remove(position);
        }
        Some(before)
    }

    /// Gives an identifier's slot back if it has no object and nothing refers to it.
    pub(crate) fn forget_unused(&mut self, index: I, hasher: &TextHasher) {
        let Some(slot) = self.slot(index) else { return };
        if slot.object.is_some() || slot.references > 0 {
            return;
        }
        let hash = hasher.hash(&slot.id);
        if let Ok(entry) = Arc::make_mut(&mut self.directory).find_entry(hash, |other| *other == index) {
            entry.remove();
            self.vacant.push(index);
        }
    }
}

fn id_in<I: Index, T>(slots: &Chunked<Slot<T>>, index: I) -> &str {
    slots.get(index.position()).map_or("", |slot| &slot.id)
}

/// Not derived, which would ask for `T: Clone`.
impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self {
            id: Arc::clone(&self.id),
            object: self.object.clone(),
            references: self.references,
            standing: self.standing,
        }
    }
}
