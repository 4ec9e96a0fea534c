//! The evaluation engine as one WebAssembly module with a C ABI and no imports, for edges and browsers.
//!
//! `README.md` describes the calls and who owns what memory; [`abi`] is their list, [`engine`] what they do.

pub mod abi;
pub mod budget;
pub mod engine;
pub mod failure;
pub mod limits;
