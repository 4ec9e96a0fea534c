//! What must hold for every environment and every target.
//!
//! Environments are random and small, with few identifiers and awkward texts, so that everything
//! refers to everything: missing objects, cycles, duplicates and equal priorities included.

#![cfg(test)]

mod agreement;
mod environments;
mod oracle;
mod order;
mod patching;
mod rollouts;
