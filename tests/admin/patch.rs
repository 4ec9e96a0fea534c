//! Instructions: what each does to what is served, all or none.

use std::ops::Range;

use serde_json::{Value, json};

use super::ask::patch;
use super::world::{SHOP, Step, World, create_flag, flag, in_environment, instructions, with};

/// The flag "tree" with the variations "oak", "elm" and "none".
async fn world() -> World {
    let world = World::shop().await;
    let variations = ["oak", "elm", "none"].map(|id| json!({ "identifier": id, "name": id, "value": id }));
    let fields = json!({
        "kind": "string", "variations": variations,
        "defaultOnVariation": "oak", "defaultOffVariation": "none",
    });
    world.ask(create_flag(&with(flag("tree"), fields))).await.is(201);
    world.news().await;
    world
}

fn named(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({ "identifier": id, "name": id })).collect()
}

fn weights(oak: i64, elm: i64) -> Value {
    json!([{ "variation": "oak", "weight": oak }, { "variation": "elm", "weight": elm }])
}

fn map(variation: &str, targets: &[&str]) -> Value {
    json!({ "variation": variation, "targets": named(targets), "targetSegments": [] })
}

fn targets(variation: &str, targets: &[&str]) -> Value {
    json!({ "variation": variation, "targets": targets })
}

#[tokio::test]
async fn an_instruction_changes_what_it_says_and_nothing_else() {
    let cases = [
        ("setFeatureFlagState", json!({ "state": "on" }), json!({ "state": "on" })),
        (
            "updateDefaultServe",
            json!({ "variation": "elm" }),
            json!({ "defaultServe": { "variation": "elm" } }),
        ),
        (
            "updateDefaultServe",
            json!({ "variations": weights(25, 75) }),
            json!({ "defaultServe": { "distribution": { "bucketBy": "identifier", "variations": weights(25, 75) } } }),
        ),
        (
            "updateDefaultServe",
            json!({ "bucketBy": "email", "variations": weights(0, 100) }),
            json!({ "defaultServe": { "distribution": { "bucketBy": "email", "variations": weights(0, 100) } } }),
        ),
        ("updateOffVariation", json!({ "variation": "elm" }), json!({ "offVariation": "elm" })),
        (
            "addTargetsToVariationTargetMap",
            targets("elm", &["ann", "bob@example.com", "ann"]),
            json!({ "variationToTargetMap": [map("elm", &["ann", "bob@example.com"])] }),
        ),
    ];
    for (kind, parameters, difference) in cases {
        let world = world().await;
        let before = [world.config("dev", "tree").await, world.config("prod", "tree").await];

        world.instruct(("dev", "tree"), kind, parameters).await.is(200);

        let version = json!({ "version": 3 });
        assert_eq!(
            world.config("dev", "tree").await,
            with(with(before[0].clone(), difference), version),
            "{kind}"
        );
        assert_eq!(world.config("prod", "tree").await, before[1]);
        assert_eq!(world.news().await, [Step("dev".to_owned(), 3, vec!["patch flag tree".to_owned()])]);
        assert_eq!([world.version("dev").await, world.version("prod").await], [3, 2]);
    }
}

#[tokio::test]
async fn a_target_is_taken_off_the_list_and_the_last_one_takes_the_list_along() {
    let world = world().await;
    let remove = "removeTargetsToVariationTargetMap";
    let add = [("addTargetsToVariationTargetMap", targets("elm", &["ann", "bob"]))];
    world.ask(instructions(("dev", "tree"), &add)).await.is(200);

    world.instruct(("dev", "tree"), remove, targets("elm", &["ann", "nobody"])).await.is(200);
    assert_eq!(world.config("dev", "tree").await["variationToTargetMap"], json!([map("elm", &["bob"])]));

    world.instruct(("dev", "tree"), remove, targets("elm", &["bob"])).await.is(200);
    assert_eq!(world.config("dev", "tree").await["variationToTargetMap"], json!([]));
    assert_eq!(world.version("dev").await, 5);
}

#[tokio::test]
async fn a_target_is_served_one_variation_by_name() {
    let world = world().await;
    let add = "addTargetsToVariationTargetMap";
    world.instruct(("dev", "tree"), add, targets("elm", &["ann", "bob"])).await.is(200);

    world.instruct(("dev", "tree"), add, targets("none", &["ann"])).await.is(200);

    let maps = json!([map("elm", &["bob"]), map("none", &["ann"])]);
    assert_eq!(world.config("dev", "tree").await["variationToTargetMap"], maps);
}

