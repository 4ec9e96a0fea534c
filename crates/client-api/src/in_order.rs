//! Objects as a JSON array.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Serialises objects by reference, in the order of their identifiers: an environment may hold 10,000.
pub(crate) struct InOrder<'a, I, T>(pub(crate) &'a BTreeMap<I, Arc<T>>);

impl<I, T: Serialize> Serialize for InOrder<'_, I, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values())
    }
}
