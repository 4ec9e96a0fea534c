//! The engine at the edge: the npm package as it is published, in the runtimes that it is for.
#![cfg(test)]

mod package;
mod refreshing;
mod vectors;
