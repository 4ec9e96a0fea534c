//! `ETag` and `If-Match`: a change that was made by somebody who saw an older version is refused.

use serde_json::{Value, json};
use store::Role;

use super::service::{Caller, Service};

async fn tag(caller: &Caller, path: &str) -> String {
    let answer = caller.get(path).await;
    let tag =
        answer.header("etag").unwrap_or_else(|| panic!("{path} has no tag: {}", answer.body)).to_owned();
    answer.is(200);
    tag
}

fn state(state: &str) -> Value {
    json!({"instructions": [{"kind": "setFeatureFlagState", "parameters": {"state": state}}]})
}

fn rename(name: &str) -> Value {
    json!({"instructions": [{"kind": "updateName", "parameters": {"name": name}}]})
}

fn nowhere(caller: &Caller) -> Caller {
    caller.with_scope("accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop")
}

#[tokio::test]
async fn every_object_with_a_version_has_it_as_its_tag() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let segment = json!({"identifier": "beta", "name": "Beta", "project": "shop", "environment": "dev"});
    owner.post("/segments", &segment).await.is(201);
    owner.switch_on("dark").await;
    let viewer = service.with_role(Role::Viewer, None).await;

    let flag = viewer.get("/features/dark").await.is(200);
    let group = viewer.get("/segments/beta").await.is(200);
    let revision = service.project("shop").await.revision;

    assert_eq!(tag(&viewer, "/features/dark").await, format!("\"{}\"", flag["envProperties"]["version"]));
    assert_eq!(tag(&viewer, "/segments/beta").await, format!("\"{}\"", group["version"]));
    assert_eq!(tag(&nowhere(&viewer), "/features/dark").await, format!("\"{}\"", revision - 2));
    assert_eq!(tag(&viewer, "/projects/shop").await, format!("\"{revision}\""));
    assert_eq!(tag(&viewer, "/environments/dev").await, format!("\"{revision}\""));
    owner.post("/apikey", &json!({"identifier": "web", "type": "Client"})).await.is(201);
    assert_eq!(viewer.get("/apikey/web").await.header("etag"), None);
}

#[tokio::test]
async fn of_two_who_saw_the_same_version_the_second_is_told_of_the_first() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let segment = json!({"identifier": "beta", "name": "Beta", "project": "shop", "environment": "dev"});
    owner.post("/segments", &segment).await.is(201);
    let named = |name: &str| json!({"identifier": "shop", "name": name});
    let environment = |name: &str| json!({"identifier": "dev", "name": name, "project": "shop"});
    let cases = [
        ("PATCH", "/features/dark", state("on"), state("off")),
        (
            "PUT",
            "/features/dark",
            json!({"name": "one", "environments": [{"identifier": "dev", "state": "on"}]}),
            json!({}),
        ),
        ("PATCH", "/segments/beta", rename("one"), rename("other")),
        ("PUT", "/projects/shop", named("one"), named("other")),
        ("PUT", "/environments/dev", environment("one"), environment("other")),
    ];
    for (method, path, one, other) in cases {
        let seen = tag(&owner, path).await;
        let caller = owner.with_header("if-match", &seen);

        caller.send(method, path, Some(&one)).await.is(200);
        let refused = caller.send(method, path, Some(&other)).await.refused(409);

        let now = tag(&owner, path).await;
        let expected = format!(
            "the object is at version {}, not {}; read it again and repeat the change",
            now.trim_matches('"'),
            seen.trim_matches('"')
        );
        assert_eq!(refused, expected, "{method} {path}");
        owner.with_header("if-match", &now).send(method, path, Some(&other)).await.is(200);
    }
}

