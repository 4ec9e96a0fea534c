//! The ports of `platform` on Spin, and what a component of ours needs around them: settings and a log.
//!
//! Spin runs several requests in one instance, and a waker of one request must not be used by another: the
//! SDK ends the instance where that happens. So nothing here outlives its request, and each request has
//! connections of its own.
//!
//! On other targets than wasm only what needs no Spin is built, for its tests.

#[cfg(target_family = "wasm")]
mod call;
#[cfg(target_family = "wasm")]
mod config;
#[cfg(any(target_family = "wasm", test))]
mod entries;
mod fault;
#[cfg(target_family = "wasm")]
mod log;
#[cfg(target_family = "wasm")]
mod platform;
#[cfg(target_family = "wasm")]
mod postgres;
#[cfg(target_family = "wasm")]
mod redis;
#[cfg(target_family = "wasm")]
mod sqlite;
mod stores;
#[cfg(target_family = "wasm")]
mod world;

#[cfg(target_family = "wasm")]
pub use call::call;
pub use fault::{Failure, postgres as postgres_error, sqlite as sqlite_error};
pub use stores::{STORE_VARS, Stores};
