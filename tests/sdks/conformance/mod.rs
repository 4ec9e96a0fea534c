//! One run of the same situations for every published SDK that can run here, each client in a process of its own.

mod changes;
mod counts;
mod keys;
mod outages;
mod page;
mod participant;
mod situations;
mod stock;
mod table;
mod values;
mod world;

use std::fs;
use std::time::Instant;

use tests::admin::Environment;
use tests::repository::root;
use tests::seed::is_soak;

use situations::{SITUATIONS, Tier};
use stock::STOCK;
use table::Row;
use world::World;

const PAGE: &str = "docs/sdk-compatibility.md";

/// Goes on after a failure, so that the table shows everything that is wrong.
#[test]
fn every_published_sdk_copes_with_every_situation() {
    let mut world = World::start(fill);
    let mut rows = Vec::new();
    for situation in SITUATIONS.iter().filter(|one| one.tier == Tier::Test || is_soak()) {
        let started = Instant::now();
        let cells = (situation.happen)(&mut world);
        println!("{}: {:.1?}", situation.name, started.elapsed());
        rows.push(Row { situation: situation.name.to_owned(), cells });
    }

    let names = || STOCK.iter().map(|stock| stock.name);
    println!("\n{}", table::markdown(names(), &rows));
    let failures = table::failures(names(), &rows);
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n\n"));
    if is_soak() {
        fs::write(root().join(PAGE), page::page(&rows)).unwrap();
    }
}

#[test]
fn the_page_of_compatibility_has_every_sdk_and_every_situation() {
    let kept = page::without_results(&fs::read_to_string(root().join(PAGE)).unwrap());
    let expected = page::without_results(&page::page(&page::empty()));

    for (kept, expected) in kept.lines().zip(expected.lines()) {
        assert_eq!(kept, expected, "run: cargo xtask soak sdks");
    }
    assert_eq!(kept.lines().count(), expected.lines().count(), "run: cargo xtask soak sdks");
}

#[test]
fn the_table_names_the_versions_that_are_installed() {
    for stock in STOCK {
        let manifest = fs::read_to_string(root().join("tests/sdks").join(stock.manifest)).unwrap();

        assert!(stock.is_installed_by(&manifest), "{:?} in {}", stock.package, stock.manifest);
    }
}

fn fill(environment: &Environment) {
    changes::fill(environment);
    counts::fill(environment);
    outages::fill(environment);
    values::fill(environment);
}
