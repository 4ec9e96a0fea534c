//! Environments: renamed without a trace for SDKs, deleted for good.

use std::time::Duration;

use client_api::Source;
use delivery::Delivery;
use model::{Domain, EventKind, Version};
use serde_json::json;
use store::Role;

use super::service::{Service, each};

#[tokio::test]
async fn an_environment_is_renamed_and_nothing_that_is_served_changes() {
    let service = Service::start().await;
    let owner = service.owner();
    let before = (service.versions().await, service.environment("dev").await.version);
    let body = json!({
        "identifier": "dev", "project": "shop", "name": "Development", "description": "for us",
        "tags": [{"identifier": "eu", "name": "Europe"}],
    });

    let answer = owner.put("/environments/dev", &body).await.is(200);

    assert_eq!(answer["status"], "SUCCESS");
    let read = owner.get("/environments/dev").await.is(200);
    for (field, value) in
        [("name", json!("Development")), ("description", json!("for us")), ("tags", body["tags"].clone())]
    {
        assert_eq!((&answer["data"][field], &read["data"][field]), (&value, &value));
    }
    assert_eq!((service.versions().await, service.environment("dev").await.version), before);
    let revision = service.project("shop").await.revision;
    owner.put("/environments/dev", &body).await.is(200);
    assert_eq!(service.project("shop").await.revision, revision, "the same again writes nothing");
}

#[tokio::test]
async fn put_replaces_and_refuses_another_identifier() {
    let service = Service::start().await;
    let owner = service.owner();
    let body = json!({"identifier": "dev", "project": "shop", "name": "D", "description": "x"});
    owner.put("/environments/dev", &body).await.is(200);

    let bare = owner.put("/environments/dev", &json!({"identifier": "dev", "project": "shop"})).await.is(200);
    let renamed = owner.put("/environments/dev", &json!({"identifier": "test", "project": "shop"})).await;
    let moved = owner.put("/environments/dev", &json!({"identifier": "dev", "project": "blog"})).await;
    owner.put("/environments/moon", &json!({"identifier": "moon", "project": "shop"})).await.refused(404);

    assert_eq!((&bare["data"]["name"], &bare["data"]["description"]), (&json!("dev"), &json!("")));
    assert_eq!(renamed.refused(400), "identifier: \"test\" is not \"dev\"; an identifier never changes");
    assert_eq!(moved.refused(400), "project: \"blog\" is not \"shop\"; an identifier never changes");
}

#[tokio::test]
async fn a_deleted_environment_is_gone_and_the_others_stay() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let target = json!({"identifier": "ann", "project": "shop", "environment": "dev"});
    owner.post("/targets", &target).await.is(201);

    owner.delete("/environments/dev").await.is(204);

    let list = owner.get("/environments").await.is(200);
    assert_eq!(each(&list["data"]["environments"], "identifier"), ["live"]);
    for path in ["/environments/dev", "/features/dark", "/targets/ann", "/segments", "/apikey", "/audit"] {
        let refused = owner.get(path).await.refused(404);
        assert_eq!(refused, "environment \"dev\" does not exist", "{path}");
    }
    owner.delete("/environments/dev").await.refused(404);
    owner.at("live").switch_on("dark").await;
    assert_eq!(service.number("SELECT count(*) FROM target").await, 0, "nobody's data outlives it");
}

#[tokio::test]
async fn streams_are_told_that_the_environment_is_gone() {
    let service = Service::start().await;
    let environment = service.environment("dev").await;

    service.owner().delete("/environments/dev").await.is(204);

    let entries = service.announced().await;
    let last = entries.last().unwrap();
    assert_eq!((&last.environment, last.version), (&environment.id, environment.version.next()));
    let events: Vec<_> =
        last.events.iter().map(|event| (event.event, event.domain, &*event.identifier)).collect();
    assert_eq!(events, [(EventKind::Delete, Domain::Environment, "dev")]);
}

