//! New projects, and the organisations and accounts that come with them.

use model::{AccountId, OrganisationId};
use serde_json::{Value, json};

use super::ask::{get, post};
use super::world::{ORGANISATION, SHOP, World};

#[tokio::test]
async fn a_project_is_answered_whole() {
    let world = World::new().await;
    let project = json!({
        "identifier": "shop", "name": "The shop", "description": "Sells things.",
        "tags": [{ "identifier": "retail", "name": "Retail" }],
    });

    let made = world.ask(post(format!("/projects?{ORGANISATION}"), &project)).await.data(201);
    let read = world.ask(get(format!("/projects/shop?{ORGANISATION}"))).await.data(200);

    assert_eq!(made, project);
    assert_eq!(read, project);
}

#[tokio::test]
async fn what_is_left_out_of_a_project_has_a_default() {
    let world = World::new().await;

    let made = world.project(ORGANISATION, "shop").await;

    assert_eq!(made, json!({ "identifier": "shop", "name": "shop", "description": "", "tags": [] }));
}

#[tokio::test]
async fn an_organisation_of_any_account_comes_with_its_first_project() {
    let world = World::new().await;
    let (account, organisation) =
        (AccountId::from_wire("px7xd_BFRCi-pfWPYXVjvw"), OrganisationId::from_wire("new"));
    let known = async || store::organisation(&*world.platform.db, &account, &organisation).await.unwrap();
    assert_eq!(known().await, None);

    let context = "accountIdentifier=px7xd_BFRCi-pfWPYXVjvw&orgIdentifier=new";
    world.project(context, "first").await;
    world.project(context, "second").await;

    assert_eq!(known().await.unwrap().identifier, organisation);
    let all = store::organisations_of(&*world.platform.db, &account).await.unwrap();
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn accounts_and_organisations_are_name_spaces_of_their_own() {
    let world = World::new().await;
    let places = [("acme", "default"), ("acme", "labs"), ("other", "default")];
    for (account, organisation) in places {
        let context = format!("accountIdentifier={account}&orgIdentifier={organisation}");
        let body = json!({ "identifier": "shop", "name": context });
        world.ask(post(format!("/projects?{context}"), &body)).await.data(201);
    }

    for (account, organisation) in places {
        let context = format!("accountIdentifier={account}&orgIdentifier={organisation}");
        let read = world.ask(get(format!("/projects/shop?{context}"))).await.data(200);
        let list = world.ask(get(format!("/projects?{context}"))).await.data(200);
        assert_eq!(read["name"], context);
        assert_eq!(list["projects"], json!([read]));
    }
}

#[tokio::test]
async fn projects_are_listed_by_identifier_with_totals() {
    let world = World::new().await;
    for identifier in ["c", "a", "e", "b", "d"] {
        world.project(ORGANISATION, identifier).await;
    }

    for (page, identifiers) in [(0, vec!["a", "b"]), (2, vec!["e"]), (3, vec![])] {
        let path = format!("/projects?{ORGANISATION}&pageNumber={page}&pageSize=2");
        let mut list = world.ask(get(path)).await.data(200);
        let projects = list.as_object_mut().unwrap().remove("projects").unwrap();

        assert_eq!(list, json!({ "itemCount": 5, "pageCount": 3, "pageIndex": page, "pageSize": 2 }));
        assert_eq!(identifiers_of(&projects), identifiers);
    }
}

#[tokio::test]
async fn an_organisation_that_nobody_made_has_no_projects() {
    let world = World::new().await;

    let list = world.ask(get("/projects?accountIdentifier=acme&orgIdentifier=none")).await.data(200);

    assert_eq!(
        list,
        json!({ "itemCount": 0, "pageCount": 0, "pageIndex": 0, "pageSize": 100, "projects": [] })
    );
}

#[tokio::test]
async fn the_identifier_of_a_project_is_taken_once_in_an_organisation() {
    let world = World::shop().await;

    let again = post(format!("/projects?{ORGANISATION}"), &json!({ "identifier": "shop" }));
    let message = world.refused(again, 409).await;

    assert_eq!(message, "project \"shop\" already exists; choose another identifier");
    // Identifiers differ by case.
    world.project(ORGANISATION, "Shop").await;
}

#[tokio::test]
async fn making_a_project_is_recorded_and_told_to_nobody() {
    let world = World::new().await;

    world.project(ORGANISATION, "shop").await;

    assert_eq!(world.changes().await, [["admin", "ProjectCreated", ""].map(str::to_owned)]);
    assert_eq!(world.news().await, []);
}

#[tokio::test]
async fn a_project_of_another_place_does_not_exist() {
    let world = World::shop().await;
    let elsewhere =
        ["accountIdentifier=other&orgIdentifier=default", "accountIdentifier=acme&orgIdentifier=labs"];

    for context in elsewhere {
        let asks = [
            get(format!("/projects/shop?{context}")),
            get(format!("/environments?{context}&projectIdentifier=shop")),
            get(format!("/features?{context}&projectIdentifier=shop")),
            get(format!("/apikey?{context}&projectIdentifier=shop&environmentIdentifier=dev")),
            post(format!("/environments?{context}"), &json!({ "identifier": "x", "project": "shop" })),
        ];
        for ask in asks {
            assert_eq!(world.refused(ask, 404).await, "project \"shop\" does not exist");
        }
    }
    world.ask(get(format!("/features?{SHOP}"))).await.is(200);
}

fn identifiers_of(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["identifier"].as_str().unwrap()).collect()
}
