//! The ports of `platform` on tokio, and what a process of ours needs around them: settings, log,
//! signals, a listener.
//!
//! The compile target decides that this crate is used and not `platform-spin`; the settings decide what
//! stands behind the ports.

mod bind;
mod clock;
pub mod config;
mod connect;
mod embedded;
mod handler;
mod lambda;
mod postgres;
mod random;
mod redis;
mod serve;
pub mod shutdown;
mod sqlite;
mod statement;
pub mod telemetry;

pub use bind::{BindError, bind};
pub use clock::SystemClock;
pub use connect::{STORE_VARS, connect, distributed, on_postgres};
pub use embedded::embedded_on;
pub use handler::Handler;
pub use postgres::Postgres;
pub use random::SystemRandom;
pub use redis::{Redis, RedisLimits};
pub use serve::{SERVE_VARS, main, run, serve};
pub use sqlite::{
    BackupError, Counters, OpenError, Options, Restore, RestoreError, Sqlite, back_up, is_served,
};
