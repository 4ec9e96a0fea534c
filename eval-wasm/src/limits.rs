//! What the module takes, so that it never needs more than the 64 MiB that it may have.
//!
//! Memory is granted by an estimate that is made before anything is parsed ([`crate::budget`]); what is
//! not granted to environments is left for the stack, targets, and answers.

/// Bytes of one snapshot's JSON.
pub const SNAPSHOT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes that loading a snapshot may be estimated at, together with the environments that are there.
pub const ENVIRONMENTS_COST_MAX: usize = 46 * 1024 * 1024;
/// Bytes of one target's JSON.
pub const TARGET_BYTES_MAX: usize = 64 * 1024;
/// Bytes that all targets together may be estimated at.
pub const TARGETS_COST_MAX: usize = 8 * 1024 * 1024;
/// Bytes of one answer's JSON.
pub const ANSWER_BYTES_MAX: usize = 7 * 1024 * 1024;
/// Bytes of an identifier that is asked for.
pub const IDENTIFIER_BYTES_MAX: usize = 4 * 1024;
