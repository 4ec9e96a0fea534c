//! The harness of the whole-system tests: servers, programs and databases that a test starts and owns.
//!
//! Everything here panics with a sentence when the world is not as the test needs it; everything that is
//! started is ended when its value is dropped.
#![expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "a harness fails the test that uses it, and says why"
)]

pub mod admin;
pub mod binary;
pub mod burgee;
pub mod certificates;
pub mod deadline;
pub mod distributed;
pub mod driver;
pub mod exchange;
pub mod lambda;
pub mod listener;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod raw;
pub mod redis;
pub mod repository;
pub mod runtime;
pub mod sdk;
pub mod secrets;
pub mod seed;
pub mod server;
mod service_user;
pub mod smoke;
pub mod spin;
pub mod sql;
pub mod stores;
pub mod wire;
pub mod world;