#[tokio::test]
async fn keys_of_a_deleted_environment_are_refused_within_two_seconds() {
    let service = Service::start().await;
    let owner = service.owner();
    let key = owner.post("/apikey", &json!({"identifier": "web", "type": "Server"})).await.is(201);
    let hash = api::credentials::secret_hash(key["apiKey"].as_str().unwrap());
    let delivery = Delivery::new(service.platform.clone());
    let record = delivery.key(&hash).await.unwrap().unwrap();
    delivery.environment(&record.environment_uuid, Version(0)).await.unwrap();

    owner.delete("/environments/dev").await.is(204);
    service.clock.advance(Duration::from_millis(1_500));

    assert_eq!(delivery.key(&hash).await.unwrap(), None);
    let gone = delivery.environment(&record.environment_uuid, Version(0)).await.map(|found| found.version);
    assert!(matches!(gone, Err(model::Error::NotFound { .. })), "{gone:?}");
}

#[tokio::test]
async fn an_identifier_comes_back_under_another_id_and_its_keys_may_be_brought_along() {
    let service = Service::start().await;
    let owner = service.owner();
    let brought = json!({"identifier": "web", "type": "Server", "apiKey": "a-key-of-an-application"});
    owner.post("/apikey", &brought).await.is(201);
    let before = service.environment("dev").await;

    owner.delete("/environments/dev").await.is(204);
    owner.post("/environments", &json!({"identifier": "dev", "project": "shop"})).await.is(201);
    owner.post("/apikey", &brought).await.is(201);

    let after = service.environment("dev").await;
    assert_ne!(after.id, before.id);
    assert_eq!(after.version, Version(2), "made, then a key");
}

#[tokio::test]
async fn audit_tells_who_deleted_an_environment_and_which_keys_died() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.post("/apikey", &json!({"identifier": "web", "type": "Server"})).await.is(201);
    owner.delete("/environments/dev").await.is(204);

    let project = owner.with_scope("accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop");
    let audit = project.get("/audit?objectType=Environment&pageSize=1").await.is(200);
    let trail = &audit["data"]["auditTrails"][0];
    let before = project.get(&format!("/objects/{}", trail["objectBefore"].as_str().unwrap())).await.is(200);

    assert_eq!((&trail["action"], &trail["actor"]), (&json!("EnvironmentDeleted"), &json!("admin")));
    assert_eq!(trail["environment"], "dev");
    assert_eq!(before["data"]["objectsnapshots"][0]["value"]["apiKeys"], json!(["web"]));
}

#[tokio::test]
async fn only_owners_change_and_delete_environments() {
    let service = Service::start().await;
    service.make_project("blog", &["dev"]).await;
    let of_blog = service.with_role(Role::Owner, Some("blog")).await;
    let body = json!({"identifier": "dev", "project": "shop", "name": "x"});
    for caller in [service.with_role(Role::Viewer, None).await, service.with_role(Role::Editor, None).await] {
        caller.put("/environments/dev", &body).await.refused(403);
        caller.delete("/environments/dev").await.refused(403);
    }

    of_blog.delete("/environments/dev").await.refused(404);

    service.owner().get("/environments/dev").await.is(200);
    of_blog.in_project("blog").delete("/environments/dev").await.is(204);
}

#[tokio::test]
async fn projects_environments_and_tags_are_deleted_as_they_were_seen_or_not_at_all() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.post("/tags", &json!({"identifier": "beta"})).await.is(201);
    for path in ["/tags/beta", "/environments/dev", "/projects/shop"] {
        let seen = owner.get(path).await.header("etag").unwrap().to_owned();
        owner.make_flag(&path.replace('/', "-"), "shop", &[]).await;
        let now = owner.get(path).await.header("etag").unwrap().to_owned();

        let refused = owner.with_header("if-match", &seen).delete(path).await.refused(409);
        owner.with_header("if-match", now).delete(path).await.is(204);

        assert!(refused.contains("read it again and repeat the change"), "{refused}");
    }
}
