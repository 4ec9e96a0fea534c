//! New SDK keys: made or brought along, shown once, revoked.

use serde_json::{Value, json};

use super::ask::{delete, get, post};
use super::world::{NOW_MS, ORGANISATION, SHOP, Step, World, in_environment};

/// `printf 0123456789abcdef | sha256sum`.
const HASH: &str = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";

#[tokio::test]
async fn a_made_key_is_shown_once() {
    let world = World::shop().await;
    let request =
        json!({ "identifier": "backend", "name": "Backend", "description": "All of it.", "type": "Server" });

    let made = world.ask(post(in_environment("/apikey", "dev"), &request)).await.is(201);

    let clear = made["apiKey"].as_str().unwrap();
    let whole = |shown: &str| {
        json!({
            "identifier": "backend", "name": "Backend", "description": "All of it.", "type": "server",
            "apiKey": shown, "key": api::credentials::secret_hash(clear).as_str(), "createdAt": NOW_MS,
        })
    };
    assert_eq!(made, whole(clear));
    assert!(clear.starts_with("srv_") && clear.len() == 4 + 43, "256 bits in base64: {clear}");
    let redacted = whole(&format!("{}********", clear.get(..8).unwrap()));
    let read = world.ask(get(in_environment("/apikey/backend", "dev"))).await.is(200);
    let list = world.ask(get(in_environment("/apikey", "dev"))).await.is(200);
    let environment = world.ask(get(format!("/environments/dev?{SHOP}"))).await.data(200);
    assert_eq!(read, redacted);
    assert_eq!(list["apiKeys"], json!([redacted]));
    assert_eq!(environment["apiKeys"]["apiKeys"], json!([redacted]));
}

#[tokio::test]
async fn keys_tell_their_type_and_differ() {
    let world = World::shop().await;
    let mut clear = Vec::new();
    for (identifier, kind, answered) in
        [("a", "Client", "client"), ("b", "client", "client"), ("c", "server", "server")]
    {
        let made = make(&world, "dev", json!({ "identifier": identifier, "type": kind })).await;
        assert_eq!(made["type"], answered);
        clear.push(made["apiKey"].as_str().unwrap().to_owned());
    }

    let prefixes: Vec<_> = clear.iter().map(|key| key.get(..4).unwrap()).collect();
    assert_eq!(prefixes, ["cli_", "cli_", "srv_"]);
    assert_ne!(clear[0], clear[1]);
}

#[tokio::test]
async fn a_key_can_be_brought_along_in_clear() {
    let world = World::shop().await;

    let made =
        make(&world, "dev", json!({ "identifier": "old", "type": "Server", "apiKey": "0123456789abcdef" }))
            .await;

    assert_eq!((&made["apiKey"], &made["key"]), (&json!("0123456789abcdef"), &json!(HASH)));
    let read = world.ask(get(in_environment("/apikey/old", "dev"))).await.is(200);
    assert_eq!(read["apiKey"], "01234567********");
}

#[tokio::test]
async fn a_key_can_be_brought_along_by_its_hash() {
    let world = World::shop().await;
    let request =
        json!({ "identifier": "old", "type": "Client", "key": HASH.to_uppercase(), "expiredAt": NOW_MS + 1 });

    let made = make(&world, "dev", request).await;

    let whole = json!({
        "identifier": "old", "name": "old", "type": "client", "apiKey": "********", "key": HASH,
        "createdAt": NOW_MS, "expiredAt": NOW_MS + 1,
    });
    assert_eq!(made, whole);
    assert_eq!(world.ask(get(in_environment("/apikey/old", "dev"))).await.is(200), whole);
}

#[tokio::test]
async fn a_key_belongs_to_one_environment_of_the_installation() {
    let world = World::shop().await;
    make(&world, "dev", json!({ "identifier": "old", "type": "Server", "apiKey": "0123456789abcdef" })).await;
    let elsewhere = "accountIdentifier=other&orgIdentifier=other";
    world.project(elsewhere, "other").await;
    let body = json!({ "identifier": "dev", "project": "other" });
    world.ask(post(format!("/environments?{elsewhere}"), &body)).await.data(201);

    let other_project = format!("/apikey?{elsewhere}&projectIdentifier=other&environmentIdentifier=dev");
    let paths = [in_environment("/apikey", "dev"), in_environment("/apikey", "prod"), other_project];
    for path in paths {
        for field in [json!({ "apiKey": "0123456789abcdef" }), json!({ "key": HASH })] {
            let body = super::world::with(json!({ "identifier": "new", "type": "Client" }), field);
            let message = world.refused(post(path.clone(), &body), 409).await;
            assert_eq!(
                message,
                "this SDK key is in use already; a key belongs to one environment of the installation"
            );
        }
    }
}

