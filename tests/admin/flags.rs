//! Flags: made, read, listed.

use std::time::Duration;

use serde_json::{Value, json};

use super::ask::{delete, get, post};
use super::world::{NOW_MS, ORGANISATION, SHOP, Step, World, create_flag, flag, instructions, with};

/// Everything that can be said about a flag, but for its environments.
fn everything() -> Value {
    json!({
        "identifier": "tree", "project": "shop", "name": "Tree", "description": "Which tree.", "kind": "string",
        "variations": [
            { "identifier": "oak", "name": "Oak", "value": "quercus", "description": "Slow." },
            { "identifier": "elm", "name": "Elm", "value": "ulmus" },
            { "identifier": "none", "name": "None", "value": "" },
        ],
        "defaultOnVariation": "oak", "defaultOffVariation": "none", "permanent": true,
        "prerequisites": [{ "feature": "garden", "variations": ["yes"] }],
        "tags": [{ "identifier": "green", "name": "Green" }],
        "services": [{ "identifier": "nursery", "name": "Nursery" }],
    })
}

/// How the flag is answered; `owner` goes in as text and comes out as a list.
fn answered() -> Value {
    let rest =
        json!({ "owner": ["ann@example.com"], "archived": false, "createdAt": NOW_MS, "modifiedAt": NOW_MS });
    with(everything(), rest)
}

#[tokio::test]
async fn a_flag_is_answered_whole() {
    let world = World::shop().await;
    world.flag("garden").await;

    let request = with(everything(), json!({ "owner": "ann@example.com" }));
    let made = world.ask(create_flag(&request)).await.is(201);
    let bare = world.ask(get(format!("/features/tree?{SHOP}"))).await.is(200);
    let here = world.read_flag("prod", "tree").await;

    assert_eq!(made, with(answered(), json!({ "details": {} })));
    assert_eq!(bare, answered());
    let served = json!({
        "environment": "prod", "state": "off", "defaultServe": { "variation": "oak" }, "offVariation": "none",
        "rules": [], "variationMap": [], "pipelineConfigured": false, "version": 3, "modifiedAt": NOW_MS,
    });
    assert_eq!(here, with(answered(), json!({ "envProperties": served })));
}

#[tokio::test]
async fn what_is_left_out_of_a_flag_has_a_default() {
    let world = World::shop().await;

    let made = world.flag("a").await;

    let variation = |id: &str, value: &str| json!({ "identifier": id, "name": "", "value": value });
    assert_eq!(
        made,
        json!({
            "identifier": "a", "project": "shop", "name": "a", "description": "", "kind": "boolean",
            "variations": [variation("yes", "true"), variation("no", "false")],
            "defaultOnVariation": "yes", "defaultOffVariation": "no", "permanent": false, "archived": false,
            "prerequisites": [], "tags": [], "services": [], "owner": [],
            "createdAt": NOW_MS, "modifiedAt": NOW_MS, "details": {},
        })
    );
}

#[tokio::test]
async fn a_new_flag_is_off_everywhere_and_announced() {
    let world = World::shop().await;
    world.flag("garden").await;
    world.news().await;

    world.ask(create_flag(&everything())).await.is(201);

    let created = |name: &str| Step(name.to_owned(), 3, vec!["create flag tree".to_owned()]);
    assert_eq!(world.news().await, [created("dev"), created("prod")]);
    for environment in ["dev", "prod"] {
        assert_eq!(
            world.config(environment, "tree").await,
            json!({
                "project": "shop", "environment": environment, "feature": "tree", "kind": "string",
                "state": "off", "variations": everything()["variations"],
                "defaultServe": { "variation": "oak" }, "offVariation": "none",
                "rules": [], "variationToTargetMap": [],
                "prerequisites": [{ "feature": "garden", "variations": ["yes"] }], "version": 3,
            })
        );
    }
}

#[tokio::test]
async fn a_flag_of_each_kind_keeps_its_values_as_text() {
    let world = World::shop().await;
    let cases = [
        ("boolean", "boolean", ["true", "false"]),
        ("int", "int", ["3.14", "-1e3"]),
        ("number", "int", ["1", "2"]),
        ("string", "string", ["", " two\nlines "]),
        ("json", "json", ["{\"a\": [1, null]}", "{}"]),
    ];
    for (kind, answered, values) in cases {
        let variations = json!([
            { "identifier": "one", "name": "One", "value": values[0] },
            { "identifier": "two", "name": "Two", "value": values[1] },
        ]);
        let fields = json!({
            "kind": kind, "variations": variations, "defaultOnVariation": "one", "defaultOffVariation": "two",
        });

        world.ask(create_flag(&with(flag(kind), fields))).await.is(201);

        let read = world.ask(get(format!("/features/{kind}?{SHOP}"))).await.is(200);
        assert_eq!((&read["kind"], &read["variations"]), (&json!(answered), &variations));
    }
}

