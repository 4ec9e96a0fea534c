//! What `openapi/client.yaml` says, and whether an answer is as it says.

use std::sync::LazyLock;

use http::{Method, StatusCode};
use serde_json::Value;

static CONTRACT: LazyLock<Value> =
    LazyLock::new(|| yaml_serde::from_str(include_str!("../../../../openapi/client.yaml")).unwrap());

/// Every operation: its method and the template of its path.
pub(crate) fn operations() -> Vec<(Method, String)> {
    let paths = CONTRACT["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().filter(|name| *name != "parameters");
        methods.map(|name| (name.to_uppercase().parse().unwrap(), path.clone()))
    });
    each.collect()
}

/// Fails if the contract does not list the status for the operation, or not the body for the status.
pub(crate) fn assert_documented(method: &Method, path: &str, status: StatusCode, text: &str) {
    let Some(template) = operations().into_iter().find(|(of, template)| of == method && fits(path, template))
    else {
        return;
    };
    let answers = &CONTRACT["paths"][template.1][template.0.as_str().to_lowercase()]["responses"];
    let answer = resolve(&answers[status.as_str()]);
    assert!(answer.is_object(), "{method} {path} answered {status}, which is not in the contract: {text}");
    match answer.get("content") {
        Some(content) => {
            let value = serde_json::from_str(text).unwrap();
            assert_complete(&value, &content["application/json"]["schema"]);
        }
        None => assert_eq!(text, "", "{method} {path} answered {status}, which has no body"),
    }
}

/// Fails with every place where `value` is not as the schema has it: missing, of another type, `null`,
/// or not mentioned at all.
fn assert_complete(value: &Value, schema: &'static Value) {
    let mut found = Vec::new();
    misfits("$", value, schema, &mut found);
    assert_eq!(found, Vec::<String>::new());
}

fn misfits(place: &str, value: &Value, schema: &'static Value, found: &mut Vec<String>) {
    let schema = resolve(schema);
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        other => panic!("{place}: the schema has the type {other:?}"),
    };
    if !fits || schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
        found.push(format!("{place} is {value}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            found.push(format!("{place}.{name} is missing"));
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => misfits(&format!("{place}.{name}"), field, schema, found),
            None => found.push(format!("{place}.{name} is not in the contract")),
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        misfits(&format!("{place}[{index}]"), item, &schema["items"], found);
    }
}

fn resolve(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(reference) => CONTRACT.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

fn fits(path: &str, template: &str) -> bool {
    let fits = |(segment, template): (&str, &str)| {
        segment == template || (template.starts_with('{') && !segment.is_empty())
    };
    path.split('/').count() == template.split('/').count()
        && path.split('/').zip(template.split('/')).all(fits)
}
