//! What streams of client keys are told: their target's new answers, and nothing if they have none.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{Domain, EventKind, Target};
use serde_json::{Value, json};

use crate::client::Client;
use crate::world::{ENVIRONMENT, World};

/// How long a version waits for the rules that lead to it.
const RULES_TIME: Duration = Duration::from_millis(500);

/// A flag that is on for the listed targets.
fn flag(identifier: &str, listed: &[&str]) -> Value {
    let targets: Vec<_> = listed.iter().map(|target| json!({ "identifier": target })).collect();
    json!({
        "feature": identifier, "state": "on", "kind": "boolean", "offVariation": "off",
        "variations": [{ "identifier": "on", "value": "true" }, { "identifier": "off", "value": "false" }],
        "defaultServe": { "variation": "off" },
        "variationToTargetMap": [{ "variation": "on", "targets": targets }],
    })
}

/// Commits a version in which the flag is on for these targets only, and tells of it.
async fn list(world: &World, identifier: &str, listed: &[&str]) {
    world.source.serve(ENVIRONMENT, json!({ "flags": [flag(identifier, listed)] }));
    world.patch(&[identifier]).await;
}

/// A world that serves flag `a`, off for everybody, and knows it when the first browser is there.
async fn world() -> World {
    let world = World::new().await;
    world.source.serve(ENVIRONMENT, json!({ "flags": [flag("a", &[])] }));
    world
}

async fn browser(world: &World, target: &str) -> Client {
    let before = world.source.rules_read();
    let client = world.browser(&Target::bare(target)).await;
    if before == 0 {
        crate::time::until("the rules are read", || world.source.rules_read() > 0).await;
    }
    client
}

fn plain(flag: &str, version: i64) -> Value {
    json!({ "event": "patch", "domain": "flag", "identifier": flag, "version": version })
}

fn with_answer(flag: &str, version: i64, value: &str) -> Value {
    let variation = if value == "true" { "on" } else { "off" };
    let mut event = plain(flag, version);
    event["evaluations"] =
        json!([{ "flag": flag, "value": value, "kind": "boolean", "identifier": variation }]);
    event
}

#[tokio::test]
async fn an_answer_travels_with_its_event_to_the_last_byte() {
    let world = world().await;
    let mut ann = browser(&world, "ann").await;

    list(&world, "a", &["ann"]).await;

    let data = r#"{"event":"patch","domain":"flag","identifier":"a","version":2,"evaluations":[{"flag":"a","value":"true","kind":"boolean","identifier":"on"}]}"#;
    assert_eq!(ann.chunk().await, format!("id: 2\nevent: *\ndata: {data}\n\n"));
}

#[tokio::test]
async fn a_target_whose_answers_did_not_change_hears_nothing() {
    let world = world().await;
    let mut ann = browser(&world, "ann").await;
    let mut bob = browser(&world, "bob").await;

    list(&world, "a", &["ann"]).await;
    assert_eq!(ann.data().await, with_answer("a", 2, "true"));
    list(&world, "a", &["ann", "bob"]).await;

    assert_eq!(bob.data().await, with_answer("a", 3, "true"));
    list(&world, "a", &[]).await;
    assert_eq!(ann.data().await, with_answer("a", 4, "false"));
}

#[tokio::test]
async fn server_keys_are_told_everything_and_no_answers() {
    let world = world().await;
    let mut server = world.stream().await;
    let _ann = browser(&world, "ann").await;

    list(&world, "a", &["bob"]).await;

    assert_eq!(server.data().await, plain("a", 2));
}

#[tokio::test]
async fn a_client_whose_target_is_not_known_is_told_to_fetch() {
    let world = world().await;
    let token = world.client_token("a-client-key", &Target::bare("ann")).await;
    let target = |identifier: &str| STANDARD.encode(json!({ "identifier": identifier }).to_string());
    let mut without_token = world.browser_with("API-Key: a-client-key\r\n").await;
    let another = format!("Authorization: Bearer {token}\r\nHarness-Target: {}\r\n", target("bob"));
    let mut of_another = world.browser_with(&another).await;

    list(&world, "a", &["ann"]).await;

    assert_eq!(without_token.data().await, plain("a", 2));
    assert_eq!(of_another.data().await, plain("a", 2));
}

#[tokio::test]
async fn attributes_come_from_the_header_or_from_the_token_however_large() {
    let world = World::new().await;
    let members = json!([{ "id": "c", "attribute": "plan", "op": "equal", "values": ["pro"] }]);
    let mut by_plan = flag("a", &[]);
    by_plan["rules"] = json!([{
        "clauses": [{ "op": "segmentMatch", "values": ["pro"] }], "serve": { "variation": "on" },
    }]);
    let segments = json!([{ "identifier": "pro", "rules": members }]);
    let snapshot = json!({ "flags": [by_plan], "segments": segments });
    let target = |plan: &str, filling: usize| -> Target {
        let attributes = json!({ "plan": plan, "filling": "x".repeat(filling) });
        serde_json::from_value(json!({ "identifier": "ann", "name": "ann", "attributes": attributes }))
            .unwrap()
    };
    let stored = world.client_token("stored", &target("pro", 2_500)).await;
    let small = world.client_token("small", &target("free", 0)).await;
    let header = STANDARD.encode(serde_json::to_string(&target("pro", 0)).unwrap());

    let mut of_token = world.browser_with(&format!("Authorization: Bearer {stored}\r\n")).await;
    let both = format!("Authorization: Bearer {small}\r\nHarness-Target: {header}\r\n");
    let mut of_header = world.browser_with(&both).await;
    crate::time::until("the rules are read", || world.source.rules_read() > 0).await;
    world.source.serve(ENVIRONMENT, snapshot);
    world.publish(ENVIRONMENT, &[(EventKind::Create, Domain::Flag, "a")]).await;

    for stream in [&mut of_token, &mut of_header] {
        assert_eq!(stream.data().await["evaluations"][0]["value"], "true");
    }
}

