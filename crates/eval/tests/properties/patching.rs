//! A patched ruleset is the ruleset of the patched snapshot.

use eval::{Reason, Ruleset};
use model::{ObjectChange, Snapshot, Target, Version};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::environments::{any_flag, any_flag_id, any_segment, any_segment_id, snapshot, target};

fn change() -> impl Strategy<Value = ObjectChange> {
    prop_oneof![
        3 => any_flag().prop_map(ObjectChange::Flag),
        1 => any_flag_id().prop_map(ObjectChange::FlagGone),
        3 => any_segment().prop_map(ObjectChange::Segment),
        1 => any_segment_id().prop_map(ObjectChange::SegmentGone),
    ]
}

fn apply(snapshot: &mut Snapshot, change: &ObjectChange) {
    match change {
        ObjectChange::Flag(flag) => {
            snapshot.flags.retain(|other| other.feature != flag.feature);
            snapshot.flags.push(flag.clone());
        }
        ObjectChange::FlagGone(id) => snapshot.flags.retain(|flag| flag.feature != *id),
        ObjectChange::Segment(segment) => {
            snapshot.segments.retain(|other| other.identifier != segment.identifier);
            snapshot.segments.push(segment.clone());
        }
        ObjectChange::SegmentGone(id) => snapshot.segments.retain(|segment| segment.identifier != *id),
    }
}

/// Everything that can be asked of a ruleset, as text.
fn everything(ruleset: &Ruleset, targets: &[Target]) -> String {
    let explanations = targets
        .iter()
        .flat_map(|target| ruleset.flags().map(|flag| format!("{}\n", ruleset.explain(flag.index, target))));
    explanations.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn patched_ruleset_equals_one_compiled_anew(
        mut snapshot in snapshot(),
        batches in vec(vec(change(), 1..4), 1..8),
        targets in vec(target(), 3),
    ) {
        let (mut ruleset, _) = eval::compile(&snapshot);
        for (batch, version) in batches.iter().zip(2..) {
            let before = everything(&ruleset, &targets);
            let mut patched = ruleset.clone();
            patched.apply(batch, Version(version));

            for change in batch {
                apply(&mut snapshot, change);
            }
            snapshot.version = Version(version);
            let (anew, _) = eval::compile(&snapshot);
            prop_assert_eq!(everything(&patched, &targets), everything(&anew, &targets));
            prop_assert_eq!(patched.len(), anew.len());
            prop_assert!(patched.flags().all(|flag| patched.flag(flag.id) == Some(flag.index)));
            prop_assert_eq!(before, everything(&ruleset, &targets), "the original changed");
            ruleset = patched;
        }
    }
}

#[test]
fn names_that_come_and_go_leave_nothing_behind() {
    let mut ruleset = Ruleset::default();
    for round in 0..1_000 {
        let flag = flag_with_prerequisite(&format!("flag{round}"), &format!("other{round}"));
        ruleset.apply(&[ObjectChange::Flag(flag.clone())], Version(round));
        ruleset.apply(&[ObjectChange::FlagGone(flag.feature)], Version(round));
    }

    assert!(ruleset.is_empty());
    let text = format!("{ruleset:?}");
    assert!(text.len() < 10_000, "1,000 flags that are gone take {} bytes", text.len());
}

fn flag_with_prerequisite(id: &str, prerequisite: &str) -> model::FlagConfig {
    let json = format!(r#"{{"feature": "{id}", "prerequisites": [{{"feature": "{prerequisite}"}}]}}"#);
    serde_json::from_str(&json).unwrap()
}

#[test]
fn flag_stays_sound_when_only_its_prerequisite_has_endless_segments() {
    let snapshot: Snapshot = serde_json::from_str(
        r#"{
            "segments": [{"identifier": "loop", "rules": [{"op": "segmentMatch", "values": ["loop"]}]}],
            "flags": [{"feature": "endless", "state": "on", "offVariation": "off",
                "variations": [{"identifier": "on"}, {"identifier": "off"}], "defaultServe": {"variation": "on"},
                "rules": [{"clauses": [{"op": "segmentMatch", "values": ["loop"]}], "serve": {"variation": "on"}}]}]
        }"#,
    )
    .unwrap();
    let dependent: model::FlagConfig = serde_json::from_str(
        r#"{"feature": "dependent", "state": "on", "variations": [{"identifier": "on"}],
            "prerequisites": [{"feature": "endless", "variations": ["off"]}], "defaultServe": {"variation": "on"}}"#,
    )
    .unwrap();

    let (mut ruleset, _) = eval::compile(&snapshot);
    let warnings = ruleset.apply(&[ObjectChange::Flag(dependent)], Version(2));

    let served = |id: &str| ruleset.evaluate(ruleset.flag(id).unwrap(), &Target::bare("ann"));
    assert_eq!(served("endless").reason, Reason::Unsound);
    assert_eq!(served("dependent").reason, Reason::DefaultServe);
    assert_eq!(warnings, []);
}
