//! Who depends on whom. A new edge between our packages is a change of the architecture: it is made
//! here and in ARCHITECTURE.md, in one commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use tests::repository::root;

use crate::none;

/// The normal dependencies of one package.
struct Row {
    package: &'static str,
    /// Exactly these of our own packages, or `ANYTHING`.
    ours: &'static [&'static str],
    /// What it may use of everybody else's.
    others: Others,
}

enum Others {
    /// Only these: for code that must stay free of time, I/O, threads and chance.
    Only(&'static [&'static str]),
    /// Anything but these.
    AllBut(&'static [&'static [&'static str]]),
}

use Others::{AllBut, Only};

const DRIVERS: &[&str] = &["tokio-postgres", "deadpool-postgres", "rusqlite", "redis"];
const HTTP: &[&str] = &["http", "axum", "hyper"];

/// For tests, which nothing depends on.
const ANYTHING: &[&str] = &["*"];

const TABLE: &[Row] = &[
    Row { package: "model", ours: &[], others: Only(&["serde", "serde_json", "thiserror"]) },
    Row {
        package: "eval",
        ours: &["model"],
        others: Only(&["arrayvec", "hashbrown", "regex-lite", "serde", "serde_json"]),
    },
    Row { package: "sse", ours: &[], others: Only(&[]) },
    Row { package: "platform", ours: &[], others: AllBut(&[DRIVERS, HTTP]) },
    Row { package: "platform-native", ours: &["platform"], others: AllBut(&[]) },
    Row { package: "platform-spin", ours: &["platform"], others: AllBut(&[DRIVERS]) },
    Row { package: "store", ours: &["model", "platform"], others: AllBut(&[DRIVERS, HTTP]) },
    Row { package: "api", ours: &["model", "platform"], others: AllBut(&[DRIVERS]) },
    Row { package: "client-api", ours: &["api", "eval", "model", "platform"], others: AllBut(&[DRIVERS]) },
    Row {
        package: "delivery",
        ours: &["api", "client-api", "eval", "model", "platform", "store"],
        others: AllBut(&[DRIVERS, HTTP]),
    },
    Row { package: "counting", ours: &["model", "platform", "store"], others: AllBut(&[DRIVERS, HTTP]) },
    Row {
        package: "fn-admin",
        ours: &["api", "eval", "model", "platform", "platform-native", "platform-spin", "store"],
        others: AllBut(&[DRIVERS]),
    },
    Row {
        package: "fn-client",
        ours: &[
            "api",
            "client-api",
            "delivery",
            "model",
            "platform",
            "platform-native",
            "platform-spin",
            "store",
        ],
        others: AllBut(&[DRIVERS]),
    },
    Row {
        package: "fn-metrics-ingest",
        ours: &[
            "api",
            "client-api",
            "counting",
            "delivery",
            "model",
            "platform",
            "platform-native",
            "platform-spin",
            "store",
        ],
        others: AllBut(&[DRIVERS]),
    },
    Row {
        package: "fn-metrics-process",
        ours: &["api", "counting", "model", "platform", "platform-native", "platform-spin", "store"],
        others: AllBut(&[DRIVERS]),
    },
    Row {
        package: "sse-relay",
        ours: &["api", "client-api", "eval", "model", "platform", "sse"],
        others: AllBut(&[DRIVERS]),
    },
    Row { package: "eval-wasm", ours: &["eval", "model"], others: Only(&["talc"]) },
    Row {
        package: "burgee",
        ours: &[
            "api",
            "client-api",
            "delivery",
            "eval",
            "fn-admin",
            "fn-client",
            "fn-metrics-ingest",
            "fn-metrics-process",
            "model",
            "platform",
            "platform-native",
            "sse",
            "sse-relay",
            "store",
        ],
        others: AllBut(&[DRIVERS]),
    },
    Row { package: "testkit", ours: &["platform", "platform-native"], others: AllBut(&[]) },
    Row { package: "tests", ours: ANYTHING, others: AllBut(&[]) },
    Row { package: "xtask", ours: &[], others: AllBut(&[]) },
];

#[test]
fn our_packages_depend_on_each_other_exactly_as_the_table_says() {
    let metadata = metadata();
    let bound = packages(&metadata).into_iter().filter(|package| row(package).ours != ANYTHING);
    none(bound.flat_map(|package| {
        let row = row(&package);
        let said: BTreeSet<&str> = row.ours.iter().copied().collect();
        let found: BTreeSet<&str> = normal(&package, Whose::Ours).collect();
        let new =
            found.difference(&said).map(|other| format!("{} -> {other} is not in the table", row.package));
        let gone = said.difference(&found).map(|other| format!("{} -> {other} does not exist", row.package));
        new.chain(gone).collect::<Vec<_>>()
    }));
}

#[test]
fn packages_use_of_everybody_elses_what_the_table_allows() {
    none(packages(&metadata()).into_iter().flat_map(|package| {
        let row = row(&package);
        let allowed = |other: &str| match row.others {
            Only(these) => these.contains(&other),
            AllBut(these) => !these.concat().contains(&other),
        };
        let found: Vec<_> = normal(&package, Whose::Others).filter(|other| !allowed(other)).collect();
        found.into_iter().map(|other| format!("{} -> {other}", row.package)).collect::<Vec<_>>()
    }));
}

#[test]
fn every_row_is_a_package() {
    let metadata = metadata();
    let packages = packages(&metadata);

    none(
        TABLE
            .iter()
            .map(|row| row.package.to_owned())
            .filter(|name| packages.iter().all(|package| package.name.as_str() != *name)),
    );
}

#[test]
fn the_layers_of_the_architecture_are_those_of_the_table() {
    let layers = layers();
    let depends = |row: &'static Row| row.ours.iter().map(move |other| (row.package, *other));

    let missing =
        TABLE.iter().filter(|row| !layers.contains_key(row.package) && !ASIDE.contains(&row.package));
    none(missing.map(|row| format!("{} is in no layer of ARCHITECTURE.md", row.package)));
    none(layers.keys().filter(|name| TABLE.iter().all(|row| row.package != **name)).cloned());
    none(TABLE.iter().flat_map(depends).filter_map(|(package, other)| {
        let (above, below) = (layers.get(package)?, layers.get(other)?);
        (above <= below).then(|| format!("{package} -> {other} does not lead to a layer below"))
    }));
}

/// Packages beside the layers: the world outside, and what only tests or chores need.
const ASIDE: [&str; 5] = ["platform-native", "platform-spin", "testkit", "tests", "xtask"];

/// The layer of each package in the picture of ARCHITECTURE.md, whose lines are number, name, packages.
fn layers() -> BTreeMap<String, u32> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut layers = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let number = words.next().and_then(|word| word.parse::<u32>().ok());
        // A picture, not a numbered list.
        if let (true, Some(number)) = (line.starts_with(' '), number) {
            layers.extend(words.skip(1).map(|package| (package.to_owned(), number)));
        }
    }
    layers
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Whose {
    Ours,
    Others,
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap()
}

fn packages(metadata: &Metadata) -> Vec<Package> {
    metadata.workspace_packages().into_iter().cloned().collect()
}

fn row(package: &Package) -> &'static Row {
    let row = TABLE.iter().find(|row| row.package == package.name.as_str());
    row.unwrap_or_else(|| panic!("{} is not in the table of dependencies", package.name))
}

/// Names of what a package needs to be built, on any target.
fn normal(package: &Package, whose: Whose) -> impl Iterator<Item = &str> {
    let dependencies = package.dependencies.iter().filter(|one| one.kind == DependencyKind::Normal);
    let wanted = dependencies.filter(move |one| one.path.is_some() == (whose == Whose::Ours));
    wanted.map(|one| one.name.as_str())
}
