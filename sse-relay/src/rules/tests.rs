//! Versions that are wanted, read, read too late, and read several at once.

use model::{Snapshot, Target};
use serde_json::json;

use super::*;
use crate::step::tests::{patch, step, wire};

const NOW_MS: i64 = 1_700_000_000_000;

/// An environment at a version in which flag `a` serves that text.
fn environment(version: i64, value: &str) -> Arc<Environment> {
    let snapshot = json!({ "version": version, "flags": [{
        "feature": "a", "state": "on", "kind": "string", "offVariation": "v",
        "variations": [{ "identifier": "v", "value": value }], "defaultServe": { "variation": "v" },
    }] });
    Arc::new(Environment::new(serde_json::from_value::<Snapshot>(snapshot).unwrap()).0)
}

fn changed(version: i64) -> Step {
    step(vec![patch("a", version)])
}

/// The answers that a target is told at that step; `None` while or where that is not known.
fn told(rules: &mut Rules, step: &Step) -> Option<Vec<String>> {
    let Outlook::Known(answers) = rules.outlook(step) else { return None };
    let told = wire(&answers.of(&Target::bare("ann")));
    Some(
        told.into_iter()
            .map(|(_, data)| data["evaluations"][0]["value"].as_str().unwrap().to_owned())
            .collect(),
    )
}

fn at(version: i64) -> Option<Wanted> {
    Some(Wanted { version: Version(version), until_ms: NOW_MS + RULES_MS_MAX })
}

#[test]
fn a_version_is_read_once_and_by_one() {
    let mut rules = Rules::default();

    assert!(rules.want(Version(5), NOW_MS));
    assert!(!rules.want(Version(5), NOW_MS), "it is being read");
    assert_eq!(rules.wanted(), at(5));
    rules.learn(environment(5, "x"));

    assert_eq!(rules.wanted(), None);
    assert!(!rules.want(Version(5), NOW_MS), "it is known");
    assert!(rules.want(Version(6), NOW_MS));
}

#[test]
fn what_is_wanted_meanwhile_has_its_own_deadline() {
    let mut rules = Rules::default();
    rules.want(Version(5), NOW_MS);
    rules.want(Version(6), NOW_MS + 400);
    rules.want(Version(7), NOW_MS + 450);

    rules.learn(environment(5, "x"));

    assert_eq!(rules.wanted(), Some(Wanted { version: Version(7), until_ms: NOW_MS + 400 + RULES_MS_MAX }));
    rules.learn(environment(7, "x"));
    assert_eq!(rules.wanted(), None);
}

#[test]
fn a_step_is_awaited_until_its_rules_are_read_or_given_up() {
    let mut rules = Rules::default();
    let (fifth, sixth) = (changed(5), changed(6));
    rules.want(Version(5), NOW_MS);
    assert!(matches!(rules.outlook(&fifth), Outlook::Awaited));

    rules.give_up(Version(5));
    assert!(matches!(rules.outlook(&fifth), Outlook::Unknown));
    rules.learn(environment(6, "x"));

    assert!(matches!(rules.outlook(&fifth), Outlook::Unknown), "what was decided stays so");
    assert_eq!(told(&mut rules, &sixth), Some(vec!["x".to_owned()]));
}

#[test]
fn a_step_between_two_known_versions_tells_what_changed() {
    let mut rules = Rules::default();
    rules.learn(environment(5, "x"));
    rules.learn(environment(6, "x"));
    let sixth = changed(6);
    assert_eq!(told(&mut rules, &sixth), Some(vec![]));

    rules.learn(environment(7, "y"));

    assert_eq!(told(&mut rules, &changed(7)), Some(vec!["y".to_owned()]));
    assert_eq!(told(&mut rules, &sixth), Some(vec![]), "who is late is told the same");
}

#[test]
fn of_versions_that_were_read_at_once_only_the_last_is_compared() {
    let mut rules = Rules::default();
    rules.learn(environment(5, "x"));
    rules.learn(environment(7, "x"));

    assert_eq!(told(&mut rules, &changed(6)), Some(vec!["x".to_owned()]));
    assert_eq!(told(&mut rules, &changed(7)), Some(vec![]));
}

#[test]
fn nothing_is_left_out_after_what_was_given_up_nor_in_a_replay() {
    let mut rules = Rules::default();
    rules.learn(environment(5, "x"));
    rules.give_up(Version(6));
    rules.learn(environment(7, "x"));
    let replay = Step { is_next: false, ..changed(8) };

    assert_eq!(told(&mut rules, &changed(7)), Some(vec!["x".to_owned()]));
    rules.learn(environment(8, "x"));
    assert_eq!(told(&mut rules, &changed(8)), Some(vec![]));
    assert_eq!(told(&mut rules, &replay), Some(vec!["x".to_owned()]));
}

#[test]
fn what_was_decided_long_ago_is_forgotten_and_fetched() {
    let mut rules = Rules::default();
    rules.learn(environment(5, "x"));
    let fifth = changed(5);
    assert_eq!(told(&mut rules, &fifth), Some(vec!["x".to_owned()]));

    let limit = i64::try_from(DECIDED_MAX).unwrap();
    for version in 6..6 + limit {
        assert!(matches!(rules.outlook(&fifth), Outlook::Known(_)), "{version}");
        rules.learn(environment(version, "x"));
        rules.outlook(&changed(version));
    }

    assert!(matches!(rules.outlook(&fifth), Outlook::Unknown));
}

#[test]
fn an_older_environment_changes_nothing() {
    let mut rules = Rules::default();
    rules.learn(environment(6, "new"));

    rules.learn(environment(5, "old"));

    assert_eq!(told(&mut rules, &changed(6)), Some(vec!["new".to_owned()]));
}
