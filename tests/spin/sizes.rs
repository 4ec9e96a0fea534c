//! How large the components are: each is loaded by every node that runs it.

use std::fs;

use tests::repository::root;

/// Bytes that each may have.
const BYTES_MAX: u64 = 1_600_000;

const COMPONENTS: [&str; 4] = ["fn_admin", "fn_client", "fn_metrics_ingest", "fn_metrics_process"];

#[test]
fn no_component_is_larger_than_its_limit() {
    let folder = root().join("infra/spin/components");
    let size = |name| fs::metadata(folder.join(format!("{name}.wasm"))).unwrap().len();

    let sizes = COMPONENTS.map(|name| (name, size(name)));

    for (name, bytes) in sizes {
        println!("{name:20} {bytes:>9} bytes, at most {BYTES_MAX}");
    }
    for (name, bytes) in sizes {
        assert!(bytes <= BYTES_MAX, "{name} has {bytes} bytes");
    }
}