#[tokio::test]
async fn the_identifier_of_a_flag_is_taken_once_in_a_project() {
    let world = World::shop().await;
    world.flag("a").await;
    world.project(ORGANISATION, "other").await;

    let message = world.refused(create_flag(&flag("a")), 409).await;

    assert_eq!(message, "flag \"a\" already exists; choose another identifier");
    world.ask(create_flag(&with(flag("a"), json!({ "project": "other" })))).await.is(201);
    world.flag("A").await;
}

#[tokio::test]
async fn flags_are_listed_in_pages_with_totals() {
    let world = World::shop().await;
    for identifier in ["c", "a", "e", "b", "d"] {
        world.flag(identifier).await;
    }

    let list = async |query: &str| world.ask(get(format!("/features?{SHOP}{query}"))).await.is(200);
    let mut page = list("&environmentIdentifier=dev&pageNumber=1&pageSize=2").await;
    let features = page.as_object_mut().unwrap().remove("features").unwrap();
    assert_eq!(page, json!({ "itemCount": 5, "pageCount": 3, "pageIndex": 1, "pageSize": 2, "version": 6 }));
    assert_eq!(features, json!([world.read_flag("dev", "c").await, world.read_flag("dev", "d").await]));

    let mut rest = list("&pageNumber=3&pageSize=2").await;
    assert_eq!(rest["features"].take(), json!([]));
    assert_eq!(
        rest,
        json!({ "itemCount": 5, "pageCount": 3, "pageIndex": 3, "pageSize": 2, "features": null })
    );

    let all = list("").await;
    assert_eq!((&all["pageSize"], all["features"].as_array().unwrap().len()), (&json!(100), 5));
    assert_eq!(all["features"][0], world.ask(get(format!("/features/a?{SHOP}"))).await.is(200));
}

/// Five flags that differ in everything a list can be filtered and sorted by.
async fn garden() -> World {
    let world = World::shop().await;
    let tags =
        |ids: &[&str]| ids.iter().map(|id| json!({ "identifier": id, "name": id })).collect::<Vec<_>>();
    let numbers = json!([{ "identifier": "yes", "value": "1" }, { "identifier": "no", "value": "0" }]);
    let flags = [
        ("oak", json!({ "name": "Quercus", "permanent": true, "tags": tags(&["tree"]) })),
        ("elm", json!({ "name": "Ulmus", "tags": tags(&["tree", "rare"]) })),
        ("rose", json!({ "name": "Rosa", "kind": "int", "variations": numbers, "tags": tags(&["shrub"]) })),
        ("Holm_oak", json!({ "name": "quercus ilex", "kind": "string", "permanent": true })),
        ("weed", json!({})),
    ];
    for (identifier, fields) in flags {
        world.clock.advance(Duration::from_secs(1));
        world.ask(create_flag(&with(flag(identifier), fields))).await.is(201);
    }
    world.instruct(("dev", "elm"), "setFeatureFlagState", json!({ "state": "on" })).await.is(200);
    world.instruct(("prod", "oak"), "setFeatureFlagState", json!({ "state": "on" })).await.is(200);
    world.ask(delete(format!("/features/weed?{SHOP}"))).await.is(204);
    world
}

