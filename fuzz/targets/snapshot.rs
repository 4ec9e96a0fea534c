//! Any bytes as a snapshot: read as serde reads them, compiled, evaluated, explained, patched.

#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{ObjectChange, Snapshot, Target, Version};

fuzz_target!(|bytes: &[u8]| {
    let Ok(snapshot) = Snapshot::from_json(bytes) else { return };
    match serde_json::from_slice::<Snapshot>(bytes) {
        Ok(theirs) => assert_eq!(snapshot, theirs),
        // The only thing that our reader lets pass and serde does not.
        Err(error) => assert!(error.to_string().contains("duplicate field"), "{error}"),
    }
    let target: Target = serde_json::from_str(
        r#"{"identifier": "ann", "name": "Ann", "attributes": {"plan": "gold", "age": 42, "list": ["a"], "no": null}}"#,
    )
    .expect("the target is readable");
    let (ruleset, _) = eval::compile(&snapshot);
    for target in [Target::default(), target] {
        for (flag, evaluation) in ruleset.evaluate_all(&target) {
            let explanation = ruleset.explain(flag.index, &target);
            assert_eq!(explanation.reason, evaluation.reason);
            assert_eq!(explanation.variation.as_ref(), evaluation.variation);
            assert!(!explanation.to_string().is_empty());
        }
    }

    // Take everything away again, one by one: nothing may be left.
    let mut emptied = ruleset.clone();
    for flag in snapshot.flags {
        emptied.apply(&[ObjectChange::FlagGone(flag.feature)], Version(1));
    }
    for segment in snapshot.segments {
        emptied.apply(&[ObjectChange::SegmentGone(segment.identifier)], Version(1));
    }
    assert!(emptied.is_empty());
});
