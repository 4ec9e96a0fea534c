//! The client contract once: payloads, target decoding, routes over the trait [`Source`].
//!
//! `delivery` (database and cache) and the relay proxy implement `Source`; the client function, the
//! relay and the proxy serve the same answers from it.

mod environment;
mod source;

pub use environment::Environment;
pub use source::{Changes, Source};
