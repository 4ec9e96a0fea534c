//! How large the components are: each is loaded by every node that runs it.

use std::fs;

use tests::repository::root;

/// Bytes that each may have. Admin is above the 1,600,000 aimed at: docs/performance.md says what fills it.
const BYTES_MAX: [(&str, u64); 4] = [
    ("fn_admin", 2_000_000),
    ("fn_client", 1_600_000),
    ("fn_metrics_ingest", 1_600_000),
    ("fn_metrics_process", 1_600_000),
];

#[test]
fn no_component_is_larger_than_its_limit() {
    let folder = root().join("infra/spin/components");
    let size = |name| fs::metadata(folder.join(format!("{name}.wasm"))).unwrap().len();

    let sizes = BYTES_MAX.map(|(name, bytes_max)| (name, size(name), bytes_max));

    for (name, bytes, bytes_max) in sizes {
        println!("{name:20} {bytes:>9} bytes, at most {bytes_max}");
    }
    for (name, bytes, bytes_max) in sizes {
        assert!(bytes <= bytes_max, "{name} has {bytes} bytes");
    }
}
