//! Who changed what, and what it was before.

use std::time::Duration;

use serde_json::{Value, json};
use store::Role;

use super::service::{Caller, START_MS, Service, each};

/// The query of questions about the whole project.
const OF_PROJECT: &str = "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop";

async fn trails(caller: &Caller, query: &str) -> Value {
    let audit = caller.get(&format!("/audit{query}")).await.is(200);
    assert_eq!(audit["status"], "SUCCESS");
    audit["data"]["auditTrails"].clone()
}

async fn snapshot(caller: &Caller, id: &Value) -> Value {
    let answer = caller.get(&format!("/objects/{}", id.as_str().unwrap())).await.is(200);
    answer["data"]["objectsnapshots"][0]["value"].clone()
}

/// A flag that was made, switched on in `dev` by an editor with a comment, and renamed.
async fn service_with_history() -> (Service, Caller) {
    let service = Service::start().await;
    let editor = service.with_role(Role::Editor, None).await;
    editor.make_flag("dark", "shop", &[]).await;
    service.clock.advance(Duration::from_secs(60));
    let switch = json!({
        "comment": "launch day",
        "instructions": [{"kind": "setFeatureFlagState", "parameters": {"state": "on"}}],
    });
    editor.send("PATCH", "/features/dark", Some(&switch)).await.is(200);
    service.clock.advance(Duration::from_secs(60));
    editor.instruct("/features/dark", "updateName", json!({"name": "Dark mode"})).await.is(200);
    (service, editor)
}

#[tokio::test]
async fn the_newest_change_comes_first_with_who_what_when_and_why() {
    let (service, _) = service_with_history().await;

    let trails = trails(&service.owner().with_scope(OF_PROJECT), "?pageSize=2").await;

    assert_eq!(each(&trails, "action"), ["FeaturePatched", "FeatureActivationPatched"]);
    let switched = &trails[1];
    assert!(switched["actor"].as_str().unwrap().starts_with("editor "), "{switched}");
    assert_eq!(
        [&switched["comment"], &switched["environment"], &switched["project"], &switched["objectIdentifier"]],
        ["launch day", "dev", "shop", "dark"]
    );
    assert_eq!(
        (&switched["objectType"], &switched["status"]),
        (&json!("FeatureActivation"), &json!("SUCCESS"))
    );
    assert_eq!(switched["executedOn"], START_MS + 60_000);
    assert_eq!(
        switched["instructionSet"],
        json!([{"Kind": "setFeatureFlagState", "Parameters": {"state": "on"}}])
    );
    assert_eq!(trails[0]["environment"], "", "a name concerns the project");
    assert_eq!(
        trails[0]["instructionSet"],
        json!([{"Kind": "updateName", "Parameters": {"name": "Dark mode"}}])
    );
}

#[tokio::test]
async fn what_an_object_was_and_became_can_be_read() {
    let (service, _) = service_with_history().await;
    let viewer = service.with_role(Role::Viewer, None).await;
    let switched = trails(&viewer, "?objectType=FeatureActivation&action=FeatureActivationPatched").await;

    let before = snapshot(&viewer, &switched[0]["objectBefore"]).await;
    let after = snapshot(&viewer, &switched[0]["objectAfter"]).await;

    assert_eq!((&before["state"], &after["state"]), (&json!("off"), &json!("on")));
    let both = [&switched[0]["objectBefore"], &switched[0]["objectAfter"]].map(|id| id.as_str().unwrap());
    let answer = viewer.get(&format!("/objects/{}", both.join(","))).await.is(200);
    assert_eq!(each(&answer["data"]["objectsnapshots"], "id"), both);
}

#[tokio::test]
async fn what_came_into_being_was_nothing_before() {
    let (service, _) = service_with_history().await;
    let owner = service.owner().with_scope(OF_PROJECT);

    let made = trails(&owner, "?action=FeatureCreated").await;

    assert_eq!(made[0]["objectBefore"], "");
    assert_eq!(made[0]["instructionSet"], json!([]));
    let absent = made[0]["objectAfter"].as_str().unwrap().replace("after", "before");
    let answer = owner.get(&format!("/objects/{absent}")).await.is(200);
    assert_eq!(answer["data"]["objectsnapshots"], json!([{ "id": absent }]));
}

#[tokio::test]
async fn every_filter_admits_what_it_says() {
    let (service, _) = service_with_history().await;
    let owner = service.owner();
    owner.make_flag("light", "shop", &[]).await;
    let all = trails(&owner, "").await;
    let editor = each(&all, "actor").into_iter().find(|actor| actor.starts_with("editor")).unwrap();
    let editor = editor.replace(' ', "%20");
    let (first, second) = (START_MS + 60_000, START_MS + 120_000);
    let everywhere = owner.with_scope(OF_PROJECT);
    let cases = [
        ("?objectType=Feature".to_owned(), 3),
        ("?objectType=Feature&identifier=dark".to_owned(), 2),
        ("?objectType=Environment".to_owned(), 2),
        ("?objectType=Segment".to_owned(), 0),
        ("?action=FeatureActivationPatched".to_owned(), 1),
        (format!("?actor={editor}"), 5),
        ("?actor=admin&identifier=light".to_owned(), 3),
        (format!("?startTime={first}&endTime={first}"), 1),
        (format!("?startTime={second}&identifier=dark"), 1),
        (format!("?endTime={START_MS}&objectType=Project"), 1),
        ("?identifier=&actor=&action=&objectType=".to_owned(), 11),
    ];
    for (query, expected) in cases {
        let audit = everywhere.get(&format!("/audit{query}")).await.is(200);
        assert_eq!(audit["data"]["itemCount"], expected, "{query}: {audit}");
        assert_eq!(audit["data"]["auditTrails"].as_array().unwrap().len(), expected, "{query}");
    }
    let dev = trails(&owner, "").await;
    assert_eq!(each(&dev, "environment"), ["dev"; 4], "the environment of the query filters too");
}

