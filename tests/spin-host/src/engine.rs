//! Compiled components.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::interfaces;
use crate::state::State;

/// Memory of one instance.
const MEMORY_BYTES_MAX: usize = 256 << 20;

/// Instances at once; each is of several modules: ours, the adapter's, and what joins them.
const INSTANCES_MAX: u32 = 256;

/// Modules of a component.
const MODULES_PER_COMPONENT: u32 = 8;

/// Memory that an instance's place keeps when it is used again, so that it need not be mapped again.
const KEPT_BYTES: usize = 2 << 20;

/// An engine that keeps places for instances ready, as Spin's does.
pub(crate) fn engine() -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(INSTANCES_MAX)
        .total_core_instances(INSTANCES_MAX * MODULES_PER_COMPONENT)
        .total_memories(INSTANCES_MAX)
        .total_tables(INSTANCES_MAX * MODULES_PER_COMPONENT)
        .total_stacks(INSTANCES_MAX)
        .max_memory_size(MEMORY_BYTES_MAX)
        .linear_memory_keep_resident(KEPT_BYTES);
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .memory_reservation(MEMORY_BYTES_MAX as u64)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Ok(Engine::new(&config)?)
}

/// The component in `source`, ready to be instantiated. What was compiled is kept in `cache` under a hash of
/// the source.
pub(crate) fn load(engine: &Engine, source: &Path, cache: &Path) -> Result<ServicePre<State>> {
    let bytes =
        fs::read(source).with_context(|| format!("cannot read {}; build it first", source.display()))?;
    let component = compiled(engine, &bytes, cache).with_context(|| source.display().to_string())?;
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    interfaces::add_to_linker(&mut linker)?;
    let ready = linker.instantiate_pre(&component).and_then(ServicePre::new);
    ready.map_err(anyhow::Error::from).with_context(|| source.display().to_string())
}

fn compiled(engine: &Engine, bytes: &[u8], cache: &Path) -> Result<Component> {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let kept = cache.join(format!("{:016x}.cwasm", hasher.finish()));
    if let Some(component) = kept_component(engine, &kept) {
        return Ok(component);
    }
    let component = Component::new(engine, bytes)?;
    fs::create_dir_all(cache)?;
    // Under another name first: whoever finds the file finds all of it.
    let unfinished = kept.with_extension(std::process::id().to_string());
    fs::write(&unfinished, component.serialize()?)?;
    fs::rename(&unfinished, &kept)?;
    Ok(component)
}

#[expect(unsafe_code, reason = "wasmtime cannot know who wrote the file")]
fn kept_component(engine: &Engine, file: &Path) -> Option<Component> {
    if !file.exists() {
        return None;
    }
    // SAFETY: only this program writes to the folder, and the name holds the hash of the engine's settings
    // and version.
    unsafe { Component::deserialize_file(engine, file) }.ok()
}
