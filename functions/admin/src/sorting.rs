//! Which way a list is sorted.

use serde::Deserialize;
use store::Direction;

/// `sortOrder` of the query; audit spells it shorter.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum SortOrder {
    /// Smallest first.
    #[serde(alias = "ASC")]
    Ascending,
    /// Largest first.
    #[serde(alias = "DESC")]
    Descending,
}

impl From<SortOrder> for Direction {
    fn from(order: SortOrder) -> Self {
        match order {
            SortOrder::Ascending => Self::Ascending,
            SortOrder::Descending => Self::Descending,
        }
    }
}

/// The part of a list that is asked for.
pub(crate) fn window(page: &api::PageRequest) -> store::Window {
    store::Window { offset: page.offset(), limit: page.size }
}
