//! Rules about the manifests.

use tests::repository::sources;
use toml::{Table, Value};

use crate::none;

#[test]
fn versions_stand_only_in_the_root_manifest() {
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut found = Vec::new();
    for (path, manifest) in members() {
        let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
        let tables = std::iter::once(&manifest).chain(targets.filter_map(Value::as_table));
        let sections =
            tables.flat_map(|table| sections.iter().filter_map(|name| table.get(*name)?.as_table()));
        for (name, dependency) in sections.flatten() {
            if dependency.get("workspace") != Some(&Value::Boolean(true)) {
                found.push(format!("{path}: {name} does not say `workspace = true`"));
            }
        }
    }
    none(found);
}

#[test]
fn dependencies_come_without_default_features() {
    let root = root();
    let dependencies = root["workspace"]["dependencies"].as_table().unwrap();

    none(dependencies.iter().filter_map(|(name, dependency)| {
        let ours = dependency.get("path").is_some();
        let without = dependency.get("default-features") == Some(&Value::Boolean(false));
        (!ours && !without).then(|| format!("{name} does not say `default-features = false`"))
    }));
}

#[test]
fn every_package_takes_the_workspaces_lints_and_edition() {
    none(members().into_iter().flat_map(|(path, manifest)| {
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        let edition = manifest["package"].get("edition").and_then(|edition| edition.get("workspace"));
        let settings = [("lints", lints), ("edition", edition)];
        let missing = settings.into_iter().filter(|(_, setting)| *setting != Some(&Value::Boolean(true)));
        missing.map(|(name, _)| format!("{path}: {name}.workspace is not true")).collect::<Vec<_>>()
    }));
}

fn root() -> Table {
    let root = sources().into_iter().find(|source| source.path == "Cargo.toml").unwrap();
    root.text.parse().unwrap()
}

/// The manifests of the workspace's packages. Folders that the root excludes are workspaces of their own.
fn members() -> Vec<(String, Table)> {
    let root = root();
    let members: Vec<String> = root["workspace"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| format!("{}/Cargo.toml", member.as_str().unwrap()))
        .collect();
    let sources = sources().into_iter().filter(|source| members.contains(&source.path));
    let manifests: Vec<_> = sources.map(|source| (source.path, source.text.parse().unwrap())).collect();
    assert_eq!(manifests.len(), members.len(), "a member has no manifest in git");
    manifests
}