#[tokio::test]
async fn the_answer_is_the_flag_as_it_is_now() {
    let world = world().await;

    let answer =
        world.instruct(("dev", "tree"), "setFeatureFlagState", json!({ "state": "on" })).await.is(200);

    let read = world.read_flag("dev", "tree").await;
    assert_eq!(
        (&read["envProperties"]["state"], &read["envProperties"]["version"]),
        (&json!("on"), &json!(3))
    );
    assert_eq!(answer, with(read, json!({ "details": {} })));
}

#[tokio::test]
async fn an_instruction_that_changes_nothing_leaves_no_trace() {
    let world = world().await;
    let add = [("addTargetsToVariationTargetMap", targets("elm", &["ann"]))];
    world.ask(instructions(("dev", "tree"), &add)).await.is(200);
    world.news().await;
    let (rows, before) = (world.rows().await, world.read_flag("dev", "tree").await);
    let nothing: [&[(&str, Value)]; 8] = [
        &[("setFeatureFlagState", json!({ "state": "off" }))],
        &[("updateDefaultServe", json!({ "variation": "oak" }))],
        &[("updateOffVariation", json!({ "variation": "none" }))],
        &[("addTargetsToVariationTargetMap", targets("elm", &["ann"]))],
        &[("addTargetsToVariationTargetMap", targets("oak", &[]))],
        &[("removeTargetsToVariationTargetMap", targets("oak", &["ann"]))],
        &[("removeTargetsToVariationTargetMap", targets("elm", &["bob"]))],
        &[
            ("setFeatureFlagState", json!({ "state": "on" })),
            ("setFeatureFlagState", json!({ "state": "off" })),
        ],
    ];
    for each in nothing {
        let answer = world.ask(instructions(("dev", "tree"), each)).await.is(200);

        assert_eq!(answer, with(before.clone(), json!({ "details": {} })), "{each:?}");
        assert_eq!(world.rows().await, rows, "{each:?}");
        assert_eq!(world.news().await, [], "{each:?}");
    }
}

#[tokio::test]
async fn several_instructions_are_one_step_and_apply_in_order() {
    let world = world().await;
    let before = world.config("dev", "tree").await;
    let several = [
        ("updateOffVariation", json!({ "variation": "oak" })),
        ("setFeatureFlagState", json!({ "state": "on" })),
        ("addTargetsToVariationTargetMap", targets("elm", &["ann", "bob"])),
        ("removeTargetsToVariationTargetMap", targets("elm", &["ann"])),
        ("addTargetsToVariationTargetMap", targets("oak", &["eve"])),
        ("updateOffVariation", json!({ "variation": "elm" })),
    ];

    world.ask(instructions(("dev", "tree"), &several)).await.is(200);

    let difference = json!({
        "offVariation": "elm", "state": "on", "version": 3,
        "variationToTargetMap": [map("elm", &["bob"]), map("oak", &["eve"])],
    });
    assert_eq!(world.config("dev", "tree").await, with(before, difference));
    assert_eq!(world.news().await, [Step("dev".to_owned(), 3, vec!["patch flag tree".to_owned()])]);
}

#[tokio::test]
async fn one_refused_instruction_refuses_all() {
    let world = world().await;
    let before = world.config("dev", "tree").await;
    let good = ("setFeatureFlagState", json!({ "state": "on" }));
    let bad = [
        (
            "updateOffVariation",
            json!({ "variation": "ash" }),
            "\"ash\" is no variation of the flag; it has oak, elm, none",
        ),
        (
            "updateDefaultServe",
            json!({ "variation": "ash" }),
            "\"ash\" is no variation of the flag; it has oak, elm, none",
        ),
        ("removeTargetsToVariationTargetMap", targets("ash", &[]), "\"ash\" is no variation of the flag"),
        (
            "updateDefaultServe",
            json!({ "variations": weights(50, 49) }),
            "the weights 50 + 49 do not sum to 100",
        ),
        ("nonsense", json!({}), "\"nonsense\" is not an instruction; use setFeatureFlagState"),
    ];
    for (kind, parameters, message) in bad {
        for (index, order) in [[0, 1], [1, 0]].into_iter().enumerate() {
            let pair = [(kind, parameters.clone()), good.clone()];
            let found =
                world.refused(instructions(("dev", "tree"), &order.map(|at| pair[at].clone())), 400).await;
            assert!(found.contains(message), "{found}\nexpected {message}");
            assert!(
                found.starts_with(&format!("instructions[{index}].")),
                "{found} does not say which one it is"
            );
        }
    }
    assert_eq!(world.config("dev", "tree").await, before);
}

