//! Holds the sources to the rules that a reader relies on: who depends on whom, sizes, names, manifests,
//! SQL, the HTTP contract, links.
#![cfg(test)]

use tests::repository::sources;
use tests::sql::sql_in;

#[path = "tidy/dependencies.rs"]
mod dependencies;
#[path = "tidy/manifests.rs"]
mod manifests;
#[path = "tidy/openapi.rs"]
mod openapi;
#[path = "tidy/security.rs"]
mod security;
#[path = "tidy/sources.rs"]
mod source_text;

#[test]
fn sql_is_the_whole_text_of_a_constant_in_the_store() {
    let files = sources().into_iter().filter(|source| source.extension() == "rs");
    let product = files.filter(|source| {
        let mut folders = source.path.split('/');
        source.stem() != "tests" && folders.all(|folder| folder != "tests" && folder != "benches")
    });

    none(product.flat_map(|source| {
        let in_store = source.path.starts_with("crates/store/src/");
        let found = sql_in(&source).into_iter().filter(|sql| !in_store || sql.constant.is_none());
        found.map(|sql| format!("{}: {}", source.path, sql.text)).collect::<Vec<_>>()
    }));
}

/// Fails with one line for each thing that was found.
fn none(found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}
