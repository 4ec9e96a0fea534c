//! Writes the most memory that the module may ever have into the module itself.

/// 64 MiB. `src/limits.rs` shares it out.
const MEMORY_BYTES_MAX: u32 = 64 * 1024 * 1024;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "wasm32") {
        println!("cargo::rustc-link-arg-cdylib=--max-memory={MEMORY_BYTES_MAX}");
    }
}
