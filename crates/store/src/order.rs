//! Which part of a list, and in which order.

use platform::Statement;

/// Which end of an order comes first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Direction {
    /// The smallest, or the oldest.
    #[default]
    Ascending,
    /// The largest, or the newest.
    Descending,
}

/// A part of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    /// How many items come before it.
    pub offset: usize,
    /// How many items it holds at most.
    pub limit: usize,
}

impl Window {
    /// Binds `LIMIT` and `OFFSET`, in this order.
    pub(crate) fn bind(self, statement: Statement) -> Statement {
        let count = |number| i64::try_from(number).unwrap_or(i64::MAX);
        statement.bind(count(self.limit)).bind(count(self.offset))
    }
}