#[tokio::test]
async fn what_is_deleted_archived_or_restored_is_what_was_seen() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let segment = json!({"identifier": "beta", "name": "Beta", "project": "shop", "environment": "dev"});
    owner.post("/segments", &segment).await.is(201);
    let flag = tag(&owner, "/features/dark").await;
    owner.switch_on("dark").await;
    let old = owner.with_header("if-match", &flag);

    old.delete("/features/dark").await.refused(409);
    old.delete("/features/dark?forceDelete=true").await.refused(409);
    let now = tag(&owner, "/features/dark").await;
    owner.with_header("if-match", &now).delete("/features/dark").await.is(204);
    owner.with_header("if-match", &now).post("/features/dark/restore", &json!({})).await.refused(409);
    let archived = tag(&owner, "/features/dark").await;
    owner.with_header("if-match", &archived).post("/features/dark/restore", &json!({})).await.is(201);
    let body = json!({"version": now.trim_matches('"').parse::<i64>().unwrap()});
    old.post("/burgee/v1/flags/dark/revert", &body).await.refused(409);
    owner.with_header("if-match", "\"1\"").delete("/segments/beta").await.refused(409);
    owner.with_header("if-match", "\"1\"").delete("/environments/live").await.refused(409);
    owner.with_header("if-match", "\"1\"").delete("/projects/shop").await.refused(409);
    let project = tag(&owner, "/projects/shop").await;
    owner.with_header("if-match", project).delete("/projects/shop").await.is(204);
}

#[tokio::test]
async fn without_an_environment_the_flag_itself_is_compared() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let everywhere = nowhere(&owner);
    let seen = tag(&everywhere, "/features/dark").await;
    owner.switch_on("dark").await;

    let caller = everywhere.with_header("if-match", &seen);
    caller.send("PATCH", "/features/dark", Some(&rename("one"))).await.is(200);
    caller.send("PATCH", "/features/dark", Some(&rename("other"))).await.refused(409);

    assert_eq!(owner.get("/features/dark").await.is(200)["name"], "one");
}

#[tokio::test]
async fn a_refused_change_has_changed_nothing() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let before = (service.versions().await, service.project("shop").await.revision);

    let refused = owner.with_header("if-match", "\"77\"");
    refused.send("PATCH", "/features/dark", Some(&state("on"))).await.refused(409);

    assert_eq!((service.versions().await, service.project("shop").await.revision), before);
}

#[tokio::test]
async fn any_version_will_do_for_a_star_and_weak_tags_count() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let seen = tag(&owner, "/features/dark").await;

    owner
        .with_header("if-match", format!("W/{seen}"))
        .send("PATCH", "/features/dark", Some(&state("on")))
        .await
        .is(200);
    owner.with_header("if-match", "*").send("PATCH", "/features/dark", Some(&state("off"))).await.is(200);
}

#[tokio::test]
async fn a_tag_that_cannot_be_compared_is_refused_not_ignored() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let tagged = owner.with_header("if-match", "\"1\"");
    let flags = json!({"flags": [
        {"identifier": "dark", "instructions": state("on")["instructions"]},
        {"identifier": "dark", "instructions": state("off")["instructions"]},
    ]});
    let answers = [
        tagged.post("/apikey", &json!({"identifier": "web", "type": "Client"})).await,
        tagged.post("/projects", &json!({"identifier": "blog"})).await,
        tagged.post("/burgee/v1/tokens", &json!({"name": "a", "role": "viewer"})).await,
        tagged.send("PATCH", "/features", Some(&flags)).await,
    ];
    for answer in answers {
        let refused = answer.refused(400);
        assert!(
            refused.starts_with("If-Match: does not apply: this request changes no single object"),
            "{refused}"
        );
    }
    let foreign = owner.with_header("if-match", "\"abc\"");
    let refused = foreign.send("PATCH", "/features/dark", Some(&state("on"))).await.refused(400);
    assert!(
        refused.starts_with("If-Match: \"\\\"abc\\\"\" is not an entity tag of this server"),
        "{refused}"
    );
    tagged.send("PATCH", "/features/moon", Some(&state("on"))).await.refused(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_saw_the_same_version_exactly_one_writes() {
    let service = Service::start_in_real_time().await;
    let processes = [service.owner(), service.other_process().owner()];
    processes[0].make_flag("dark", "shop", &[]).await;
    for round in 0..20 {
        let seen = tag(&processes[0], "/features/dark").await;
        let body = |index: usize| {
            let targets = json!({"variation": "true", "targets": [format!("t-{round}-{index}")]});
            json!({"instructions": [{"kind": "addTargetsToVariationTargetMap", "parameters": targets}]})
        };
        let mut writers = tokio::task::JoinSet::new();
        for index in 0..6 {
            let caller = processes[index % 2].with_header("if-match", &seen);
            let body = body(index);
            writers.spawn(async move { caller.send("PATCH", "/features/dark", Some(&body)).await.status });
        }

        let mut statuses = writers.join_all().await;

        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409], "round {round}");
    }
}
