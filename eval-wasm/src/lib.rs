//! The evaluation engine as one WebAssembly module with a C ABI and no imports, for edges and browsers.
//!
//! `README.md` describes the calls and who owns what memory; [`abi`] is their list, [`engine`] what they do.

pub mod abi;
pub mod budget;
pub mod engine;
pub mod failure;
pub mod limits;

/// A kilobyte and a half smaller than the allocator that comes with the standard library, for a twentieth more of the
/// time that a snapshot takes to load.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
