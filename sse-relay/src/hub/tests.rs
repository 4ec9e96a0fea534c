//! The state machine, event by event.

use model::EnvironmentUuid;

use super::*;
use crate::limits::LOG_STEPS_MAX;
use crate::step::tests::{event, named, patch};

const NOW_MS: i64 = 1_700_000_000_000;

fn entry(version: i64, events: Vec<StreamEvent>) -> FeedEntry {
    let environment = EnvironmentUuid::from_wire("e");
    FeedEntry { environment, version: Version(version), at_ms: NOW_MS, events }
}

fn flip(version: i64, identifier: &str) -> FeedEntry {
    entry(version, vec![patch(identifier, version)])
}

fn changes(version: i64, events: &[(&str, i64)]) -> Changes {
    let events = events.iter().map(|(identifier, version)| patch(identifier, *version)).collect();
    Changes { version: Version(version), events }
}

fn key_event(kind: EventKind, version: i64) -> StreamEvent {
    StreamEvent { domain: Domain::Key, ..event(kind, "hash", version) }
}

/// A topic that was read from the database at `version`, with nothing changed lately.
fn topic_at(version: i64) -> Topic {
    let mut topic = Topic::default();
    assert_eq!(topic.subscribe(None, NOW_MS).unwrap_err(), Question::Since(NOW_MS - 120_000));
    assert_eq!(topic.learn(Question::Since(NOW_MS - 120_000), changes(version, &[]), NOW_MS), []);
    topic
}

/// What a stream that begins at `start` is sent, up to now.
fn sent(topic: &Topic, start: &Start) -> Vec<(String, i64)> {
    let mut sent: Vec<_> = owned(named(&start.replay.notices));
    let mut version = start.version();
    while let Some(step) = topic.next_after(version).unwrap() {
        version = step.version;
        sent.extend(owned(named(&step.notices)));
    }
    sent
}

fn owned(notices: Vec<(&str, i64)>) -> Vec<(String, i64)> {
    notices.into_iter().map(|(identifier, version)| (identifier.to_owned(), version)).collect()
}

fn expected(notices: &[(&str, i64)]) -> Vec<(String, i64)> {
    owned(notices.to_vec())
}

#[test]
fn the_next_version_is_forwarded_and_what_was_announced_is_dropped() {
    let mut topic = topic_at(5);
    let start = topic.subscribe(None, NOW_MS).unwrap();

    assert_eq!(topic.change(flip(4, "old"), NOW_MS), []);
    assert_eq!(topic.change(flip(5, "old"), NOW_MS), []);
    assert_eq!(topic.change(flip(6, "a"), NOW_MS), [Effect::Wake]);
    assert_eq!(topic.change(flip(6, "a"), NOW_MS), []);
    assert_eq!(topic.change(flip(7, "b"), NOW_MS), [Effect::Wake]);

    assert_eq!(sent(&topic, &start), expected(&[("a", 6), ("b", 7)]));
}

#[test]
fn a_version_too_far_on_is_replaced_by_what_the_database_says() {
    let mut topic = topic_at(5);
    let start = topic.subscribe(None, NOW_MS).unwrap();

    assert_eq!(topic.change(flip(8, "c"), NOW_MS), [Effect::CatchUp]);
    assert_eq!(topic.change(flip(9, "d"), NOW_MS), [], "the database is asked once");
    assert_eq!(sent(&topic, &start), [], "nothing overtakes what is missing");
    let question = topic.missing().unwrap();
    let effects = topic.learn(question, changes(9, &[("b", 7), ("c", 8), ("d", 9)]), NOW_MS);

    assert_eq!(effects, [Effect::Wake]);
    assert_eq!(topic.missing(), None);
    assert_eq!(sent(&topic, &start), expected(&[("b", 7), ("c", 8), ("d", 9)]));
    assert_eq!(topic.change(flip(10, "e"), NOW_MS), [Effect::Wake]);
}