#[tokio::test]
async fn a_version_whose_rules_cannot_be_read_in_time_is_told_without_answers() {
    let world = world().await;
    let mut server = world.stream().await;
    let mut ann = browser(&world, "ann").await;

    let shut = world.source.gate.write().await;
    list(&world, "a", &["ann"]).await;
    assert_eq!(server.data().await, plain("a", 2), "who needs no rules does not wait");
    world.clock.pass(RULES_TIME).await;

    assert_eq!(ann.data().await, plain("a", 2));
    drop(shut);
    list(&world, "a", &[]).await;
    assert_eq!(ann.data().await, with_answer("a", 3, "false"));
    assert_eq!(world.metric("rules_late_total"), 1);
}

#[tokio::test]
async fn after_a_version_without_answers_everybody_is_told_because_nobody_knows_what_was_fetched() {
    let world = world().await;
    let mut bob = browser(&world, "bob").await;
    let mut cat = browser(&world, "cat").await;
    let shut = world.source.gate.write().await;
    list(&world, "a", &["ann"]).await;
    world.clock.pass(RULES_TIME).await;
    assert_eq!(bob.data().await, plain("a", 2));
    assert_eq!(cat.data().await, plain("a", 2));
    drop(shut);

    list(&world, "a", &[]).await;

    assert_eq!(bob.data().await, with_answer("a", 3, "false"));
    assert_eq!(cat.data().await, with_answer("a", 3, "false"));
    list(&world, "a", &["cat"]).await;
    assert_eq!(cat.data().await, with_answer("a", 4, "true"));
    list(&world, "a", &["bob"]).await;
    assert_eq!(bob.data().await, with_answer("a", 5, "true"));
}

#[tokio::test]
async fn versions_that_were_read_at_once_hide_no_answer_that_a_client_may_have_fetched_between_them() {
    let world = world().await;
    let mut ann = browser(&world, "ann").await;

    let entries = [["ann"].as_slice(), &[]].map(|listed| {
        world.source.serve(ENVIRONMENT, json!({ "flags": [flag("a", listed)] }));
        world.commit(ENVIRONMENT, &[(EventKind::Patch, Domain::Flag, "a")])
    });
    for entry in entries {
        platform::ChangeFeed::append(&*world.feed, entry).await.unwrap();
    }

    assert_eq!(ann.data().await, with_answer("a", 2, "false"), "whoever fetched version 2 holds \"true\"");
}

#[tokio::test]
async fn clients_are_told_of_segments_by_the_flags_that_these_change() {
    let world = World::new().await;
    let mut by_segment = flag("a", &[]);
    by_segment["variationToTargetMap"] = json!([{ "variation": "on", "targetSegments": ["beta"] }]);
    let serve = |members: Value| {
        let segments = json!([{ "identifier": "beta", "included": members }]);
        world.source.serve(ENVIRONMENT, json!({ "flags": [by_segment], "segments": segments }));
    };
    serve(json!([]));
    let mut server = world.stream().await;
    let mut unknown = {
        world.client_token("a-client-key", &Target::bare("ann")).await;
        world.browser_with("API-Key: a-client-key\r\n").await
    };
    let mut ann = browser(&world, "ann").await;

    serve(json!([{ "identifier": "ann" }]));
    world.publish(ENVIRONMENT, &[(EventKind::Create, Domain::Segment, "beta")]).await;

    let segment = |event: &str| json!({ "event": event, "domain": "target-segment", "identifier": "beta", "version": 2 });
    assert_eq!(ann.data().await, with_answer("a", 2, "true"));
    assert_eq!(unknown.data().await, segment("patch"), "browsers ignore that a segment came");
    assert_eq!(server.data().await, segment("create"));
}

#[tokio::test]
async fn what_a_browser_may_have_missed_is_told_with_answers() {
    let world = world().await;
    list(&world, "a", &["ann"]).await;

    let mut ann = world.browser(&Target::bare("ann")).await;
    let mut bob = world.browser(&Target::bare("bob")).await;

    assert_eq!(ann.data().await, with_answer("a", 2, "true"));
    assert_eq!(bob.data().await, with_answer("a", 2, "false"), "nobody knows what its client holds");
}

#[tokio::test]
async fn a_target_is_evaluated_once_however_many_streams_it_has() {
    let world = world().await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(browser(&world, "ann").await);
    }

    list(&world, "a", &["ann"]).await;

    for stream in &mut streams {
        assert_eq!(stream.data().await, with_answer("a", 2, "true"));
    }
    assert_eq!(world.metric("evaluations_total"), 1);
}

#[tokio::test]
async fn rules_are_not_read_any_more_once_the_last_browser_has_gone() {
    let world = world().await;
    let mut server = world.stream().await;
    drop(browser(&world, "ann").await);
    world.metric_is("streams", 1).await;
    world.clock.pass(Duration::from_secs(1)).await;
    world.clock.sleeping(Duration::from_secs(1), 1).await;
    let read = world.source.rules_read();

    list(&world, "a", &["ann"]).await;

    assert_eq!(server.data().await, plain("a", 2));
    assert_eq!(world.source.rules_read(), read);
}
