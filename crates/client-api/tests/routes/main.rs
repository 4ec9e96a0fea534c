//! The client routes over a source that tests hold in their hands.
#![cfg(test)]

mod authenticate;
mod contract;
mod evaluations;
mod payloads;
mod reading;
mod rules;
mod world;
