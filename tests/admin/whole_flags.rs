//! Changing what a flag is everywhere: each instruction, several flags at once, and PUT as Terraform sends it.

use serde_json::{Value, json};

use super::service::{Caller, Service, each};
use super::world::with;

const DARK: &str = "/features/dark";

/// The flags "dark" and "light".
async fn owner(service: &Service) -> Caller {
    let owner = service.owner();
    for flag in ["dark", "light"] {
        owner.make_flag(flag, "shop", &["web"]).await;
    }
    owner
}

fn variation(identifier: &str, name: &str, value: &str) -> Value {
    json!({ "identifier": identifier, "name": name, "value": value })
}

#[tokio::test]
async fn an_instruction_changes_what_it_says_of_the_flag_and_nothing_else() {
    let both = || vec![variation("true", "", "true"), variation("false", "", "false")];
    let third = || [both(), vec![variation("other", "Other", "true")]].concat();
    let tag = |identifier: &str, name: &str| json!({ "identifier": identifier, "name": name });
    let light = json!({ "feature": "light", "variations": ["true"] });
    let ops = json!({ "identifier": "ops", "name": "Operations" });
    // In this order: later ones build on earlier ones.
    let cases = [
        ("updateName", json!({ "name": "Dark mode" }), json!({ "name": "Dark mode" })),
        ("updateDescription", json!({ "description": "At night." }), json!({ "description": "At night." })),
        ("updatePermanent", json!({ "permanent": true }), json!({ "permanent": true })),
        ("addVariation", variation("other", "Other", "true"), json!({ "variations": third() })),
        ("setDefaultOnVariation", json!({ "identifier": "other" }), json!({ "defaultOnVariation": "other" })),
        ("setDefaultOffVariation", json!({ "identifier": "true" }), json!({ "defaultOffVariation": "true" })),
        ("setDefaultOnVariation", json!({ "identifier": "true" }), json!({ "defaultOnVariation": "true" })),
        ("deleteVariation", json!({ "identifier": "other" }), json!({ "variations": both() })),
        (
            "updateVariation",
            json!({ "identifier": "true", "name": "Yes" }),
            json!({ "variations": [variation("true", "Yes", "true"), variation("false", "", "false")] }),
        ),
        ("addPrerequisite", light.clone(), json!({ "prerequisites": [light] })),
        (
            "updatePrerequisite",
            json!({ "feature": "light", "variations": ["false"] }),
            json!({ "prerequisites": [{ "feature": "light", "variations": ["false"] }] }),
        ),
        ("removePrerequisite", json!({ "feature": "light" }), json!({ "prerequisites": [] })),
        ("addTag", tag("ui", "UI"), json!({ "tags": [tag("web", "web"), tag("ui", "UI")] })),
        ("updateTag", tag("web", "Web"), json!({ "tags": [tag("web", "Web"), tag("ui", "UI")] })),
        ("removeTag", json!({ "identifier": "web" }), json!({ "tags": [tag("ui", "UI")] })),
        ("addService", ops.clone(), json!({ "services": [ops] })),
        ("removeService", json!({ "identifier": "ops" }), json!({ "services": [] })),
    ];
    let service = Service::start().await;
    let owner = owner(&service).await;
    let everywhere = owner.with_scope("accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop");
    let mut before = everywhere.get(DARK).await.is(200);
    for (kind, parameters, difference) in cases {
        everywhere.instruct(DARK, kind, parameters).await.is(200);

        let after = everywhere.get(DARK).await.is(200);
        assert_eq!(without_descriptions(&after), without_descriptions(&with(before, difference)), "{kind}");
        before = after;
    }
}

/// Variations have descriptions that nobody gave; leaves them out.
fn without_descriptions(flag: &Value) -> Value {
    let mut flag = flag.clone();
    for variation in flag["variations"].as_array_mut().unwrap() {
        let fields = variation.as_object_mut().unwrap();
        fields.retain(|name, value| name != "description" || *value != "");
        fields.entry("name").or_insert_with(|| json!(""));
    }
    flag
}

#[tokio::test]
async fn what_people_call_a_flag_is_no_news_and_its_variations_are_everywhere() {
    let service = Service::start().await;
    let owner = owner(&service).await;
    let (versions, announced) = service.versions().await;

    owner.instruct(DARK, "updateName", json!({ "name": "Dark mode" })).await.is(200);
    let named = service.versions().await;
    owner.instruct(DARK, "updateVariation", variation("true", "Yes", "true")).await.is(200);
    let varied = service.versions().await;

    assert_eq!(named, (versions, announced));
    assert_eq!(varied, (versions + 2, announced + 2), "in both environments");
}

#[tokio::test]
async fn several_flags_change_at_once_or_not_at_all() {
    let service = Service::start().await;
    let owner = owner(&service).await;
    let on = json!({ "kind": "setFeatureFlagState", "parameters": { "state": "on" } });
    let flags = |second: &str| {
        let each = ["dark", second].map(|flag| json!({ "identifier": flag, "instructions": [on] }));
        json!({ "comment": "release", "flags": each })
    };
    let (versions, announced) = service.versions().await;

    let refused = owner.send("PATCH", "/features", Some(&flags("moon"))).await.refused(404);
    assert_eq!(service.versions().await, (versions, announced));
    let answer = owner.send("PATCH", "/features", Some(&flags("light"))).await.is(200);

    assert_eq!(refused, "flag \"moon\" does not exist");
    assert_eq!(service.versions().await, (versions + 1, announced + 1), "one step of one environment");
    assert_eq!(each(&answer, "identifier"), ["dark", "light"]);
    let states = answer.as_array().unwrap().iter().map(|flag| flag["envProperties"]["state"].clone());
    assert_eq!(states.collect::<Vec<_>>(), ["on", "on"]);
    let trail = owner.get("/audit?objectType=FeatureActivation").await.is(200);
    assert_eq!(each(&trail["data"]["auditTrails"], "comment")[..2], ["release", "release"]);
}

