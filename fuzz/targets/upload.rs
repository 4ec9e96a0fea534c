//! Any bytes as an uploaded CSV file of targets.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use model::{Error, TargetId};

#[path = "../../functions/admin/src/targets/upload/file.rs"]
mod file;

fuzz_target!(|bytes: &[u8]| match file::parse(bytes) {
    Ok(targets) => {
        let identifiers: BTreeSet<&TargetId> = targets.iter().map(|(identifier, _)| identifier).collect();
        assert_eq!(identifiers.len(), targets.len(), "somebody is listed twice");
        for (identifier, name) in &targets {
            assert_eq!(TargetId::parse(identifier.as_str()).ok().as_ref(), Some(identifier));
            assert!(!name.is_empty() && !name.chars().any(char::is_control), "{name:?}");
        }
        let line = |(identifier, name): &(TargetId, String)| {
            format!("\"{}\",{}\n", name.replace('"', "\"\""), identifier.as_str())
        };
        let written: String = targets.iter().map(line).collect();
        assert_eq!(file::parse(written.as_bytes()).ok(), Some(targets), "{written}");
    }
    Err(Error::Invalid(mistakes)) => assert!((1..=20).contains(&mistakes.len()), "{mistakes:?}"),
    Err(error) => panic!("{error}"),
});
