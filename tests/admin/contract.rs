//! The contract and the routes are the same set. That what is sent and answered is as the contract says is
//! checked with every request of every test, see `document.rs`.

use std::collections::BTreeSet;

use regex_lite::Regex;
use tests::repository::sources;

use super::ask::ask;
use super::document::{ADMIN, METHODS, operations, path_of, templates};
use super::world::{World, router, send};

/// Operations of Harness's admin API, as its generated client has them.
const OF_HARNESS: usize = 82;

#[tokio::test]
async fn every_operation_of_the_contract_has_a_route() {
    let world = World::new().await;

    for operation in operations(ADMIN) {
        let answer = world.ask(ask(operation.method.as_str(), path_of(operation.template))).await;

        // Without any parameter what is offered gets as far as asking for the account or the body, or as
        // looking for snapshots, which need none.
        let expected: &[u16] = if operation.standing == "offered" { &[400, 404] } else { &[501] };
        let is_route = !answer.body["message"].as_str().unwrap().starts_with("path ");
        assert!(
            is_route && expected.contains(&answer.status),
            "{} {}: {}",
            operation.method,
            operation.template,
            answer.body
        );
    }
}

#[tokio::test]
async fn every_method_of_a_path_is_in_the_contract() {
    let router = router(World::new().await.platform);
    let documented: BTreeSet<_> = operations(ADMIN)
        .iter()
        .map(|operation| (operation.method.to_string(), operation.template))
        .collect();

    for template in templates(ADMIN) {
        for method in METHODS.map(str::to_uppercase) {
            let answer = send(&router, &ask(&method, path_of(template))).await;
            let served = answer.status != 405;
            assert_eq!(served, documented.contains(&(method.clone(), template)), "{method} {template}");
        }
    }
}

#[test]
fn every_path_of_the_routes_is_in_the_contract() {
    let path = Regex::new(r#""(/[^"]*)""#).unwrap();
    let files = ["functions/admin/src/routes.rs", "functions/admin/src/not_offered.rs"];
    let of_prefixes = ["/admin", "/cf/admin", "/gateway/cf/admin"];
    let text: String = sources()
        .into_iter()
        .filter(|source| files.contains(&&*source.path))
        .map(|source| source.text)
        .collect();

    let routes: BTreeSet<_> = path.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    let routes = routes.iter().map(String::as_str).filter(|path| !of_prefixes.contains(path));

    // Harness has a slash at the end in some places; it makes no difference here.
    let plain = |path: &'static str| path.trim_end_matches('/');
    assert_eq!(
        routes.map(|path| path.trim_end_matches('/')).collect::<BTreeSet<_>>(),
        templates(ADMIN).map(plain).collect()
    );
}

#[test]
fn the_contract_has_every_operation_of_harness() {
    assert_eq!(operations(ADMIN).len(), OF_HARNESS);
}
