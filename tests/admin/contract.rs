//! Whether an answer is as the HTTP contract says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

/// File name to document; a reference may lead from one to another.
static DOCUMENTS: LazyLock<BTreeMap<&str, Value>> = LazyLock::new(|| {
    let files = [
        ("admin.yaml", include_str!("../../openapi/admin.yaml")),
        ("burgee.yaml", include_str!("../../openapi/burgee.yaml")),
        ("client.yaml", include_str!("../../openapi/client.yaml")),
    ];
    files.into_iter().map(|(name, text)| (name, yaml_serde::from_str(text).unwrap())).collect()
});

/// A schema or answer, and the document that its references begin in.
#[derive(Clone, Copy)]
struct Place {
    file: &'static str,
    value: &'static Value,
}

/// Fails if the contract does not list the status for the operation, or the body is not as it says.
pub(crate) fn assert_documented(method: &str, path: &str, status: u16, body: &Value) {
    let Some(responses) = responses(method, path) else { return };
    let answer = responses.get(&status.to_string()).resolved();
    assert!(
        answer.value.is_object(),
        "{method} {path} answered {status}, which is not in {}",
        responses.file
    );
    let schema = answer.get("content").get("application/json").get("schema");
    if schema.value.is_null() {
        assert!(body.is_null(), "{method} {path} answered {status} with a body: {body}");
        return;
    }
    let mut found = Vec::new();
    misfits("$", body, schema, &mut found);
    // burgee.yaml says of some answers only what is its own about them.
    if responses.file == "admin.yaml" {
        let names = schema.names();
        let unknown = body.as_object().into_iter().flatten().map(|(name, _)| name);
        let unknown = unknown.filter(|name| !names.is_empty() && !names.contains(name));
        found.extend(unknown.map(|name| format!("$.{name} is not in the contract")));
    }
    assert_eq!(found, [""; 0], "{method} {path} {status}: {body}");
}

/// The answers of the operation, if the contract has it. A path without placeholders is preferred.
fn responses(method: &str, path: &str) -> Option<Place> {
    let documents = DOCUMENTS.iter().filter(|(name, _)| **name != "client.yaml");
    let operations = documents.flat_map(|(&file, document)| {
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        paths.filter_map(move |(template, item)| {
            let value = item.get(method.to_lowercase())?.get("responses")?;
            fits(path, template).then_some((template.matches('{').count(), Place { file, value }))
        })
    });
    operations.min_by_key(|(placeholders, _)| *placeholders).map(|(_, place)| place)
}

fn fits(path: &str, template: &str) -> bool {
    let fits = |(segment, template): (&str, &str)| segment == template || template.starts_with('{');
    path.split('/').count() == template.split('/').count()
        && path.split('/').zip(template.split('/')).all(fits)
}

impl Place {
    fn get(self, name: &str) -> Self {
        Self { value: self.value.get(name).unwrap_or(&Value::Null), ..self }.resolved()
    }

    fn resolved(self) -> Self {
        let Some(reference) = self.value.get("$ref").and_then(Value::as_str) else { return self };
        let (file, pointer) = reference.split_once('#').unwrap();
        let file = if file.is_empty() { self.file } else { file };
        let (file, document) = DOCUMENTS.get_key_value(file).unwrap_or_else(|| panic!("{reference}"));
        Self { file, value: document.pointer(pointer).unwrap_or_else(|| panic!("{reference}")) }.resolved()
    }

    fn items(self, name: &str) -> impl Iterator<Item = Self> {
        let items = self.value.get(name).and_then(Value::as_array).into_iter().flatten();
        items.map(move |value| Self { value, ..self }.resolved())
    }

    /// Every property that is mentioned; none if anything may be there.
    fn names(self) -> Vec<String> {
        let own = self.value.get("properties").and_then(Value::as_object).into_iter().flatten();
        let own: Vec<_> = own.map(|(name, _)| name.clone()).collect();
        own.into_iter().chain(self.items("allOf").flat_map(Self::names)).collect()
    }
}

/// Notes every place where `value` is not as the schema has it.
fn misfits(place: &str, value: &Value, schema: Place, found: &mut Vec<String>) {
    for part in schema.items("allOf") {
        misfits(place, value, part, found);
    }
    let fits = match schema.value.get("type") {
        None => true,
        Some(Value::Array(names)) => names.iter().any(|name| is(value, name)),
        Some(name) => is(value, name),
    };
    if !fits {
        found.push(format!("{place} is {value}"));
    }
    if schema.value.get("enum").and_then(Value::as_array).is_some_and(|known| !known.contains(value)) {
        found.push(format!("{place} is {value}"));
    }
    for name in schema.value.get("required").and_then(Value::as_array).into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            found.push(format!("{place}.{name} is missing"));
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let known = schema.get("properties").get(name);
        let known = if known.value.is_null() { schema.get("additionalProperties") } else { known };
        misfits(&format!("{place}.{name}"), field, known, found);
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        misfits(&format!("{place}[{index}]"), item, schema.get("items"), found);
    }
}

fn is(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => panic!("the contract has the type {name}"),
    }
}
