//! SDK keys: renamed, expiring, last used.

use std::time::Duration;

use client_api::Source;
use delivery::Delivery;
use model::{Domain, EventKind, KeyHash};
use serde_json::{Value, json};
use store::Role;

use super::service::{Caller, START_MS, Service};

const HOUR_MS: i64 = 3_600_000;

async fn make(caller: &Caller, body: Value) -> (Value, KeyHash) {
    let key = caller.post("/apikey", &body).await.is(201);
    let hash = api::credentials::secret_hash(key["apiKey"].as_str().unwrap());
    (key, hash)
}

#[tokio::test]
async fn name_description_and_expiry_of_a_key_change_and_nothing_else() {
    let service = Service::start().await;
    let owner = service.owner();
    let (made, _) = make(&owner, json!({"identifier": "web", "name": "Web", "type": "Client"})).await;
    let expires_ms = START_MS + HOUR_MS;

    let named =
        owner.put("/apikey/web", &json!({"name": "Website", "description": "the shop"})).await.is(200);
    let expiring = owner.put("/apikey/web", &json!({"expiredAt": expires_ms})).await.is(200);
    let for_ever = owner.put("/apikey/web", &json!({"expiredAt": null})).await.is(200);
    owner.put("/apikey/web", &json!({"expiredAt": expires_ms})).await.is(200);
    let zero = owner.put("/apikey/web", &json!({"expiredAt": 0})).await.is(200);

    assert_eq!((&named["name"], &named["description"]), (&json!("Website"), &json!("the shop")));
    assert_eq!((&expiring["expiredAt"], &expiring["name"]), (&json!(expires_ms), &json!("Website")));
    assert_eq!((for_ever.get("expiredAt"), zero.get("expiredAt")), (None, None));
    for field in ["identifier", "key", "type", "createdAt"] {
        assert_eq!(zero[field], made[field], "{field}");
    }
    assert_ne!(zero["apiKey"], made["apiKey"], "the clear key is shown once");
    owner.put("/apikey/other", &json!({"name": "x"})).await.refused(404);
}

#[tokio::test]
async fn the_same_again_writes_nothing() {
    let service = Service::start().await;
    let owner = service.owner();
    make(&owner, json!({"identifier": "web", "name": "Web", "type": "Client"})).await;
    let before = service.project("shop").await.revision;

    owner.put("/apikey/web", &json!({"name": "Web"})).await.is(200);
    owner.put("/apikey/web", &json!({})).await.is(200);

    assert_eq!(service.project("shop").await.revision, before);
}

#[tokio::test]
async fn an_expiry_that_has_passed_is_refused_unless_the_key_has_it_already() {
    let service = Service::start().await;
    let owner = service.owner();
    let seconds = START_MS / 1_000 + 3_600;
    let refused =
        owner.post("/apikey", &json!({"identifier": "a", "type": "Client", "expiredAt": seconds})).await;
    make(&owner, json!({"identifier": "web", "type": "Client", "expiredAt": START_MS + HOUR_MS})).await;
    service.clock.advance(Duration::from_secs(7_200));

    let again = owner.put("/apikey/web", &json!({"expiredAt": seconds})).await.refused(400);
    let renamed = json!({"name": "Old website", "expiredAt": START_MS + HOUR_MS});
    let renamed = owner.put("/apikey/web", &renamed).await.is(200);

    assert!(
        refused.refused(400).starts_with(&format!("expiredAt: {seconds} has passed, in Unix milliseconds"))
    );
    assert!(again.starts_with("expiredAt: "), "{again}");
    assert_eq!(renamed["name"], "Old website");
}

#[tokio::test]
async fn an_expired_key_is_refused_and_a_longer_expiry_brings_it_back() {
    let service = Service::start().await;
    let owner = service.owner();
    let expires_ms = START_MS + HOUR_MS;
    let (_, hash) =
        make(&owner, json!({"identifier": "web", "type": "Client", "expiredAt": expires_ms})).await;
    let delivery = Delivery::new(service.platform.clone());
    delivery.key(&hash).await.unwrap().unwrap();

    service.clock.advance(Duration::from_secs(3_600));

    assert_eq!(delivery.key(&hash).await.unwrap(), None);
    owner.put("/apikey/web", &json!({"expiredAt": expires_ms + HOUR_MS})).await.is(200);
    service.clock.advance(Duration::from_millis(1_500));
    assert!(delivery.key(&hash).await.unwrap().is_some());
}

#[tokio::test]
async fn streams_hear_that_a_key_has_another_expiry() {
    let service = Service::start().await;
    let owner = service.owner();
    let (_, hash) = make(&owner, json!({"identifier": "web", "type": "Client"})).await;

    owner.put("/apikey/web", &json!({"expiredAt": START_MS + HOUR_MS})).await.is(200);

    let entries = service.announced().await;
    let events = &entries.last().unwrap().events;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].event, events[0].domain), (EventKind::Patch, Domain::Key));
    assert_eq!(events[0].identifier, hash.as_str());
}

#[tokio::test]
async fn a_key_shows_when_it_was_last_used() {
    let service = Service::start().await;
    let owner = service.owner();
    let (made, hash) = make(&owner, json!({"identifier": "web", "type": "Client"})).await;

    service.platform.db.batch(vec![store::touch_key(&hash, START_MS)]).await.unwrap();

    assert_eq!(made.get("lastUsedAt"), None);
    assert_eq!(owner.get("/apikey/web").await.is(200)["lastUsedAt"], START_MS);
    assert_eq!(owner.get("/apikey").await.is(200)["apiKeys"][0]["lastUsedAt"], START_MS);
}

#[tokio::test]
async fn only_owners_change_keys() {
    let service = Service::start().await;
    make(&service.owner(), json!({"identifier": "web", "type": "Client"})).await;

    for caller in [service.with_role(Role::Viewer, None).await, service.with_role(Role::Editor, None).await] {
        caller.put("/apikey/web", &json!({"name": "x"})).await.refused(403);
        assert_eq!(caller.get("/apikey/web").await.is(200)["name"], "web");
    }
}
