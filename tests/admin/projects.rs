//! Projects: changed, deleted with everything in them, and seen as a whole.

use std::time::Duration;

use client_api::Source;
use delivery::Delivery;
use model::{Domain, EventKind};
use serde_json::json;
use store::Role;

use super::service::{Service, each};

#[tokio::test]
async fn a_project_is_renamed_and_its_identifier_stays() {
    let service = Service::start().await;
    let owner = service.owner();
    let before = service.versions().await;
    let body = json!({
        "identifier": "shop", "name": "The shop", "description": "all of it",
        "tags": [{"identifier": "core", "name": "Core"}],
    });

    let answer = owner.put("/projects/shop", &body).await.is(200);

    assert_eq!(answer["data"], body);
    assert_eq!(owner.get("/projects/shop").await.is(200)["data"], body);
    assert_eq!(service.versions().await, before, "no environment is concerned");
    let revision = service.project("shop").await.revision;
    owner.put("/projects/shop", &body).await.is(200);
    assert_eq!(service.project("shop").await.revision, revision, "the same again writes nothing");
    let refused = owner.put("/projects/shop", &json!({"identifier": "store"})).await.refused(400);
    assert_eq!(refused, "identifier: \"store\" is not \"shop\"; an identifier never changes");
    owner.put("/projects/moon", &json!({"identifier": "moon"})).await.refused(404);
}

#[tokio::test]
async fn nothing_of_a_deleted_project_can_be_reached() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &["beta"]).await;
    let key = owner.post("/apikey", &json!({"identifier": "web", "type": "Server"})).await.is(201);
    let hash = api::credentials::secret_hash(key["apiKey"].as_str().unwrap());
    let delivery = Delivery::new(service.platform.clone());
    delivery.key(&hash).await.unwrap().unwrap();
    let snapshot =
        owner.get("/audit?pageSize=1").await.is(200)["data"]["auditTrails"][0]["objectAfter"].clone();
    let of_project = service.with_role(Role::Owner, Some("shop")).await;

    of_project.delete("/projects/shop").await.is(204);

    service.clock.advance(Duration::from_millis(1_500));
    assert_eq!(delivery.key(&hash).await.unwrap(), None, "its keys are dead");
    for path in [
        "/projects/shop",
        "/projects/shop/flags",
        "/environments",
        "/environments/dev",
        "/features",
        "/features/dark",
        "/segments",
        "/targets",
        "/tags",
        "/apikey",
        "/audit",
    ] {
        for caller in [&owner, &of_project] {
            let refused = caller.get(path).await.refused(404);
            assert_eq!(refused, "project \"shop\" does not exist", "{path}");
        }
    }
    owner.get(&format!("/objects/{}", snapshot.as_str().unwrap())).await.refused(404);
    assert_eq!(owner.get("/projects").await.is(200)["data"]["itemCount"], 0);
    assert_eq!(owner.get("/overview").await.is(200), json!({"total": 0, "enabled": 0}));
    owner.delete("/projects/shop").await.refused(404);
}

#[tokio::test]
async fn every_environment_of_a_deleted_project_ends_its_streams() {
    let service = Service::start().await;
    let environments = [service.environment("dev").await, service.environment("live").await];
    let before = service.announced().await.len();

    service.owner().delete("/projects/shop").await.is(204);

    let entries = service.announced().await.split_off(before);
    let ended = |id| {
        let mut events =
            entries.iter().filter(|entry| entry.environment == id).flat_map(|entry| &entry.events);
        events.any(|event| (event.event, event.domain) == (EventKind::Delete, Domain::Environment))
    };
    assert!(environments.into_iter().all(|environment| ended(environment.id)), "{entries:?}");
    assert_eq!(service.number("SELECT count(*) FROM change WHERE NOT sent").await, 0);
}

#[tokio::test]
async fn the_chain_of_a_deleted_project_verifies_to_its_end() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &["beta"]).await;
    owner.post("/tags", &json!({"identifier": "web"})).await.is(201);
    owner
        .post("/targets", &json!({"identifier": "ann", "project": "shop", "environment": "dev"}))
        .await
        .is(201);
    owner.post("/apikey", &json!({"identifier": "web", "type": "Server"})).await.is(201);
    owner.put("/apikey/web", &json!({"name": "Website"})).await.is(200);
    owner
        .put("/environments/dev", &json!({"identifier": "dev", "project": "shop", "name": "D"}))
        .await
        .is(200);
    owner.delete("/tags/beta?forceDelete=true").await.is(204);
    owner.delete("/tags/web").await.is(204);
    owner.delete("/targets/ann").await.is(204);
    owner.delete("/environments/live").await.is(204);
    owner.put("/projects/shop", &json!({"identifier": "shop", "name": "The shop"})).await.is(200);

    owner.delete("/projects/shop").await.is(204);

    let db = &*service.platform.db;
    let known = store::known_projects(db).await.unwrap();
    let report = store::verify_project(db, &known[0].row, &[]).await.unwrap();
    assert!(known[0].deleted && report.is_sound(), "{report:?}");
    let last =
        "SELECT count(*) FROM change c JOIN project p ON p.id = c.project_id AND p.revision = c.revision
        WHERE p.deleted AND c.action = 'ProjectDeleted' AND c.hash = p.head";
    assert_eq!(service.number(last).await, 1);
}

