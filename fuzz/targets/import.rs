//! Any text as the files of the Harness relay proxy: flags, segments, hashes of keys.

#![no_main]

use std::collections::BTreeSet;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use model::{FlagConfig, Segment, Snapshot, Target, Version};
use serde::de::DeserializeOwned;

#[path = "../../burgee/src/relay_directory/json.rs"]
#[expect(dead_code, reason = "reading files is not what is tested")]
mod json;

fuzz_target!(|text: &str| {
    let flags = read::<FlagConfig>(text);
    let segments = read::<Segment>(text);
    let _ = read::<String>(text); // Keys are read one by one after this.

    let (ruleset, _) = eval::compile(&Snapshot { version: Version(1), flags, segments });
    for (flag, evaluation) in ruleset.evaluate_all(&Target::bare("ann")) {
        assert_eq!(ruleset.explain(flag.index, &Target::bare("ann")).reason, evaluation.reason);
    }
});

/// Reads a list as the import does, and agrees with the plain reader on whether it is one.
fn read<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let read = json::list(Path::new("file.json"), text, &mut BTreeSet::new());
    assert_eq!(read.is_ok(), serde_json::from_str::<Option<Vec<Option<T>>>>(text).is_ok());
    read.unwrap_or_else(|mistake: String| {
        assert!(mistake.starts_with("file.json:"), "a mistake has a place: {mistake}");
        Vec::new()
    })
}