#[tokio::test]
async fn the_identifier_of_a_key_is_taken_once_in_an_environment() {
    let world = World::shop().await;
    make(&world, "dev", json!({ "identifier": "web", "type": "Client" })).await;

    let again = post(in_environment("/apikey", "dev"), &json!({ "identifier": "web", "type": "Server" }));
    let message = world.refused(again, 409).await;

    assert_eq!(message, "SDK key \"web\" already exists; choose another identifier");
    make(&world, "prod", json!({ "identifier": "web", "type": "Client" })).await;
}

#[tokio::test]
async fn making_and_revoking_a_key_are_steps_of_its_environment() {
    let world = World::shop().await;
    let key = json!({ "identifier": "old", "type": "Server", "apiKey": "0123456789abcdef" });

    make(&world, "dev", key.clone()).await;
    world.ask(delete(in_environment("/apikey/old", "dev"))).await.is(204);

    let step = |version, event: &str| Step("dev".to_owned(), version, vec![format!("{event} key {HASH}")]);
    assert_eq!(world.news().await, [step(2, "create"), step(3, "delete")]);
    assert_eq!([world.version("dev").await, world.version("prod").await], [3, 1]);
    let gone = "SDK key \"old\" does not exist";
    assert_eq!(world.refused(get(in_environment("/apikey/old", "dev")), 404).await, gone);
    assert_eq!(world.refused(delete(in_environment("/apikey/old", "dev")), 404).await, gone);
    // A key that was revoked by mistake can come back.
    make(&world, "dev", key).await;
    assert_eq!(world.news().await, [step(4, "create")]);
}

#[tokio::test]
async fn the_audit_of_keys_does_not_hold_them() {
    let world = World::shop().await;

    let made = make(&world, "dev", json!({ "identifier": "web", "type": "Client" })).await;
    world.ask(delete(in_environment("/apikey/web", "dev"))).await.is(204);

    let bodies = world.texts("SELECT before_body, after_body FROM change").await;
    let clear = made["apiKey"].as_str().unwrap();
    assert!(bodies.iter().any(|body| body.contains("\"identifier\":\"web\"")));
    assert!(bodies.iter().all(|body| !body.contains(clear)));
}

#[tokio::test]
async fn keys_are_listed_by_identifier_with_totals() {
    let world = World::shop().await;
    for identifier in ["c", "a", "b"] {
        make(&world, "dev", json!({ "identifier": identifier, "type": "Server" })).await;
    }
    make(&world, "prod", json!({ "identifier": "d", "type": "Server" })).await;

    let path = format!("{}&pageNumber=1&pageSize=2", in_environment("/apikey", "dev"));
    let mut list = world.ask(get(path)).await.is(200);

    let keys = list.as_object_mut().unwrap().remove("apiKeys").unwrap();
    assert_eq!(list, json!({ "itemCount": 3, "pageCount": 2, "pageIndex": 1, "pageSize": 2 }));
    assert_eq!((keys.as_array().unwrap().len(), &keys[0]["identifier"]), (1, &json!("c")));
}

#[tokio::test]
async fn a_key_of_another_environment_does_not_exist() {
    let world = World::shop().await;
    make(&world, "dev", json!({ "identifier": "web", "type": "Client" })).await;

    for ask in [get(in_environment("/apikey/web", "prod")), delete(in_environment("/apikey/web", "prod"))] {
        assert_eq!(world.refused(ask, 404).await, "SDK key \"web\" does not exist");
    }
    let missing = delete(format!("/apikey/web?{ORGANISATION}&projectIdentifier=shop"));
    let message = "environmentIdentifier: is missing from the query; add environmentIdentifier=…";
    assert_eq!(world.refused(missing, 400).await, message);
}

async fn make(world: &World, environment: &str, request: Value) -> Value {
    world.ask(post(in_environment("/apikey", environment), &request)).await.is(201)
}
