//! The HTTP contract is complete in itself: every reference resolves, every operation says its standing.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::repository::sources;

use crate::none;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const STANDINGS: [&str; 3] = ["offered", "planned", "never"];

/// File name to document.
type Documents = BTreeMap<String, Value>;

#[test]
fn every_document_is_openapi_3_1() {
    none(documents().iter().filter_map(|(name, document)| {
        let version = document["openapi"].as_str().unwrap_or("missing");
        (!version.starts_with("3.1.")).then(|| format!("{name}: openapi is {version}"))
    }));
}

#[test]
fn every_reference_resolves() {
    let documents = documents();
    let mut found = Vec::new();
    for (name, document) in &documents {
        each_reference(document, &mut |reference| {
            let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
            let file = if file.is_empty() { name } else { file };
            if documents.get(file).and_then(|document| document.pointer(pointer)).is_none() {
                found.push(format!("{name}: {reference}"));
            }
        });
    }
    none(found);
}

#[test]
fn every_operation_has_a_name_a_standing_and_an_answer() {
    let mut found = Vec::new();
    for (name, document) in &documents() {
        let mut names = BTreeMap::new();
        for (place, operation) in operations(document) {
            let id = operation["operationId"].as_str().unwrap_or("");
            if let Some(other) = names.insert(id.to_owned(), place.clone()) {
                found.push(format!("{name}: {place} and {other} are both named \"{id}\""));
            }
            if id.is_empty() {
                found.push(format!("{name}: {place} has no operationId"));
            }
            let standing = operation["x-burgee-status"].as_str().unwrap_or("missing");
            if !STANDINGS.contains(&standing) {
                found.push(format!("{name}: {place}: x-burgee-status is {standing}"));
            }
            if operation["responses"].as_object().is_none_or(serde_json::Map::is_empty) {
                found.push(format!("{name}: {place} has no response"));
            }
        }
    }
    none(found);
}

#[test]
fn every_placeholder_of_a_path_is_a_declared_parameter() {
    let mut found = Vec::new();
    for (name, document) in &documents() {
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in METHODS.iter().filter(|method| item.get(**method).is_some()) {
                let declared = path_parameters(document, [&item["parameters"], &item[method]["parameters"]]);
                let mut placeholders: Vec<&str> =
                    path.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
                placeholders.sort_unstable();
                if placeholders != declared {
                    found.push(format!("{name}: {method} {path} declares {declared:?}"));
                }
            }
        }
    }
    none(found);
}

fn documents() -> Documents {
    let files = sources().into_iter().filter_map(|source| {
        let name = source.path.strip_prefix("openapi/")?.to_owned();
        let document = name.ends_with(".yaml").then(|| yaml_serde::from_str(&source.text))?;
        Some((name.clone(), document.unwrap_or_else(|error| panic!("openapi/{name}: {error}"))))
    });
    let documents = files.collect::<Documents>();
    assert!(!documents.is_empty(), "openapi/ holds no contract");
    documents
}

/// `("get /path", operation)` for all.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| Some((format!("{method} {path}"), item.get(method)?)))
    })
}

/// Names of the parameters in the path, sorted; a parameter is given in place or by a local reference.
fn path_parameters<'a>(document: &'a Value, lists: [&'a Value; 2]) -> Vec<&'a str> {
    let parameters = lists.into_iter().filter_map(Value::as_array).flatten();
    let resolved = parameters.filter_map(|parameter| match parameter["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#')?),
        None => Some(parameter),
    });
    let mut names: Vec<&str> = resolved
        .filter(|parameter| parameter["in"] == "path")
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    names.sort_unstable();
    names
}

fn each_reference(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(reference) if key == "$ref" => visit(reference),
                    _ => each_reference(value, visit),
                }
            }
        }
        Value::Array(array) => array.iter().for_each(|value| each_reference(value, visit)),
        _ => {}
    }
}