#[test]
fn an_answer_older_than_the_feed_is_not_enough() {
    let mut topic = topic_at(5);
    topic.change(flip(8, "c"), NOW_MS);
    let question = topic.missing().unwrap();
    topic.change(flip(10, "d"), NOW_MS);

    topic.learn(question, changes(8, &[("c", 8)]), NOW_MS);

    assert_eq!(topic.missing(), Some(Question::Lost { after: Version(8), gap: 2 }));
}

#[test]
fn an_answer_to_a_question_asked_before_the_last_loss_is_not_enough() {
    let mut topic = topic_at(5);
    assert_eq!(topic.gap(NOW_MS), Some(Effect::CatchUp));
    let question = topic.missing().unwrap();
    assert_eq!(topic.gap(NOW_MS), None, "it is being asked already");

    topic.learn(question, changes(5, &[]), NOW_MS);
    let question = topic.missing().expect("the second loss may have come after the answer was read");
    topic.learn(question, changes(5, &[]), NOW_MS);

    assert_eq!(topic.missing(), None);
}

#[test]
fn a_version_that_the_feed_tells_while_the_environment_is_first_read_is_not_lost() {
    let mut topic = Topic::default();
    let question = topic.subscribe(None, NOW_MS).unwrap_err();
    assert_eq!(topic.change(flip(6, "a"), NOW_MS), []);

    let effects = topic.learn(question, changes(5, &[]), NOW_MS);

    assert_eq!(effects, [Effect::CatchUp]);
    assert_eq!(topic.missing(), Some(Question::Lost { after: Version(5), gap: 1 }));
}

#[test]
fn a_stream_that_says_what_it_has_gets_exactly_what_changed_after_it() {
    let mut topic = topic_at(5);
    for (version, flag) in [(6, "a"), (7, "b"), (8, "a")] {
        topic.change(flip(version, flag), NOW_MS);
    }

    let from = |topic: &mut Topic, version| topic.subscribe(Some(Version(version)), NOW_MS).unwrap();

    assert_eq!(named(&from(&mut topic, 5).replay.notices), [("b", 7), ("a", 8)]);
    assert_eq!(named(&from(&mut topic, 7).replay.notices), [("a", 8)]);
    assert_eq!(named(&from(&mut topic, 8).replay.notices), []);
}

#[test]
fn what_the_log_does_not_hold_is_asked_of_the_database_once() {
    let mut topic = topic_at(5);
    let question = topic.subscribe(Some(Version(2)), NOW_MS).unwrap_err();
    assert_eq!(question, Question::After(Version(2)));

    topic.learn(question, changes(5, &[("a", 3), ("b", 5)]), NOW_MS);
    let first = topic.subscribe(Some(Version(2)), NOW_MS).unwrap();
    topic.change(flip(6, "a"), NOW_MS);
    let second = topic.subscribe(Some(Version(2)), NOW_MS + 900).unwrap();
    let third = topic.subscribe(Some(Version(2)), NOW_MS + 60_000).unwrap();

    assert_eq!(sent(&topic, &first), expected(&[("a", 3), ("b", 5), ("a", 6)]));
    assert_eq!(sent(&topic, &second), expected(&[("a", 3), ("b", 5), ("a", 6)]));
    assert_eq!(sent(&topic, &third), expected(&[("b", 5), ("a", 6)]), "worked in after a second");
}

#[test]
fn an_answer_for_one_stream_is_news_for_all_if_it_is_ahead_of_the_feed() {
    let mut topic = topic_at(5);
    let start = topic.subscribe(None, NOW_MS).unwrap();
    let question = topic.subscribe(Some(Version(2)), NOW_MS).unwrap_err();

    let effects = topic.learn(question, changes(7, &[("a", 3), ("b", 6), ("c", 7)]), NOW_MS);

    assert_eq!(effects, [Effect::Wake]);
    assert_eq!(sent(&topic, &start), expected(&[("b", 6), ("c", 7)]));
    assert_eq!(topic.change(flip(7, "c"), NOW_MS), [], "the feed comes later");
}

