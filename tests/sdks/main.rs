//! The published SDKs, unmodified, each client in its own process, against the real binary.
#![cfg(test)]

mod conformance;
mod examples;
mod first_start;
mod many_flags;
mod replay;