#[tokio::test]
async fn who_changed_a_flag_and_why_is_recorded() {
    let world = world().await;
    let body = json!({
        "comment": "friday\nrelease", "gitDetails": { "commitMsg": "x" }, "executionTime": null,
        "instructions": [{ "kind": "setFeatureFlagState", "parameters": { "state": "on" } }],
    });

    world.ask(patch(in_environment("/features/tree", "dev"), &body)).await.is(200);

    let last = world.changes().await.pop().unwrap();
    assert_eq!(last, ["admin", "FeatureActivationPatched", "friday\nrelease"]);
}

#[tokio::test]
async fn a_scheduled_change_is_refused_and_never_applied_at_once() {
    let world = world().await;
    for time in [0, 1_735_689_600_000_i64, -1] {
        let body = json!({
            "executionTime": time,
            "instructions": [{ "kind": "setFeatureFlagState", "parameters": { "state": "on" } }],
        });
        let message = world.refused(patch(in_environment("/features/tree", "dev"), &body), 501).await;
        assert!(
            message.starts_with("executionTime: scheduled changes are planned but not offered yet"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn what_is_served_changes_in_an_environment_only() {
    let world = world().await;
    let body =
        json!({ "instructions": [{ "kind": "setFeatureFlagState", "parameters": { "state": "on" } }] });

    let message = world.refused(patch(format!("/features/tree?{SHOP}"), &body), 400).await;
    assert!(message.contains("environmentIdentifier: is missing from the query"), "{message}");
    let message = world.refused(patch(in_environment("/features/tree", "moon"), &body), 404).await;
    assert_eq!(message, "environment \"moon\" does not exist");
    let message = world.refused(patch(in_environment("/features/none", "dev"), &body), 404).await;
    assert_eq!(message, "flag \"none\" does not exist");
}

#[tokio::test]
async fn a_patch_holds_1_to_100_instructions() {
    let world = world().await;
    let on = json!({ "kind": "setFeatureFlagState", "parameters": { "state": "on" } });
    let ask = |count: usize| {
        patch(in_environment("/features/tree", "dev"), &json!({ "instructions": vec![&on; count] }))
    };

    let message = world.refused(ask(0), 400).await;
    assert_eq!(message, "instructions: is empty; send at least one instruction");
    let message = world.refused(ask(101), 400).await;
    assert_eq!(message, "instructions: holds more than 100 instructions; send several requests");
    world.ask(ask(100)).await.is(200);
}

#[tokio::test]
async fn a_list_of_targets_is_limited_and_long_ones_are_changed_in_time() {
    let world = world().await;
    let all: Vec<String> = (0..50_001).map(|number| format!("target-{number}")).collect();
    let ids = |range: Range<usize>| json!({ "variation": "elm", "targets": &all[range] });
    let add = "addTargetsToVariationTargetMap";

    world.instruct(("dev", "tree"), add, ids(0..25_000)).await.is(200);
    world.instruct(("dev", "tree"), add, ids(25_000..50_000)).await.is(200);
    let one_more = instructions(("dev", "tree"), &[(add, ids(50_000..50_001))]);
    let message = world.refused(one_more, 400).await;
    let served = json!({ "variation": "oak", "targets": &all[..25_000] });
    world.instruct(("dev", "tree"), add, served).await.is(200);
    world.instruct(("dev", "tree"), "removeTargetsToVariationTargetMap", ids(25_000..50_000)).await.is(200);

    assert!(message.contains("targets: a list holds at most 50000 targets"), "{message}");
    let maps = world.config("dev", "tree").await["variationToTargetMap"].take();
    assert_eq!((maps.as_array().unwrap().len(), &maps[0]["variation"]), (1, &json!("oak")));
}