#[test]
fn a_client_that_is_ahead_of_us_makes_us_ask() {
    let mut topic = topic_at(5);

    let question = topic.subscribe(Some(Version(9)), NOW_MS).unwrap_err();
    assert_eq!(question, Question::After(Version(5)));
    topic.learn(question, changes(9, &[("a", 9)]), NOW_MS);

    assert_eq!(named(&topic.subscribe(Some(Version(9)), NOW_MS).unwrap().replay.notices), []);
}

#[test]
fn a_stream_that_does_not_say_gets_what_changed_in_the_last_two_minutes() {
    let mut topic = topic_at(5);
    topic.change(flip(6, "early"), NOW_MS + 10_000);
    topic.change(flip(7, "late"), NOW_MS + 100_000);

    let replay =
        |topic: &mut Topic, ms| owned(named(&topic.subscribe(None, NOW_MS + ms).unwrap().replay.notices));

    assert_eq!(replay(&mut topic, 100_000), expected(&[("early", 6), ("late", 7)]));
    assert_eq!(replay(&mut topic, 131_000), expected(&[("late", 7)]));
    assert_eq!(replay(&mut topic, 300_000), []);
}

#[test]
fn what_changed_shortly_before_the_first_stream_is_replayed_too() {
    let mut topic = Topic::default();
    let question = topic.subscribe(None, NOW_MS).unwrap_err();
    topic.learn(question, changes(5, &[("a", 4), ("b", 5)]), NOW_MS);
    topic.change(flip(6, "a"), NOW_MS);

    assert_eq!(named(&topic.subscribe(None, NOW_MS + 2_000).unwrap().replay.notices), [("b", 5), ("a", 6)]);
}

#[test]
fn more_changes_in_two_minutes_than_the_log_holds_are_asked_of_the_database() {
    let mut topic = topic_at(0);
    for version in 1..=LOG_STEPS_MAX as i64 + 1 {
        topic.change(flip(version, "a"), NOW_MS + 200_000);
    }

    let question = topic.subscribe(None, NOW_MS + 210_000).unwrap_err();

    assert_eq!(question, Question::Since(NOW_MS + 90_000));
}

#[test]
fn a_version_that_only_the_database_has_mentioned_is_asked_for() {
    let mut topic = topic_at(5);
    let start = topic.subscribe(None, NOW_MS).unwrap();

    let effects = topic.learn(Question::Since(NOW_MS), changes(6, &[("a", 6)]), NOW_MS);

    assert_eq!(effects, [Effect::CatchUp]);
    assert_eq!(sent(&topic, &start), [], "that answer may not hold all that is new");
    topic.learn(topic.missing().unwrap(), changes(6, &[("a", 6)]), NOW_MS);
    assert_eq!(sent(&topic, &start), expected(&[("a", 6)]));
}

#[test]
fn a_stream_behind_the_log_is_told_so() {
    let mut topic = topic_at(0);
    let start = topic.subscribe(None, NOW_MS).unwrap();
    for version in 1..=LOG_STEPS_MAX as i64 + 1 {
        topic.change(flip(version, "a"), NOW_MS);
    }

    assert!(topic.next_after(start.version()).is_err());
    assert!(topic.next_after(Version(1)).is_ok());
}

#[test]
fn sdks_never_hear_of_keys_and_environments() {
    let mut topic = topic_at(5);
    let start = topic.subscribe(None, NOW_MS).unwrap();

    topic.change(entry(6, vec![patch("a", 6), key_event(EventKind::Create, 6)]), NOW_MS);
    topic.change(entry(7, vec![key_event(EventKind::Delete, 7)]), NOW_MS);
    topic.change(flip(8, "b"), NOW_MS);

    assert_eq!(sent(&topic, &start), expected(&[("a", 6), ("b", 8)]));
    assert_eq!(topic.missing(), None, "version 7 was not lost");
}

