//! How evaluation tells what it does.

use crate::explain::Check;

/// Listens to an evaluation. The closures are only called by those who want to know.
pub(crate) trait Trace {
    /// A check begins; what is told until it ends was part of it.
    fn open(&mut self);

    /// The check that was opened last ends.
    fn close(&mut self, check: impl FnOnce() -> Check);

    /// A check without parts.
    fn note(&mut self, check: impl FnOnce() -> Check) {
        self.open();
        self.close(check);
    }
}

/// Listens to nothing, at no cost.
pub(crate) struct Silent;

impl Trace for Silent {
    #[inline]
    fn open(&mut self) {}

    #[inline]
    fn close(&mut self, _check: impl FnOnce() -> Check) {}
}
