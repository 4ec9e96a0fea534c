//! What targets are told, flag by flag.

use model::Snapshot;
use serde_json::{Value, json};

use super::*;
use crate::step::tests::{event, named, patch, step, wire};

const BEFORE: i64 = 7;
const VERSION: i64 = 8;

/// A boolean flag that serves `on` to the listed targets, `off` to all others.
fn flag(identifier: &str, listed: &[&str]) -> Value {
    let targets: Vec<_> = listed.iter().map(|target| json!({ "identifier": target })).collect();
    json!({
        "feature": identifier, "state": "on", "kind": "boolean", "offVariation": "off",
        "variations": [{ "identifier": "on", "value": "true" }, { "identifier": "off", "value": "false" }],
        "defaultServe": { "variation": "off" },
        "variationToTargetMap": [{ "variation": "on", "targets": targets }],
    })
}

/// A text flag that serves that value to everybody.
fn text(identifier: &str, value: &str) -> Value {
    json!({
        "feature": identifier, "state": "on", "kind": "string", "offVariation": "v",
        "variations": [{ "identifier": "v", "value": value }], "defaultServe": { "variation": "v" },
    })
}

/// A flag that serves `on` to members of a segment.
fn for_members(identifier: &str, segment: &str) -> Value {
    let mut flag = flag(identifier, &[]);
    flag["rules"] = json!([{
        "clauses": [{ "op": "segmentMatch", "values": [segment] }], "serve": { "variation": "on" },
    }]);
    flag
}

fn segment(identifier: &str, members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|target| json!({ "identifier": target })).collect();
    json!({ "identifier": identifier, "included": members })
}

fn environment(version: i64, flags: &[Value], segments: &[Value]) -> Environment {
    let snapshot = json!({ "version": version, "flags": flags, "segments": segments });
    Environment::new(serde_json::from_value::<Snapshot>(snapshot).unwrap()).0
}

fn segment_event(kind: EventKind, identifier: &str) -> StreamEvent {
    StreamEvent { domain: Domain::Segment, ..event(kind, identifier, VERSION) }
}

/// What a target is told of a step that leads from `before` to `after`.
fn told(
    before: Option<&Environment>,
    after: &Environment,
    events: Vec<StreamEvent>,
    target: &str,
) -> Notices {
    let before = before.map(|before| before.ruleset.clone());
    let answers = Answers::new(&step(events), before, after).unwrap();
    answers.of(&Target::bare(target))
}

fn answer(flag: &str, value: &str, variation: &str) -> Value {
    json!([{ "flag": flag, "value": value, "kind": "boolean", "identifier": variation }])
}

#[test]
fn a_target_is_told_its_new_answer_and_others_nothing() {
    let before = environment(BEFORE, &[flag("a", &[])], &[]);
    let after = environment(VERSION, &[flag("a", &["ann"])], &[]);

    let ann = told(Some(&before), &after, vec![patch("a", VERSION)], "ann");
    let bob = told(Some(&before), &after, vec![patch("a", VERSION)], "bob");

    let expected = json!({
        "event": "patch", "domain": "flag", "identifier": "a", "version": VERSION,
        "evaluations": answer("a", "true", "on"),
    });
    assert_eq!(wire(&ann), [("8".to_owned(), expected)]);
    assert!(bob.is_empty());
}

#[test]
fn a_target_is_told_its_answer_though_it_is_the_same_where_nobody_knows_what_its_client_holds() {
    let after = environment(VERSION, &[flag("a", &[])], &[]);

    let told = told(None, &after, vec![patch("a", VERSION)], "bob");

    assert_eq!(wire(&told)[0].1["evaluations"], answer("a", "false", "off"));
}

#[test]
fn an_answer_is_encoded_once_for_all_targets_that_get_it() {
    let before = environment(BEFORE, &[flag("a", &[])], &[]);
    let after = environment(VERSION, &[flag("a", &["ann", "bob"])], &[]);
    let answers = Answers::new(&step(vec![patch("a", VERSION)]), Some(before.ruleset), &after).unwrap();

    let [ann, bob] = ["ann", "bob"].map(|target| answers.of(&Target::bare(target)));

    assert!(Arc::ptr_eq(&ann[0], &bob[0]));
}