#[test]
fn a_deleted_key_is_revoked_at_whatever_version_and_however_we_hear_of_it() {
    let mut topic = topic_at(5);
    assert!(!topic.is_revoked("hash"));
    assert_eq!(topic.change(entry(4, vec![key_event(EventKind::Delete, 4)]), NOW_MS), [Effect::Wake]);
    assert!(topic.is_revoked("hash"));
    assert!(!topic.is_revoked("another"));

    let mut topic = Topic::default();
    let deleted = Changes { version: Version(5), events: vec![key_event(EventKind::Delete, 5)] };
    topic.learn(Question::Since(0), deleted, NOW_MS);
    assert!(topic.is_revoked("hash"));
}

#[test]
fn a_key_that_is_made_again_is_not_revoked() {
    let mut topic = topic_at(5);
    topic.change(entry(6, vec![key_event(EventKind::Delete, 6)]), NOW_MS);

    topic.change(entry(7, vec![key_event(EventKind::Create, 7)]), NOW_MS);

    assert!(!topic.is_revoked("hash"));
}

#[test]
fn a_changed_key_is_looked_up_until_its_record_cannot_be_an_old_one_and_ends_when_it_says() {
    let mut topic = topic_at(5);
    let key = KeyHash::from_wire("hash");
    topic.change(entry(6, vec![key_event(EventKind::Patch, 6)]), NOW_MS);

    assert_eq!(topic.changed_keys(), std::slice::from_ref(&key));
    topic.learn_key(&key, None, NOW_MS + 999);
    assert_eq!(
        topic.changed_keys(),
        std::slice::from_ref(&key),
        "that may have been known before the change"
    );
    topic.learn_key(&key, Some(NOW_MS + 5_000), NOW_MS + 1_000);
    assert_eq!(topic.changed_keys(), []);

    assert_eq!(topic.tick(NOW_MS + 4_999), []);
    assert!(!topic.is_revoked("hash"));
    assert_eq!(topic.tick(NOW_MS + 5_000), [Effect::Wake]);
    assert!(topic.is_revoked("hash"));
}

#[test]
fn a_key_whose_end_was_taken_back_stays() {
    let mut topic = topic_at(5);
    let key = KeyHash::from_wire("hash");
    topic.learn_key(&key, Some(NOW_MS + 5_000), NOW_MS);

    topic.learn_key(&key, None, NOW_MS + 1_000);

    assert_eq!(topic.tick(NOW_MS + 5_000), []);
    assert!(!topic.is_revoked("hash"));
}

#[test]
fn the_end_of_an_environment_ends_its_streams() {
    let mut topic = topic_at(5);
    let gone = StreamEvent { domain: Domain::Environment, ..event(EventKind::Delete, "e", 6) };

    let effects = topic.change(entry(6, vec![gone]), NOW_MS);

    assert!(effects.contains(&Effect::Retire));
    assert_eq!(topic.over(), Some(End::EnvironmentGone));
}

#[test]
fn news_may_be_missing_for_half_a_minute_and_no_longer() {
    let mut topic = topic_at(5);
    topic.gap(NOW_MS);

    assert_eq!(topic.tick(NOW_MS + 29_999), []);
    assert_eq!(topic.over(), None);
    assert_eq!(topic.tick(NOW_MS + 30_000), [Effect::Retire]);
    assert_eq!(topic.over(), Some(End::StoresAway));
    assert_eq!(topic.missing(), None, "nobody listens any more");
}

#[test]
fn a_database_older_than_what_was_announced_brings_nothing_and_breaks_nothing() {
    let mut topic = topic_at(5);
    topic.gap(NOW_MS);
    let question = topic.missing().unwrap();

    assert_eq!(topic.learn(question, changes(3, &[("a", 3)]), NOW_MS), []);
    assert_eq!(topic.change(flip(4, "a"), NOW_MS), []);
    topic.change(flip(1_000_004, "a"), NOW_MS);

    assert_eq!(topic.missing(), Some(Question::Lost { after: Version(5), gap: 2 }), "it was repaired");
}
