//! schemathesis reads `openapi/` and sends what it makes up from it, right and wrong, to a running `burgee`.
//! Nothing may be a server error but 501 where it is documented, and no status, header or body may be other
//! than documented.
//!
//! The same requests are sent every time, unless `BURGEE_SEED` is set; `BURGEE_SOAK=1` sends many more.
#![cfg(test)]

#[path = "schemathesis/document.rs"]
mod document;
#[path = "schemathesis/world.rs"]
mod world;

use std::collections::BTreeSet;

use tests::repository::sources;

use crate::document::Document;
use crate::world::World;

/// The documents of the contract, in the order of the tests.
const DOCUMENTS: [&str; 4] = ["admin.yaml", "burgee.yaml", "client.yaml", "metrics.yaml"];
/// What `burgee serve` does by itself and answers nobody. `admin/cron.rs` holds the functions to it.
const NOT_SERVED: [&str; 1] = ["cron.yaml"];

#[test]
fn the_admin_api_answers_as_documented() {
    let world = World::start();

    let document = Document { file: "admin.yaml", below: "/admin", header: world.access_token() };
    document.try_on(&world.burgee, &world.names());
}

#[test]
fn what_burgee_adds_to_the_admin_api_answers_as_documented() {
    let world = World::start();

    let document = Document { file: "burgee.yaml", below: "/admin", header: world.access_token() };
    document.try_on(&world.burgee, &world.names());
}

#[test]
fn the_client_api_answers_as_documented() {
    let world = World::start();

    let document = Document { file: "client.yaml", below: "/api/1.0", header: world.sdk_token() };
    document.try_on(&world.burgee, &world.names());
}

#[test]
fn reports_of_sdks_are_answered_as_documented() {
    let world = World::start();

    let document = Document { file: "metrics.yaml", below: "/api/1.0", header: world.sdk_token() };
    document.try_on(&world.burgee, &world.names());
}

#[test]
fn every_document_of_the_contract_is_tried() {
    let there = sources().into_iter().filter(|source| source.extension() == "yaml");
    let there = there.filter_map(|source| source.path.strip_prefix("openapi/").map(str::to_owned));

    let tried = DOCUMENTS.into_iter().chain(NOT_SERVED).map(str::to_owned);
    assert_eq!(there.collect::<BTreeSet<_>>(), tried.collect());
}
