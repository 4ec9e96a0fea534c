//! Loads a core WebAssembly module that imports nothing, under a limit of memory.

use anyhow::Result;
use wasmtime::error::Context;
use wasmtime::{Engine, Instance, Module, Store, StoreLimits, StoreLimitsBuilder};

/// A module that was started, and the store that holds its memory.
pub struct Loaded {
    /// What every call needs.
    pub store: Store<StoreLimits>,
    /// Its exports.
    pub instance: Instance,
}

/// Compiles and starts the module in `wasm`; its memory never grows beyond `memory_bytes_max`.
///
/// # Errors
/// Not a module, or one that imports something: nothing is offered to it.
pub fn load(wasm: &[u8], memory_bytes_max: usize) -> Result<Loaded> {
    let engine = Engine::default();
    let module = Module::new(&engine, wasm).context("the module cannot be compiled")?;
    let limits = StoreLimitsBuilder::new().memory_size(memory_bytes_max).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &module, &[]).context("the module cannot be started")?;
    Ok(Loaded { store, instance })
}
