//! Streams of the real binary: thousands of browsers at one flip, and what ends a stream.
#![cfg(test)]

mod browsers;
mod closing;
mod flips;
mod opening;
