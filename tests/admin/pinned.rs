//! `asOfVersion`: pages that follow fit the first, whatever happened since.

use serde_json::{Value, json};

use super::ask::{delete, get, patch, post};
use super::world::{ORGANISATION, SHOP, World};

const DEV: &str = "environmentIdentifier=dev";

fn identifiers(list: &Value, of: &str) -> Vec<String> {
    list[of].as_array().unwrap().iter().map(|item| item["identifier"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_second_page_of_flags_is_of_the_state_of_the_first() {
    let world = World::shop().await;
    for flag in ["a", "c", "e"] {
        world.flag(flag).await;
    }
    let page = async |size: usize, more: &str| {
        world.ask(get(format!("/features?{SHOP}&{DEV}&pageSize={size}{more}"))).await.is(200)
    };
    let first = page(2, "").await;
    world.flag("b").await;
    world.ask(delete(format!("/features/e?{SHOP}&forceDelete=true"))).await.is(204);
    world.instruct(("dev", "c"), "setFeatureFlagState", json!({ "state": "on" })).await.is(200);
    let renamed = json!({ "instructions": [{ "kind": "updateName", "parameters": { "name": "new" } }] });
    world.ask(patch(format!("/features/a?{SHOP}"), &renamed)).await.is(200);

    let as_of = format!("&asOfVersion={}", first["version"]);
    let second = page(2, &format!("{as_of}&pageNumber=1")).await;
    let again = page(2, &as_of).await;
    let off = page(9, &format!("{as_of}&enabled=false")).await;
    let now = page(9, "").await;

    assert_eq!(identifiers(&first, "features"), ["a", "c"]);
    assert_eq!(identifiers(&second, "features"), ["e"]);
    assert_eq!((&second["version"], &second["itemCount"]), (&first["version"], &json!(3)));
    assert_eq!(again, first, "names and what is served are those of then");
    assert_eq!(identifiers(&off, "features"), ["a", "c", "e"]);
    assert_eq!(identifiers(&now, "features"), ["a", "b", "c"]);
    assert_eq!(now["features"][0]["name"], "new");
}

#[tokio::test]
async fn the_second_page_of_segments_is_of_the_state_of_the_first() {
    let world = World::shop().await;
    let make = async |identifier: &str| {
        let body =
            json!({ "identifier": identifier, "name": identifier, "project": "shop", "environment": "dev" });
        world.ask(post(format!("/segments?{ORGANISATION}"), &body)).await.is(201);
    };
    for segment in ["a", "c"] {
        make(segment).await;
    }
    let page =
        async |more: &str| world.ask(get(format!("/segments?{SHOP}&{DEV}&pageSize=1{more}"))).await.is(200);
    let first = page("").await;
    make("b").await;

    let second = page(&format!("&pageNumber=1&asOfVersion={}", first["version"])).await;

    assert_eq!(
        (identifiers(&first, "segments"), identifiers(&second, "segments")),
        (vec!["a".to_owned()], vec!["c".to_owned()])
    );
    assert_eq!(second["version"], first["version"]);
}

#[tokio::test]
async fn a_version_that_never_was_is_refused() {
    let world = World::shop().await;

    for list in ["features", "segments"] {
        for version in ["0", "-1", "99"] {
            let ask = get(format!("/{list}?{SHOP}&{DEV}&asOfVersion={version}"));
            let message = world.refused(ask, 400).await;
            let expected = format!("asOfVersion: {version} is none that environment \"dev\" has had; ");
            assert!(message.starts_with(&expected), "{message}");
        }
        world.refused(get(format!("/{list}?{SHOP}&{DEV}&asOfVersion=new")), 400).await;
    }
    let message = world.refused(get(format!("/features?{SHOP}&asOfVersion=1")), 400).await;
    assert_eq!(message, "asOfVersion: needs environmentIdentifier: it is a version of an environment");
}