/// What the Terraform provider sends after it made a flag.
fn of_terraform() -> Value {
    let environment = |identifier: &str, state: &str, targets: &[&str]| {
        json!({
            "identifier": identifier, "state": state, "defaultOnVariation": "other",
            "defaultOffVariation": "false", "rules": [{ "variation": "true", "targets": targets }],
        })
    };
    json!({
        "name": "Dark mode", "description": "", "permanent": true,
        "defaultOnVariation": "other", "defaultOffVariation": "false",
        "variations": [
            variation("true", "Yes", "true"), variation("false", "No", "false"), variation("other", "Other", "true"),
        ],
        "tags": [{ "identifier": "ui", "name": "UI" }],
        "environments": [environment("dev", "on", &["ann", "bob"]), environment("live", "off", &[])],
    })
}

#[tokio::test]
async fn terraform_replaces_a_flag_and_finds_what_it_sent() {
    let service = Service::start().await;
    let owner = owner(&service).await;
    let group = json!({ "identifier": "beta", "name": "Beta", "project": "shop", "environment": "dev" });
    owner.post("/segments", &group).await.is(201);
    let rule = json!({
        "uuid": "rule", "serve": { "variation": "true" },
        "clauses": [{ "op": "segmentMatch", "attribute": "", "values": ["beta"] }],
    });
    owner.instruct(DARK, "addRule", rule).await.is(200);

    owner.put(DARK, &of_terraform()).await.is(200);
    let (dev, live) = (owner.get(DARK).await.is(200), owner.at("live").get(DARK).await.is(200));
    let before = service.versions().await;
    owner.put(DARK, &of_terraform()).await.is(200);

    assert_eq!((&dev["name"], &dev["permanent"]), (&json!("Dark mode"), &json!(true)));
    assert_eq!(each(&dev["variations"], "name"), ["Yes", "No", "Other"]);
    assert_eq!(each(&dev["tags"], "identifier"), ["ui"]);
    let here = &dev["envProperties"];
    assert_eq!((&here["state"], &here["defaultServe"]), (&json!("on"), &json!({ "variation": "other" })));
    assert_eq!(here["offVariation"], "false");
    assert_eq!(each(&here["variationMap"][0]["targets"], "identifier"), ["ann", "bob"]);
    assert_eq!(each(&here["rules"], "ruleId"), ["rule"], "rules for groups stay");
    assert_eq!(live["envProperties"]["state"], "off");
    assert_eq!(live["envProperties"]["variationMap"], json!([]));
    assert_eq!(service.versions().await, before, "the same again changes nothing");
}

#[tokio::test]
async fn a_put_that_does_not_fit_is_refused_as_a_whole() {
    let service = Service::start().await;
    let owner = owner(&service).await;
    let before = service.versions().await;
    let put = |fields: Value| with(of_terraform(), fields);
    let one = [variation("true", "Yes", "true")];
    let of_moon = json!([{ "identifier": "moon", "state": "on" }]);

    for (body, status, message) in [
        (put(json!({ "variations": one })), 400, "defaultOnVariation: \"other\" is none of the variations"),
        (
            put(json!({ "defaultOnVariation": "moon" })),
            400,
            "defaultOnVariation: \"moon\" is none of the variations",
        ),
        (put(json!({ "environments": of_moon })), 404, "environment \"moon\" does not exist"),
        (
            put(json!({ "environments": [{ "identifier": "dev", "defaultOnVariation": "moon" }] })),
            409,
            "variation \"moon\" is used as a served variation in environment \"dev\"",
        ),
        (
            put(json!({ "environments": [{ "identifier": "dev", "state": "maybe" }] })),
            400,
            "environments[0].state: ",
        ),
    ] {
        let found = owner.put(DARK, &body).await.refused(status);
        assert!(found.starts_with(message), "expected {message}\nfound    {found}");
    }
    owner.put("/features/moon", &of_terraform()).await.refused(404);
    assert_eq!(service.versions().await, before);
}

#[tokio::test]
async fn an_archived_flag_comes_back_as_it_was() {
    let service = Service::start().await;
    let owner = owner(&service).await;
    owner.switch_on("dark").await;
    let before = owner.get(DARK).await.is(200);
    owner.delete(DARK).await.is(204);

    let restored = owner.post("/features/dark/restore", &json!({})).await.is(201);
    let after = owner.get(DARK).await.is(200);
    let again = owner.post("/features/dark/restore", &json!({})).await;

    assert_eq!(restored["archived"], false);
    assert_eq!(after["envProperties"]["state"], "on");
    assert_eq!(after["variations"], before["variations"]);
    assert_eq!(again.status / 100, 2, "an SDK of Terraform may send it twice: {}", again.body);
    owner.post("/features/moon/restore", &json!({})).await.refused(404);
}