async fn listed(world: &World, query: &str) -> Vec<String> {
    let list = world.ask(get(format!("/features?{SHOP}&{query}"))).await.is(200);
    let flags = list["features"].as_array().unwrap();
    assert_eq!(list["itemCount"], flags.len(), "what is filtered out is not counted");
    flags.iter().map(|flag| flag["identifier"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_filtered_by_everything_that_is_asked_for() {
    let world = garden().await;
    let cases: [(&str, &[&str]); 24] = [
        ("", &["Holm_oak", "elm", "oak", "rose"]),
        ("name=QUERC", &["Holm_oak", "oak"]),
        ("identifier=OAK", &["Holm_oak", "oak"]),
        ("identifier=.", &[]),
        ("archived=true", &["weed"]),
        ("archived=false", &["Holm_oak", "elm", "oak", "rose"]),
        ("kind=boolean", &["elm", "oak"]),
        ("kind=int", &["rose"]),
        ("kind=json", &[]),
        ("featureIdentifiers=elm,rose,none", &["elm", "rose"]),
        ("featureIdentifiers=elm,%20rose", &["elm", "rose"]),
        ("featureIdentifiers=", &["Holm_oak", "elm", "oak", "rose"]),
        ("excludedFeatures=elm,rose", &["Holm_oak", "oak"]),
        ("lifetime=permanent", &["Holm_oak", "oak"]),
        ("lifetime=temporary", &["elm", "rose"]),
        ("enabled=true&environmentIdentifier=dev", &["elm"]),
        ("enabled=true&environmentIdentifier=prod", &["oak"]),
        ("enabled=false&environmentIdentifier=dev", &["Holm_oak", "oak", "rose"]),
        ("tags=tree", &["elm", "oak"]),
        ("tags=rare,shrub", &["elm", "rose"]),
        ("tags=", &["Holm_oak", "elm", "oak", "rose"]),
        ("tags=none", &[]),
        ("name=quercus&lifetime=permanent&kind=boolean", &["oak"]),
        ("summary=true", &["Holm_oak", "elm", "oak", "rose"]),
    ];
    for (query, identifiers) in cases {
        assert_eq!(listed(&world, query).await, identifiers, "{query}");
    }
}

#[tokio::test]
async fn a_list_is_sorted_by_one_field_and_then_by_identifier() {
    let world = garden().await;
    let cases: [(&str, [&str; 4]); 8] = [
        ("sortByField=identifier", ["Holm_oak", "elm", "oak", "rose"]),
        ("sortByField=identifier&sortOrder=DESCENDING", ["rose", "oak", "elm", "Holm_oak"]),
        ("sortByField=name", ["oak", "rose", "elm", "Holm_oak"]),
        ("sortByField=name&sortOrder=ASCENDING", ["oak", "rose", "elm", "Holm_oak"]),
        ("sortByField=archived", ["Holm_oak", "elm", "oak", "rose"]),
        ("sortByField=kind", ["elm", "oak", "rose", "Holm_oak"]),
        ("sortByField=kind&sortOrder=DESCENDING", ["Holm_oak", "rose", "oak", "elm"]),
        ("sortByField=modifiedAt", ["oak", "elm", "rose", "Holm_oak"]),
    ];
    for (query, identifiers) in cases {
        assert_eq!(listed(&world, query).await, identifiers, "{query}");
    }
}

#[tokio::test]
async fn filters_about_an_environment_need_one() {
    let world = World::shop().await;

    for filter in ["enabled=true", "status=active", "metrics=true", "targetIdentifier=ann"] {
        let message = world.refused(get(format!("/features?{SHOP}&{filter}")), 400).await;
        let name = filter.split('=').next().unwrap();
        assert_eq!(message, format!("{name}: needs environmentIdentifier: it looks at one environment"));
    }
}

#[tokio::test]
async fn a_list_counts_flags_whatever_the_filters() {
    let world = garden().await;

    let path = format!("/features?{SHOP}&environmentIdentifier=dev&flagCounts=true&name=none");
    let list = world.ask(get(path)).await.is(200);

    assert_eq!(list["itemCount"], 0);
    assert_eq!(
        list["featureCounts"],
        json!({
            "totalFeatures": 5, "totalArchived": 1, "totalEnabled": 1, "totalPermanent": 2,
            "totalActive": 0, "totalRecentlyAccessed": 0, "totalPotentiallyStale": 0,
        })
    );
}

#[tokio::test]
async fn a_list_says_what_a_target_is_served() {
    let world = garden().await;
    let ann = json!({ "variation": "no", "targets": ["ann"] });
    world.ask(instructions(("dev", "elm"), &[("addTargetsToVariationTargetMap", ann)])).await.is(200);

    let served = async |target: &str| {
        let path =
            format!("/features?{SHOP}&environmentIdentifier=dev&identifier=elm&targetIdentifier={target}");
        let list = world.ask(get(path)).await.is(200);
        ["evaluation", "evaluationIdentifier"]
            .map(|field| list["features"][0][field].as_str().unwrap().to_owned())
    };

    assert_eq!(served("ann").await, ["false", "no"]);
    assert_eq!(served("bob").await, ["true", "yes"]);
    assert_eq!(listed(&world, "environmentIdentifier=dev&targetIdentifierFilter=ann").await, ["elm"]);
}

#[tokio::test]
async fn a_flag_of_another_project_does_not_exist() {
    let world = World::shop().await;
    world.flag("a").await;
    world.project(ORGANISATION, "other").await;
    let other = format!("{ORGANISATION}&projectIdentifier=other");

    for ask in [get(format!("/features/a?{other}")), delete(format!("/features/a?{other}"))] {
        assert_eq!(world.refused(ask, 404).await, "flag \"a\" does not exist");
    }
    let list = world.ask(get(format!("/features?{other}"))).await.is(200);
    assert_eq!(list["features"], json!([]));
    let elsewhere = get(format!("/features/a?{other}&environmentIdentifier=dev"));
    assert_eq!(world.refused(elsewhere, 404).await, "environment \"dev\" does not exist");
    // The project of a new flag is the one in the body, whatever the query says.
    world.ask(post(format!("/features?{other}"), &flag("b"))).await.is(201);
    world.ask(get(format!("/features/b?{SHOP}"))).await.is(200);
}
