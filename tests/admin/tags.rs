//! Tags of flags, and tags made for flags to come.

use serde_json::json;
use store::Role;

use super::service::{Caller, Service, each};

async fn tags(caller: &Caller, query: &str) -> Vec<String> {
    each(&caller.get(&format!("/tags{query}")).await.is(200)["tags"], "identifier")
}

async fn tags_of_flag(caller: &Caller, flag: &str) -> Vec<String> {
    each(&caller.get(&format!("/features/{flag}")).await.is(200)["tags"], "identifier")
}

#[tokio::test]
async fn tags_of_flags_and_tags_made_by_hand_are_one_list() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("a", "shop", &["web", "beta"]).await;
    owner.make_flag("b", "shop", &["beta", "mobile"]).await;

    let made = owner.post("/tags", &json!({"identifier": "Billing", "name": "About money"})).await.is(201);

    assert_eq!(made, json!({"identifier": "Billing", "name": "About money", "details": {}}));
    assert_eq!(tags(&owner, "").await, ["Billing", "beta", "mobile", "web"]);
    assert_eq!(
        tags(&owner, "?sortByField=name&sortOrder=DESCENDING").await,
        ["web", "mobile", "beta", "Billing"]
    );
    assert_eq!(tags(&owner, "?tagIdentifierFilter=B").await, ["Billing", "beta", "mobile", "web"]);
    assert_eq!(tags(&owner, "?tagIdentifierFilter=bil").await, ["Billing", "mobile"]);
    let page = owner.get("/tags?pageNumber=1&pageSize=3").await.is(200);
    assert_eq!((each(&page["tags"], "identifier"), &page["itemCount"]), (vec!["web".to_owned()], &json!(4)));
    let read = owner.get("/tags/Billing").await.is(200);
    assert_eq!(read, json!({"identifier": "Billing", "name": "About money"}));
    assert_eq!(owner.get("/tags/web").await.is(200)["identifier"], "web");
    owner.get("/tags/nobody").await.refused(404);
}

#[tokio::test]
async fn a_tag_that_exists_is_409_whoever_made_it() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("a", "shop", &["web"]).await;
    owner.post("/tags", &json!({"identifier": "beta"})).await.is(201);

    for identifier in ["web", "beta"] {
        let refused = owner.post("/tags", &json!({"identifier": identifier})).await.refused(409);
        assert_eq!(refused, format!("tag {identifier:?} already exists; choose another identifier"));
    }
    owner.post("/tags", &json!({"identifier": "a b"})).await.refused(400);
    owner.post("/tags", &json!({"name": "x"})).await.refused(400);
}

#[tokio::test]
async fn a_tag_that_flags_have_is_deleted_only_by_force_and_then_from_all_of_them() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("a", "shop", &["web", "beta"]).await;
    owner.make_flag("b", "shop", &["beta"]).await;
    owner.make_flag("old", "shop", &["beta"]).await;
    owner.delete("/features/old").await.is(204);
    let before = service.versions().await;

    let refused = owner.delete("/tags/beta").await.refused(409);
    assert_eq!(tags_of_flag(&owner, "b").await, ["beta"]);
    owner.delete("/tags/beta?forceDelete=true").await.is(204);

    assert_eq!(
        refused,
        "tag \"beta\" is used by flag a, b, old; remove it there first, or send forceDelete=true to have that done"
    );
    assert_eq!(tags(&owner, "").await, ["web"]);
    assert_eq!(tags_of_flag(&owner, "a").await, ["web"]);
    assert_eq!(tags_of_flag(&owner, "old").await, [""; 0]);
    assert_eq!(service.versions().await, before, "tags are no part of what is served");
    owner.delete("/tags/beta?forceDelete=true").await.refused(404);
}

#[tokio::test]
async fn a_tag_made_by_hand_goes_and_may_come_again() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.post("/tags", &json!({"identifier": "beta"})).await.is(201);

    owner.delete("/tags/beta").await.is(204);

    owner.delete("/tags/beta").await.refused(404);
    owner.post("/tags", &json!({"identifier": "beta"})).await.is(201);
    assert_eq!(tags(&owner, "").await, ["beta"]);
}

#[tokio::test]
async fn a_forced_deletion_keeps_who_depends_on_whom() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("first", "shop", &[]).await;
    owner.make_flag("second", "shop", &["beta"]).await;
    let needs = json!({"feature": "first", "variations": ["true"]});
    owner.instruct("/features/second", "addPrerequisite", needs).await.is(200);

    owner.delete("/tags/beta?forceDelete=true").await.is(204);

    owner.delete("/features/first?forceDelete=true").await.refused(424);
}

#[tokio::test]
async fn viewers_read_tags_and_editors_write_them() {
    let service = Service::start().await;
    let viewer = service.with_role(Role::Viewer, None).await;
    let editor = service.with_role(Role::Editor, Some("shop")).await;
    editor.post("/tags", &json!({"identifier": "beta"})).await.is(201);

    viewer.post("/tags", &json!({"identifier": "x"})).await.refused(403);
    viewer.delete("/tags/beta").await.refused(403);
    assert_eq!(tags(&viewer, "").await, ["beta"]);
    editor.delete("/tags/beta").await.is(204);
}

#[tokio::test]
async fn tags_belong_to_their_project() {
    let service = Service::start().await;
    service.make_project("blog", &["dev"]).await;
    let owner = service.owner();
    owner.post("/tags", &json!({"identifier": "beta"})).await.is(201);
    let of_shop = service.with_role(Role::Owner, Some("shop")).await;

    assert_eq!(tags(&owner.in_project("blog"), "").await, [""; 0]);
    owner.in_project("blog").delete("/tags/beta").await.refused(404);
    of_shop.in_project("blog").get("/tags").await.refused(404);
}