#[tokio::test]
async fn pages_are_cut_in_both_directions() {
    let (service, editor) = service_with_history().await;
    let everything = editor.with_scope(OF_PROJECT);
    let newest = trails(&everything, "").await;
    let mut newest = each(&newest, "objectAfter");
    let mut found = Vec::new();
    for number in 0..3 {
        let path = format!("/audit?sortByField=executed_on&sortOrder=ASC&pageNumber={number}&pageSize=3");
        let page = everything.get(&path).await.is(200);
        assert_eq!((&page["data"]["itemCount"], &page["data"]["pageCount"]), (&json!(8), &json!(3)));
        found.extend(each(&page["data"]["auditTrails"], "objectAfter"));
    }
    newest.reverse();

    assert_eq!(found, newest);
    drop(service);
}

#[tokio::test]
async fn a_clock_that_goes_back_does_not_change_the_order() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.post("/tags", &json!({"identifier": "first"})).await.is(201);
    let slow = service.with_clock_at(START_MS - 3_600_000).owner();
    slow.post("/tags", &json!({"identifier": "second"})).await.is(201);
    owner.post("/tags", &json!({"identifier": "third"})).await.is(201);

    let of_project = owner.with_scope(OF_PROJECT);
    let trails = trails(&of_project, "?objectType=Tag").await;

    assert_eq!(each(&trails, "objectIdentifier"), ["third", "second", "first"]);
}

#[tokio::test]
async fn without_a_project_all_projects_that_the_token_covers_are_listed() {
    let service = Service::start().await;
    service.make_project("blog", &[]).await;
    let scope = "accountIdentifier=acme&orgIdentifier=default";
    let of_shop = service.with_role(Role::Viewer, Some("shop")).await;

    let all = trails(&service.owner().with_scope(scope), "").await;
    let page = trails(&service.owner().with_scope(scope), "?pageNumber=1&pageSize=2").await;
    let shop = trails(&of_shop.with_scope(scope), "").await;
    let no_project = format!("{scope}&environmentIdentifier=dev");
    let refused = service.owner().with_scope(&no_project).get("/audit").await.refused(400);

    assert_eq!(each(&all, "project"), ["blog", "shop", "shop", "shop"]);
    assert_eq!(each(&page, "action"), ["EnvironmentCreated", "ProjectCreated"]);
    assert_eq!(each(&shop, "project"), ["shop", "shop", "shop"]);
    assert!(refused.starts_with("environmentIdentifier: needs projectIdentifier"), "{refused}");
}

#[tokio::test]
async fn changes_of_targets_and_keys_are_told_with_their_environment_and_names() {
    let service = Service::start().await;
    let owner = service.owner();
    let target = json!({"identifier": "ann", "name": "Ann", "project": "shop", "environment": "dev"});
    owner.post("/targets", &target).await.is(201);
    owner.post("/apikey", &json!({"identifier": "web", "type": "Client"})).await.is(201);

    let trails = trails(&owner, "?pageSize=2").await;

    assert_eq!(each(&trails, "objectIdentifier"), ["web", "ann"]);
    assert_eq!(each(&trails, "objectType"), ["ApiKey", "Target"]);
    assert_eq!(each(&trails, "environment"), ["dev", "dev"]);
    let key = snapshot(&owner, &trails[0]["objectAfter"]).await;
    assert_eq!(
        key,
        json!({
            "identifier": "web", "name": "web", "description": "", "type": "client", "expiredAt": null,
        })
    );
}

#[tokio::test]
async fn snapshots_of_other_projects_and_accounts_do_not_exist() {
    let (service, _) = service_with_history().await;
    service.make_project("blog", &[]).await;
    let of_blog = service.with_role(Role::Owner, Some("blog")).await;
    let id = trails(&service.owner(), "?pageSize=1").await[0]["objectAfter"].as_str().unwrap().to_owned();

    let refused = of_blog.get(&format!("/objects/{id}")).await.refused(404);
    of_blog.get("/audit").await.refused(404);

    assert_eq!(refused, format!("object snapshot {id:?} does not exist"));
    let project = service.project("shop").await.id;
    for unknown in ["x", &format!("{project}.1.9.after"), &format!("{project}.99.0.after"), "a.1.0.after"] {
        service.owner().get(&format!("/objects/{unknown}")).await.refused(404);
    }
    service.owner().get("/objects/,").await.refused(400);
    service.owner().get(&format!("/objects/{}", [id.as_str(); 101].join(","))).await.refused(400);
}

#[tokio::test]
async fn impossible_questions_are_refused_with_what_is_possible() {
    let service = Service::start().await;
    let owner = service.owner();

    let object_type = owner.get("/audit?objectType=Flag").await.refused(400);
    let times = owner.get("/audit?startTime=2&endTime=1").await.refused(400);
    let sorting = owner.get("/audit?sortByField=actor").await.refused(501);
    owner.get("/audit?startTime=yesterday").await.refused(400);
    owner.get("/audit?sortOrder=UP").await.refused(400);

    assert!(object_type.contains("use one of Feature, FeatureActivation, Segment, Target"), "{object_type}");
    assert_eq!(times, "startTime: 2 is after endTime 1; both are in Unix milliseconds");
    assert_eq!(sorting, "sortByField: audit is ordered by executed_on; filter by actor or action instead");
}