#[tokio::test]
async fn the_identifier_of_a_deleted_project_is_free() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let before = service.project("shop").await.id;
    owner.delete("/projects/shop").await.is(204);

    service.make_project("shop", &["dev"]).await;

    assert_ne!(service.project("shop").await.id, before);
    assert_eq!(owner.get("/features").await.is(200)["itemCount"], 0);
}

#[tokio::test]
async fn only_owners_change_and_delete_projects() {
    let service = Service::start().await;
    service.make_project("blog", &[]).await;
    let of_blog = service.with_role(Role::Owner, Some("blog")).await;
    for caller in [service.with_role(Role::Viewer, None).await, service.with_role(Role::Editor, None).await] {
        caller.put("/projects/shop", &json!({"identifier": "shop", "name": "x"})).await.refused(403);
        caller.delete("/projects/shop").await.refused(403);
    }

    of_blog.delete("/projects/shop").await.refused(404);

    service.owner().get("/projects/shop").await.is(200);
}

#[tokio::test]
async fn the_matrix_shows_where_each_flag_is_on() {
    let service = Service::start().await;
    let owner = service.owner();
    for flag in ["a", "b", "c", "gone"] {
        owner.make_flag(flag, "shop", &[]).await;
    }
    owner.switch_on("a").await;
    owner.at("live").switch_on("b").await;
    owner.delete("/features/gone").await.is(204);

    let matrix = owner.get("/projects/shop/flags").await.is(200);
    let second = owner.get("/projects/shop/flags?pageNumber=1&pageSize=2").await.is(200);
    let named = owner.get("/projects/shop/flags?name=B").await.is(200);

    assert_eq!(matrix["environments"], json!({"dev": {"name": "dev"}, "live": {"name": "live"}}));
    let on = |dev: bool, live: bool| json!({"dev": {"enabled": dev}, "live": {"enabled": live}});
    let rows: Vec<_> =
        matrix["flags"].as_array().unwrap().iter().map(|row| row["environments"].clone()).collect();
    assert_eq!(each(&matrix["flags"], "identifier"), ["a", "b", "c"]);
    assert_eq!(rows, [on(true, false), on(false, true), on(false, false)]);
    assert_eq!(
        (each(&second["flags"], "identifier"), &second["itemCount"]),
        (vec!["c".to_owned()], &json!(3))
    );
    assert_eq!(each(&named["flags"], "identifier"), ["b"]);
    service.make_project("empty", &[]).await;
    let empty = owner.get("/projects/empty/flags").await.is(200);
    assert_eq!((&empty["environments"], &empty["flags"]), (&json!({}), &json!([])));
    owner.get("/projects/moon/flags").await.refused(404);
}

#[tokio::test]
async fn the_overview_counts_the_flags_that_the_token_reaches() {
    let service = Service::start().await;
    service.make_project("blog", &["dev"]).await;
    let owner = service.owner();
    // A value that looks like a state, and a name that looks like an archived flag.
    let tricky = json!({
        "identifier": "json", "name": "\"archived\":true", "project": "shop", "kind": "json", "permanent": false,
        "variations": [{"identifier": "a", "value": "{\"state\":\"on\"}"}, {"identifier": "b", "value": "{}"}],
        "defaultOnVariation": "a", "defaultOffVariation": "b",
    });
    owner.post("/features", &tricky).await.is(201);
    for (flag, project) in [("a", "shop"), ("b", "shop"), ("c", "blog"), ("gone", "shop")] {
        owner.make_flag(flag, project, &[]).await;
    }
    owner.switch_on("a").await;
    owner.at("live").switch_on("a").await;
    owner.switch_on("gone").await;
    owner.delete("/features/gone").await.is(204);
    owner.in_project("blog").switch_on("c").await;
    let of_shop = service.with_role(Role::Viewer, Some("shop")).await;

    assert_eq!(owner.get("/overview").await.is(200), json!({"total": 4, "enabled": 2}));
    assert_eq!(of_shop.get("/overview").await.is(200), json!({"total": 3, "enabled": 1}));
    let stranger = service.with_role(Role::Owner, None).await.with_scope("accountIdentifier=other");
    stranger.get("/overview").await.refused(403);
    owner.with_scope("").get("/overview").await.refused(400);
}