#[test]
fn only_the_last_event_that_a_target_gets_of_a_version_says_that_the_version_is_complete() {
    let before = environment(BEFORE, &[flag("a", &[]), flag("b", &[])], &[]);
    let after = environment(VERSION, &[flag("a", &["ann", "bob"]), flag("b", &["ann"])], &[]);
    let events = || vec![patch("a", VERSION), patch("b", VERSION)];

    let ann = told(Some(&before), &after, events(), "ann");
    let bob = told(Some(&before), &after, events(), "bob");

    let ids = |notices: &Notices| wire(notices).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ids(&ann), ["7", "8"]);
    assert_eq!(ids(&bob), ["8"]);
}

#[test]
fn an_answer_that_browsers_would_take_for_none_is_fetched() {
    let before = environment(BEFORE, &[text("a", "x")], &[]);
    let after = environment(VERSION, &[text("a", "")], &[]);

    let told = told(Some(&before), &after, vec![patch("a", VERSION)], "ann");

    let expected = json!({ "event": "patch", "domain": "flag", "identifier": "a", "version": VERSION });
    assert_eq!(wire(&told), [("8".to_owned(), expected)]);
}

#[test]
fn an_answer_that_packets_would_cut_is_fetched() {
    let before = environment(BEFORE, &[text("a", "x"), text("b", "x")], &[]);
    let after = environment(VERSION, &[text("a", &"x".repeat(1_000)), text("b", &"x".repeat(1_400))], &[]);

    let told = told(Some(&before), &after, vec![patch("a", VERSION), patch("b", VERSION)], "ann");

    let wire = wire(&told);
    assert_eq!(wire[0].1["evaluations"][0]["value"], "x".repeat(1_000));
    assert_eq!(wire[1].1.get("evaluations"), None);
}

#[test]
fn a_segment_tells_members_who_come_and_go_their_flags_and_nobody_else() {
    let flags = [for_members("a", "beta"), for_members("b", "beta"), flag("c", &[])];
    let before = environment(BEFORE, &flags, &[segment("beta", &["ann", "bob"])]);
    let after = environment(VERSION, &flags, &[segment("beta", &["bob", "cat"])]);
    let events = || vec![segment_event(EventKind::Patch, "beta")];
    let flags_told = |target| wire(&told(Some(&before), &after, events(), target));

    let told_ann = flags_told("ann");
    assert_eq!(told_ann.len(), 2);
    assert_eq!(told_ann[0].1["evaluations"], answer("a", "false", "off"));
    assert_eq!(told_ann[1].1["evaluations"], answer("b", "false", "off"));
    assert_eq!(flags_told("bob"), []);
    assert_eq!(flags_told("cat")[0].1["evaluations"], answer("a", "true", "on"));
}

#[test]
fn a_segment_that_comes_or_goes_is_told_by_the_flags_that_it_changes() {
    let flags = [for_members("a", "beta")];
    let without = |version| environment(version, &flags, &[]);
    let with = |version| environment(version, &flags, &[segment("beta", &["ann"])]);

    let came = vec![segment_event(EventKind::Create, "beta")];
    let came = wire(&told(Some(&without(BEFORE)), &with(VERSION), came, "ann"));
    let gone = vec![segment_event(EventKind::Delete, "beta")];
    let gone = wire(&told(Some(&with(BEFORE)), &without(VERSION), gone, "ann"));

    assert_eq!((&came[0].1["event"], &came[0].1["domain"]), (&json!("patch"), &json!("flag")));
    assert_eq!(came[0].1["evaluations"], answer("a", "true", "on"));
    assert_eq!(gone[0].1["evaluations"], answer("a", "false", "off"));
}

