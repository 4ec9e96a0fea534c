//! What the module refuses, and that what it takes fits the memory that it may have.

use std::process::Command;

use serde_json::{Value, json};
use tests::repository::root;

use crate::package::Installed;

/// 64 MiB in pages of WebAssembly.
const PAGES_MAX: u64 = 1_024;
/// Of the module as it is downloaded, by `gzip -9`.
const GZIP_BYTES_MAX: usize = 64 * 1_024;

fn run(script: &str) -> Value {
    let output = Installed::new().node(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_module_imports_nothing_and_has_at_most_64_mib() {
    let said = run("module.mjs");

    assert_eq!(said["imports"], json!([]));
    assert_eq!(said["pages_max"], json!(PAGES_MAX));
}

#[test]
fn the_module_takes_64_kib_to_download() {
    let module = root().join("eval-wasm/js/eval.wasm");
    let gzip = Command::new("gzip").args(["-9", "--stdout"]).arg(&module).output().unwrap();

    println!("the module takes {} bytes, {} in gzip", module.metadata().unwrap().len(), gzip.stdout.len());
    assert!(gzip.status.success() && gzip.stdout.len() <= GZIP_BYTES_MAX, "{} bytes", gzip.stdout.len());
}

#[test]
fn the_largest_snapshot_of_every_shape_fits_and_larger_ones_are_refused_without_a_trap() {
    let said = run("limits.mjs");

    println!("{said:#}");
    assert_eq!(said["traps"], json!([]));
    assert_eq!(said["refused"], json!(1_000));
    let flags = said["largest"]["typical flags"]["count"].as_u64().unwrap();
    assert!(flags >= 10_000, "a project may have 10,000 flags, the module takes {flags}");
}
