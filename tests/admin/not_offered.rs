//! What Harness's admin API has and this one has not: 501 with one sentence, for callers with a token.

use super::ask::ask;
use super::document::{ADMIN, operations, path_of};
use super::world::{SHOP, World};

#[tokio::test]
async fn what_is_not_offered_says_whether_it_is_planned() {
    let world = World::shop().await;
    let mut counts = (0, 0);

    for operation in operations(ADMIN) {
        let expected = match operation.standing {
            "planned" => "this part of the admin API is planned but not offered yet",
            "never" => "this part of the admin API is not offered: ",
            _ => continue,
        };
        // Neither parameters nor a body make a difference.
        for (query, body) in [("", ""), (SHOP, "{\"identifier\":\"x\"}")] {
            let path = format!("{}?{query}", path_of(operation.template));
            let message = world.refused(ask(operation.method.as_str(), path).text(body), 501).await;

            let place = format!("{} {}: {message}", operation.method, operation.template);
            assert!(message.starts_with(expected), "{place}");
            assert!(!message.contains('.') && !message.contains('\n'), "{place} is one sentence");
        }
        counts =
            if operation.standing == "planned" { (counts.0 + 1, counts.1) } else { (counts.0, counts.1 + 1) };
    }
    assert!(counts.1 > 0, "nothing was tried: {counts:?}");
}

#[tokio::test]
async fn whoever_may_read_is_told() {
    let world = World::shop().await;
    world.token("ann", store::Role::Viewer, super::world::Scope::default()).await;

    world.refused(ask("POST", "/aida").token("ann"), 501).await;
    world.refused(ask("POST", "/aida").token("bob"), 401).await;
}
