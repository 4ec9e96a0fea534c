//! SQLite behind the database port, through its public door and in files of its own.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod backup;
mod batches;
mod fixture;
mod group_commit;
mod opening;
mod space;
mod statements;
mod survival;
