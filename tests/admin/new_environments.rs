//! New environments, and what they begin with.

use model::limits::ENVIRONMENTS_PER_PROJECT_MAX;
use serde_json::{Value, json};

use super::ask::{delete, get, post};
use super::world::{ORGANISATION, SHOP, Step, World, create_flag, flag, in_environment, instructions, with};

#[tokio::test]
async fn an_environment_is_answered_whole() {
    let world = World::shop().await;
    let environment = json!({
        "identifier": "qa", "project": "shop", "name": "Quality", "description": "Before production.",
        "tags": [{ "identifier": "test", "name": "Test" }],
    });

    let mut made = world.ask(post(format!("/environments?{ORGANISATION}"), &environment)).await.data(201);
    let mut read = world.ask(get(format!("/environments/qa?{SHOP}"))).await.data(200);

    // That it is a UUID is checked with every answer, as the contract has it.
    let ids = [&mut made, &mut read].map(|answer| answer.as_object_mut().unwrap().remove("id").unwrap());
    assert_eq!(ids[0], ids[1]);
    let keys = json!({ "itemCount": 0, "pageCount": 0, "pageIndex": 0, "pageSize": 1000, "apiKeys": [] });
    assert_eq!(made, with(environment, json!({ "apiKeys": keys })));
    assert_eq!(read, made);
}

#[tokio::test]
async fn what_is_left_out_of_an_environment_has_a_default() {
    let world = World::shop().await;

    let made = world.environment("qa").await;

    let texts = ["name", "description"].map(|field| made[field].as_str().unwrap());
    assert_eq!((texts, &made["tags"]), (["qa", ""], &json!([])));
}

#[tokio::test]
async fn an_environment_begins_at_version_1_and_is_announced() {
    let world = World::shop().await;

    world.environment("qa").await;

    assert_eq!(world.version("qa").await, 1);
    assert_eq!(world.news().await, [Step("qa".to_owned(), 1, vec!["create environment qa".to_owned()])]);
    assert_eq!([world.version("dev").await, world.version("prod").await], [1, 1], "the others stay");
}

#[tokio::test]
async fn an_environment_made_later_holds_every_flag_off() {
    let world = World::shop().await;
    let tree = json!({
        "prerequisites": [{ "feature": "a", "variations": ["yes"] }],
        "variations": [
            { "identifier": "red", "name": "Red", "value": "#f00" },
            { "identifier": "blue", "name": "Blue", "value": "#00f", "description": "Cold." },
        ],
        "kind": "string", "defaultOnVariation": "blue", "defaultOffVariation": "red",
    });
    world.flag("a").await;
    world.ask(create_flag(&with(flag("b"), tree))).await.is(201);
    world.flag("gone").await;
    world.ask(delete(format!("/features/gone?{SHOP}"))).await.is(204);
    let on = [
        ("setFeatureFlagState", json!({ "state": "on" })),
        ("updateOffVariation", json!({ "variation": "blue" })),
    ];
    world.ask(instructions(("dev", "b"), &on)).await.is(200);
    world.news().await;

    world.environment("later").await;

    let events = ["create environment later", "create flag a", "create flag b"].map(str::to_owned);
    assert_eq!(world.news().await, [Step("later".to_owned(), 1, events.to_vec())]);
    assert_eq!(
        world.config("later", "b").await,
        json!({
            "project": "shop", "environment": "later", "feature": "b", "kind": "string", "state": "off",
            "variations": [
                { "identifier": "red", "name": "Red", "value": "#f00" },
                { "identifier": "blue", "name": "Blue", "value": "#00f", "description": "Cold." },
            ],
            "defaultServe": { "variation": "blue" }, "offVariation": "red",
            "rules": [], "variationToTargetMap": [],
            "prerequisites": [{ "feature": "a", "variations": ["yes"] }],
            "version": 1,
        })
    );
    assert_eq!(world.config("later", "a").await["state"], "off");
    assert_eq!(world.config("later", "gone").await, Value::Null);
}

#[tokio::test]
async fn environments_are_listed_by_identifier_with_totals_and_redacted_keys() {
    let world = World::shop().await;
    world.environment("a").await;
    let key = json!({ "identifier": "web", "type": "Client" });
    world.ask(post(in_environment("/apikey", "dev"), &key)).await.is(201);

    let path = format!("/environments?{SHOP}&pageNumber=0&pageSize=2");
    let list = world.ask(get(path)).await.data(200);
    let rest = world.ask(get(format!("/environments?{SHOP}&pageNumber=1&pageSize=2"))).await.data(200);

    let totals =
        |list: &Value| ["itemCount", "pageCount", "pageIndex", "pageSize"].map(|name| list[name].clone());
    assert_eq!(totals(&list), [3, 2, 0, 2].map(Value::from));
    assert_eq!(totals(&rest), [3, 2, 1, 2].map(Value::from));
    let names = |list: &Value| {
        let all = list["environments"].as_array().unwrap().iter();
        all.map(|one| one["identifier"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&list), names(&rest)),
        (vec!["a".to_owned(), "dev".to_owned()], vec!["prod".to_owned()])
    );
    let keys = &list["environments"][1]["apiKeys"];
    assert_eq!(keys["itemCount"], 1);
    assert!(keys["apiKeys"][0]["apiKey"].as_str().unwrap().ends_with("********"), "{keys}");
}

#[tokio::test]
async fn the_identifier_of_an_environment_is_taken_once_in_a_project() {
    let world = World::shop().await;
    world.project(ORGANISATION, "other").await;

    let again =
        post(format!("/environments?{ORGANISATION}"), &json!({ "identifier": "dev", "project": "shop" }));
    let message = world.refused(again, 409).await;

    assert_eq!(message, "environment \"dev\" already exists; choose another identifier");
    let elsewhere = json!({ "identifier": "dev", "project": "other" });
    world.ask(post(format!("/environments?{ORGANISATION}"), &elsewhere)).await.data(201);
}

#[tokio::test]
async fn a_project_has_a_limited_number_of_environments() {
    let world = World::shop().await;
    for number in 2..ENVIRONMENTS_PER_PROJECT_MAX {
        world.environment(&format!("e{number}")).await;
    }

    let one_more =
        post(format!("/environments?{ORGANISATION}"), &json!({ "identifier": "e", "project": "shop" }));
    let message = world.refused(one_more, 413).await;

    assert_eq!(message, "the project has 50 environments, the most allowed; delete one first");
}
