//! Prerequisites: checked when they are written, because SDKs follow them without looking.

use serde_json::{Value, json};

use super::ask::{Ask, delete, get};
use super::world::{SHOP, Step, World, create_flag, flag, instructions, with};

/// A request for a flag that needs these flags to serve "yes".
fn needs(identifier: &str, features: &[&str]) -> Ask {
    let each = features.iter().map(|feature| json!({ "feature": feature, "variations": ["yes"] }));
    create_flag(&with(flag(identifier), json!({ "prerequisites": each.collect::<Vec<_>>() })))
}

async fn chain(world: &World, identifiers: &[&str]) {
    world.flag(identifiers[0]).await;
    for pair in identifiers.windows(2) {
        world.ask(needs(pair[1], &[pair[0]])).await.is(201);
    }
}

#[tokio::test]
async fn a_prerequisite_must_exist_with_the_variations_that_are_named() {
    let world = World::shop().await;
    world.flag("base").await;
    world.flag("old").await;
    world.ask(delete(format!("/features/old?{SHOP}"))).await.is(204);
    let cases = [
        (
            json!([{ "feature": "none", "variations": ["yes"] }]),
            "prerequisites[0].feature: flag \"none\" does not exist",
        ),
        (
            json!([{ "feature": "old", "variations": ["yes"] }]),
            "prerequisites[0].feature: flag \"old\" does not exist",
        ),
        (
            json!([{ "feature": "base", "variations": ["yes"] }, { "feature": "none", "variations": ["yes"] }]),
            "prerequisites[1].feature: flag \"none\" does not exist",
        ),
        (
            json!([{ "feature": "base", "variations": ["yes", "maybe"] }]),
            "prerequisites[0].variations: \"maybe\" is no variation of flag \"base\"",
        ),
        (
            json!([{ "feature": "base", "variations": [] }]),
            "prerequisites[0].variations: is empty; name at least one",
        ),
        (
            json!([{ "feature": "new", "variations": ["yes"] }]),
            "prerequisites[0].feature: is the flag itself",
        ),
        (
            json!([{ "feature": "base", "variations": ["yes"] }, { "feature": "base", "variations": ["no"] }]),
            "prerequisites[1].feature: \"base\" is there twice",
        ),
    ];
    for (prerequisites, message) in cases {
        let ask = create_flag(&with(flag("new"), json!({ "prerequisites": prerequisites })));
        let found = world.refused(ask, 400).await;
        assert!(found.starts_with(message), "{found}\nexpected {message}");
    }
}

#[tokio::test]
async fn a_chain_of_prerequisites_is_not_longer_than_8() {
    let world = World::shop().await;
    chain(&world, &["f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"]).await;

    let message = world.refused(needs("f9", &["f8"]), 400).await;

    assert!(
        message.starts_with("prerequisites: the chain of prerequisites would be 9 flags long"),
        "{message}"
    );
    // From a shorter way no chain gets longer.
    world.ask(needs("side", &["f7"])).await.is(201);
}

#[tokio::test]
async fn a_flag_has_a_limited_number_of_prerequisites() {
    let world = World::shop().await;
    let names: Vec<String> = (0..17).map(|number| format!("f{number}")).collect();
    for name in &names {
        world.flag(name).await;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();

    let message = world.refused(needs("many", &names), 400).await;

    assert_eq!(message, "prerequisites: holds 17, at most 16 are allowed");
    world.ask(needs("enough", &names[..16])).await.is(201);
}

#[tokio::test]
async fn changing_a_prerequisite_tells_of_every_flag_that_depends_on_it() {
    let world = World::shop().await;
    chain(&world, &["base", "middle", "top"]).await;
    world.flag("aside").await;
    world.news().await;
    let before = [world.config("dev", "middle").await, world.config("dev", "top").await];

    let on = json!({ "state": "on" });
    world.instruct(("dev", "base"), "setFeatureFlagState", on.clone()).await.is(200);
    world.instruct(("dev", "middle"), "setFeatureFlagState", on).await.is(200);

    let step = |version, events: &[&str]| {
        Step("dev".to_owned(), version, events.iter().map(|name| format!("patch flag {name}")).collect())
    };
    assert_eq!(world.news().await, [step(6, &["base", "middle", "top"]), step(7, &["middle", "top"])]);
    assert_eq!(world.config("dev", "top").await, before[1], "what depends is told of, not written");
    assert_eq!(world.config("dev", "middle").await["version"], 7);
}

#[tokio::test]
async fn a_prerequisite_is_neither_archived_nor_deleted() {
    let world = World::shop().await;
    chain(&world, &["base", "middle", "top"]).await;

    for query in ["", "&forceDelete=true"] {
        let message = world.refused(delete(format!("/features/base?{SHOP}{query}")), 424).await;
        assert_eq!(message, "flag \"base\" is a prerequisite of middle, top; remove it there first");
    }
    for flag in ["top", "middle", "base"] {
        world.ask(delete(format!("/features/{flag}?{SHOP}&forceDelete=true"))).await.is(204);
    }
}

#[tokio::test]
async fn an_archived_flag_needs_nothing() {
    let world = World::shop().await;
    chain(&world, &["base", "top"]).await;
    world.ask(delete(format!("/features/top?{SHOP}"))).await.is(204);
    world.news().await;

    world.instruct(("dev", "base"), "setFeatureFlagState", json!({ "state": "on" })).await.is(200);
    world.ask(delete(format!("/features/base?{SHOP}&forceDelete=true"))).await.is(204);

    let news = world.news().await;
    assert_eq!(news[0].2, ["patch flag base"], "what is in the archive is not told of");
    let top = world.ask(get(format!("/features/top?{SHOP}"))).await.is(200);
    assert_eq!(top["prerequisites"][0]["feature"], "base", "but it remembers");
}

#[tokio::test]
async fn a_circle_of_prerequisites_is_refused() {
    let world = World::shop().await;
    chain(&world, &["base", "middle", "top"]).await;
    let add = |feature: &str| json!({ "feature": feature, "variations": ["yes"] });

    for feature in ["middle", "top"] {
        let circle = instructions(("dev", "base"), &[("addPrerequisite", add(feature))]);
        let message = world.refused(circle, 400).await;
        assert!(message.starts_with("prerequisites: would lead back to the flag itself"), "{message}");
    }
    assert_eq!(world.config("dev", "base").await["prerequisites"], Value::Array(Vec::new()));
}