#[test]
fn a_segment_that_changes_more_answers_than_are_sent_at_once_makes_the_client_fetch_them() {
    let flags: Vec<_> = (0..=BURST_EVENTS).map(|index| for_members(&format!("f{index}"), "beta")).collect();
    let before = environment(BEFORE, &flags, &[segment("beta", &[])]);
    let after = environment(VERSION, &flags, &[segment("beta", &["ann"])]);
    let events = || vec![segment_event(EventKind::Create, "beta")];

    let ann = told(Some(&before), &after, events(), "ann");
    let bob = told(Some(&before), &after, events(), "bob");

    let reload = segment_event(EventKind::Patch, "beta");
    assert_eq!(ann.iter().map(|notice| &notice.event).collect::<Vec<_>>(), [&reload]);
    assert!(bob.is_empty());
}

#[test]
fn a_step_that_concerns_too_many_flags_is_not_evaluated() {
    let flags: Vec<_> = (0..=EVALUATED_FLAGS_MAX).map(|index| format!("f{index}")).collect();
    let events = flags.iter().map(|flag| patch(flag, VERSION)).collect();
    let after = environment(VERSION, &[], &[]);

    assert!(Answers::new(&step(events), None, &after).is_none());
}

#[test]
fn a_flag_that_comes_is_told_with_what_needs_it_and_one_that_goes_by_its_end() {
    let mut needy = flag("needy", &["ann"]);
    needy["prerequisites"] = json!([{ "feature": "base", "variations": ["on"] }]);
    let without = |version| environment(version, std::slice::from_ref(&needy), &[]);
    let with = |version| environment(version, &[needy.clone(), flag("base", &["ann"])], &[]);

    let came =
        told(Some(&without(BEFORE)), &with(VERSION), vec![event(EventKind::Create, "base", VERSION)], "ann");
    let gone =
        told(Some(&with(BEFORE)), &without(VERSION), vec![event(EventKind::Delete, "base", VERSION)], "ann");

    let came_wire = wire(&came);
    assert_eq!(came_wire[0].1["event"], "create");
    assert_eq!(came_wire[0].1["evaluations"], answer("base", "true", "on"));
    assert_eq!(named(&gone)[0], ("base", VERSION));
    assert_eq!(gone[0].event.event, EventKind::Delete);
    assert_eq!(wire(&gone)[0].1.get("evaluations"), None);
}

#[test]
fn a_flag_without_a_value_is_fetched_once_and_not_told_of_again() {
    let mut valueless = flag("a", &[]);
    valueless["defaultServe"] = json!({ "variation": "missing" });
    let before = environment(BEFORE, &[flag("a", &[])], &[]);
    let after = environment(VERSION, &[valueless.clone()], &[]);
    let still = environment(VERSION, &[valueless.clone()], &[]);

    let lost = told(Some(&before), &after, vec![patch("a", VERSION)], "ann");
    let still_lost = told(Some(&still), &after, vec![patch("a", VERSION)], "ann");

    assert_eq!(wire(&lost)[0].1.get("evaluations"), None);
    assert!(still_lost.is_empty());
}

#[test]
fn what_went_and_came_back_before_it_could_be_told_is_told_as_it_is() {
    let after = environment(VERSION + 1, &[flag("back", &["ann"])], &[]);
    let events = vec![event(EventKind::Delete, "back", VERSION), event(EventKind::Create, "gone", VERSION)];

    let told = wire(&told(None, &after, events, "ann"));

    assert_eq!(told.len(), 1, "that \"gone\" went is said by the step with which it did");
    assert_eq!(told[0].1["event"], "patch");
    assert_eq!(told[0].1["evaluations"], answer("back", "true", "on"));
}

#[test]
fn a_replay_is_told_in_the_order_of_versions_each_flag_once() {
    let flags = [flag("a", &[]), for_members("b", "beta")];
    let after = environment(9, &flags, &[segment("beta", &["ann"])]);
    let steps = [
        step(vec![patch("a", 7)]),
        step(vec![segment_event(EventKind::Patch, "beta")]),
        step(vec![patch("a", 9)]),
    ];
    let missed = step::newest(steps.iter().flat_map(|step| &*step.notices), 0);
    let replay = Step::replay(Version(9), missed, 0);

    let told = Answers::new(&replay, None, &after).unwrap().of(&Target::bare("ann"));

    assert_eq!(named(&told), [("b", 8), ("a", 9)]);
    let ids: Vec<_> = wire(&told).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["8", "9"]);
}
