//! The relay over real sockets, byte by byte. Time is a clock that the tests turn by hand.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod admission;
mod client;
mod connections;
mod contract;
mod evaluations;
mod limits;
mod news;
mod replay;
mod shutdown;
mod source;
mod time;
mod world;
