//! Archiving and deleting flags, and making them again.

use serde_json::{Value, json};

use super::ask::{delete, get};
use super::world::{SHOP, Step, World, create_flag, flag, in_environment, instructions};

#[tokio::test]
async fn an_archived_flag_leaves_every_environment_and_the_list() {
    let world = World::shop().await;
    world.flag("a").await;
    world.flag("b").await;
    world.news().await;

    world.ask(delete(format!("/features/a?{SHOP}"))).await.is(204);

    assert_eq!(world.news().await, in_both(4, "delete flag a"));
    assert_eq!([world.config("dev", "a").await, world.config("prod", "a").await], [Value::Null, Value::Null]);
    assert_eq!(listed(&world, "").await, ["b"]);
    assert_eq!(listed(&world, "&archived=true").await, ["a"]);
}

#[tokio::test]
async fn an_archived_flag_shows_what_it_served() {
    let world = World::shop().await;
    world.flag("a").await;
    world.instruct(("dev", "a"), "setFeatureFlagState", json!({ "state": "on" })).await.is(200);

    world.ask(delete(format!("/features/a?{SHOP}"))).await.is(204);

    let read = world.read_flag("dev", "a").await;
    let served = &read["envProperties"];
    assert_eq!(
        (&read["archived"], &served["state"], &served["version"]),
        (&json!(true), &json!("on"), &json!(3))
    );
}

#[tokio::test]
async fn archiving_twice_changes_nothing() {
    let world = World::shop().await;
    world.flag("a").await;
    world.ask(delete(format!("/features/a?{SHOP}"))).await.is(204);
    world.news().await;
    let before = world.rows().await;

    world.ask(delete(format!("/features/a?{SHOP}"))).await.is(204);

    assert_eq!(world.rows().await, before);
    assert_eq!(world.news().await, []);
}

#[tokio::test]
async fn an_archived_flag_is_not_changed_and_its_identifier_is_taken() {
    let world = World::shop().await;
    world.flag("a").await;
    world.ask(delete(format!("/features/a?{SHOP}"))).await.is(204);

    let on = instructions(("dev", "a"), &[("setFeatureFlagState", json!({ "state": "on" }))]);
    let message = world.refused(on, 409).await;
    assert_eq!(message, "flag \"a\" is archived; restore it before changing it");
    let message = world.refused(create_flag(&flag("a")), 409).await;
    assert!(
        message.starts_with("flag \"a\" exists in the archive; restore it, delete it for good"),
        "{message}"
    );
}

#[tokio::test]
async fn a_flag_deleted_for_good_is_gone_but_for_its_history() {
    let world = World::shop().await;
    world.flag("a").await;
    world.news().await;

    world.ask(delete(format!("/features/a?{SHOP}&forceDelete=true"))).await.is(204);

    assert_eq!(world.news().await, in_both(3, "delete flag a"));
    let gone = "flag \"a\" does not exist";
    assert_eq!(world.refused(get(in_environment("/features/a", "dev")), 404).await, gone);
    assert_eq!(world.refused(delete(format!("/features/a?{SHOP}")), 404).await, gone);
    assert_eq!(listed(&world, "").await, [""; 0]);
    assert_eq!(listed(&world, "&archived=true").await, [""; 0]);
    let actions: Vec<_> = world.changes().await.into_iter().map(|[_, action, _]| action).collect();
    assert_eq!(
        actions[actions.len() - 6..],
        [
            "FeatureCreated",
            "FeatureActivationCreated",
            "FeatureActivationCreated",
            "FeatureDeleted",
            "FeatureActivationDeleted",
            "FeatureActivationDeleted",
        ]
    );
}

#[tokio::test]
async fn deleting_a_flag_from_the_archive_tells_nobody() {
    let world = World::shop().await;
    world.flag("a").await;
    world.ask(delete(format!("/features/a?{SHOP}"))).await.is(204);
    world.news().await;

    world.ask(delete(format!("/features/a?{SHOP}&forceDelete=true"))).await.is(204);

    assert_eq!(world.news().await, [], "SDKs were told when it was archived");
    assert_eq!(listed(&world, "&archived=true").await, [""; 0]);
}

#[tokio::test]
async fn a_flag_made_again_is_created_at_a_higher_version() {
    let world = World::shop().await;
    world.flag("a").await;
    world.instruct(("dev", "a"), "setFeatureFlagState", json!({ "state": "on" })).await.is(200);
    world.ask(delete(format!("/features/a?{SHOP}&forceDelete=true"))).await.is(204);
    world.news().await;

    world.flag("a").await;

    let created =
        |environment: &str, version| Step(environment.to_owned(), version, vec!["create flag a".to_owned()]);
    assert_eq!(world.news().await, [created("dev", 5), created("prod", 4)]);
    let served = world.config("dev", "a").await;
    assert_eq!((&served["state"], &served["version"]), (&json!("off"), &json!(5)));
}

#[tokio::test]
async fn a_flag_that_never_was_cannot_be_removed() {
    let world = World::shop().await;

    for query in ["", "&forceDelete=true", "&forceDelete=false"] {
        let message = world.refused(delete(format!("/features/a?{SHOP}{query}")), 404).await;
        assert_eq!(message, "flag \"a\" does not exist");
    }
}

async fn listed(world: &World, query: &str) -> Vec<String> {
    let list = world.ask(get(format!("/features?{SHOP}{query}"))).await.is(200);
    let flags = list["features"].as_array().unwrap().iter();
    flags.map(|flag| flag["identifier"].as_str().unwrap().to_owned()).collect()
}

fn in_both(version: i64, event: &str) -> [Step; 2] {
    ["dev", "prod"].map(|name| Step(name.to_owned(), version, vec![event.to_owned()]))
}
