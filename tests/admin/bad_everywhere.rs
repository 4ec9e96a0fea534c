//! Every operation of the contract, asked for what it must refuse: nothing of the installation is different
//! afterwards, whatever it was.

use serde_json::json;
use store::Role;

use super::ask::{Ask, ask, post};
use super::document::{ADMIN, BURGEE, Operation, operations};
use super::world::{ORGANISATION, SHOP, Scope, World, create_flag, flag, in_environment, with};

const MEBIBYTE: usize = 1024 * 1024;

/// Everything that is offered, but what takes no token at all.
fn offered() -> Vec<Operation> {
    let all = operations(ADMIN).into_iter().chain(operations(BURGEE));
    all.filter(|operation| operation.standing == "offered").collect()
}

/// Something of everything, so that no operation stops at what is not there.
async fn world() -> World {
    let world = World::shop().await;
    world.ask(create_flag(&flag("some"))).await.is(201);
    let named = json!({ "identifier": "some", "name": "some", "project": "shop", "environment": "dev" });
    for path in ["/segments", "/targets"] {
        world.ask(post(format!("{path}?{ORGANISATION}"), &named)).await.is(201);
    }
    let tag = json!({ "identifier": "some", "name": "some" });
    world.ask(post(format!("/tags?{SHOP}"), &tag)).await.is(201);
    let key = json!({ "identifier": "some", "type": "Server" });
    world.ask(post(in_environment("/apikey", "dev"), &key)).await.is(201);
    world
}

/// The operation on what is there, with that query; the environment and the project are called otherwise.
fn on(operation: &Operation, query: &str) -> Ask {
    let name = match operation.template {
        path if path.starts_with("/environments/") => "dev",
        path if path.starts_with("/projects/") => "shop",
        _ => "some",
    };
    let path = operation.template.split('/').map(|part| if part.starts_with('{') { name } else { part });
    ask(operation.method.as_str(), format!("{}?{query}", path.collect::<Vec<_>>().join("/")))
}

/// The whole scope of the environment "dev".
fn dev() -> String {
    format!("{SHOP}&environmentIdentifier=dev")
}

#[tokio::test]
async fn no_operation_takes_a_body_that_is_none() {
    let world = world().await;
    let deep = format!("{{\"name\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let mut count = 0;
    for operation in offered().iter().filter(|operation| operation.takes_json()) {
        let truncated = "{\"identifier\":\"some\",";
        for body in ["", truncated, "7", "[]", "null", "\u{0}", "{\"name\":\"\\u0000\"}", &deep] {
            world.refused(on(operation, &dev()).text(body), 400).await;
            count += 1;
        }
    }
    assert!(count >= 130, "{count} requests");
}

#[tokio::test]
async fn no_operation_takes_a_body_beyond_the_limit() {
    let world = world().await;
    for operation in offered().iter().filter(|operation| operation.takes_json()) {
        world.refused(on(operation, &dev()).text(vec![b' '; 10 * MEBIBYTE]), 413).await;
    }
}

#[tokio::test]
async fn no_operation_is_led_elsewhere_by_its_path() {
    let world = world().await;
    for operation in offered().iter().filter(|operation| operation.template.contains('{')) {
        for part in ["%00", "a%00b", "%ff"] {
            let path =
                operation.template.split('/').map(|name| if name.starts_with('{') { part } else { name });
            let path = format!("{}?{}", path.collect::<Vec<_>>().join("/"), dev());
            world.refused(ask(operation.method.as_str(), path).text("{}"), 400).await;
        }
    }
}

#[tokio::test]
async fn no_operation_works_outside_of_its_scope() {
    let world = world().await;
    world.project(ORGANISATION, "other").await;
    let project = Some(world.project_id("other").await);
    world.token("theirs", Role::Owner, Scope { project, ..Scope::default() }).await;
    world.token("elsewhere", Role::Owner, Scope { account: Some("other"), ..Scope::default() }).await;
    let in_project = |operation: &&Operation| operation.needs("projectIdentifier");
    for operation in offered().iter().filter(in_project) {
        let asked = |query: &str| on(operation, query).text(body(operation));
        let whole = dev();

        world.refused(asked(&whole.replace("acme", "nobody")), 404).await;
        world.refused(asked(&whole.replace("default", "nobody")), 404).await;
        world.refused(asked(&whole).token("theirs"), 404).await;
        world.refused(asked(&whole).token("elsewhere"), 403).await;
        if operation.needs("environmentIdentifier") {
            world.refused(asked(&whole.replace("=dev", "=moon")), 404).await;
        }
    }
}

#[tokio::test]
async fn no_write_is_open_to_viewers() {
    let world = world().await;
    world.token("ann", Role::Viewer, Scope::default()).await;
    for operation in offered().iter().filter(|operation| operation.method != "GET") {
        // It asks a question whose answer needs a body.
        if operation.template.ends_with("/explain") {
            continue;
        }
        let asked = on(operation, &dev()).text(body(operation));
        world.refused(asked.token("ann"), 403).await;
    }
}

/// A body that the operation takes, if it takes one; with fields that others need, too.
fn body(operation: &Operation) -> String {
    if !operation.takes_json() {
        return String::new();
    }
    let instruction = match operation.template {
        path if path.starts_with("/features") => {
            json!({ "kind": "setFeatureFlagState", "parameters": { "state": "on" } })
        }
        _ => json!({ "kind": "updateName", "parameters": { "name": "Some" } }),
    };
    let fields = json!({
        "name": "Some", "environment": "dev", "type": "Server", "role": "viewer", "version": 1,
        "target": { "identifier": "ann" }, "instructions": [instruction],
        "flags": [{ "identifier": "some", "instructions": [instruction] }],
    });
    with(flag("some"), fields).to_string()
}
