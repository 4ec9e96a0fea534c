//! Ports that need nothing but memory: for the single process, and for tests.

mod cache;
mod feed;
mod nothing;

pub use cache::MemoryCache;
pub use feed::MemoryFeed;
pub use nothing::{NoCache, NoFeed};
