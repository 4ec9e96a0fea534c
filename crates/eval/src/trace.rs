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

/// Who listens when nobody asked: at no cost, for which the algorithm is there twice.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) type Nobody = Silent;

/// The same where what counts is how much has to be downloaded: there the algorithm is there once, and asks at
/// each check.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) type Nobody = Option<crate::explain::Recorder>;

/// Listens to nothing.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[derive(Default)]
pub(crate) struct Silent;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Trace for Silent {
    #[inline]
    fn open(&mut self) {}

    #[inline]
    fn close(&mut self, _check: impl FnOnce() -> Check) {}
}

/// Listens if somebody is there.
impl<T: Trace> Trace for Option<T> {
    fn open(&mut self) {
        if let Some(listener) = self {
            listener.open();
        }
    }

    fn close(&mut self, check: impl FnOnce() -> Check) {
        if let Some(listener) = self {
            listener.close(check);
        }
    }
}
