//! What the contract says, `openapi/admin.yaml` and `openapi/burgee.yaml`, and whether a request and its
//! answer are as it says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use http::Method;
use serde_json::{Map, Value, json};

use super::ask::{Answer, Ask};

pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The contract of Harness's admin API.
pub(crate) const ADMIN: &str = "admin.yaml";

/// The contract of what Burgee adds to it.
pub(crate) const BURGEE: &str = "burgee.yaml";

/// File name to document; `client.yaml` holds what the others refer to.
static DOCUMENTS: LazyLock<BTreeMap<&str, Value>> = LazyLock::new(|| {
    let texts = [
        (ADMIN, include_str!("../../openapi/admin.yaml")),
        (BURGEE, include_str!("../../openapi/burgee.yaml")),
        ("client.yaml", include_str!("../../openapi/client.yaml")),
    ];
    texts.into_iter().map(|(file, text)| (file, yaml_serde::from_str(text).unwrap())).collect()
});

/// A place in a document.
#[derive(Clone, Copy)]
struct Spot {
    file: &'static str,
    value: &'static Value,
}

/// One method of one path.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// The path, with names in braces.
    pub(crate) template: &'static str,
    /// `offered`, `planned` or `never`.
    pub(crate) standing: &'static str,
    item: Spot,
    itself: Spot,
}

/// Whether fields that a schema does not list are refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Others {
    /// Nowhere: requests may hold more.
    Ignored,
    /// Everywhere: whatever is answered is documented.
    Refused,
    /// Everywhere but on this level, which is one part of a whole.
    RefusedBelow,
}

/// Every operation of a document.
pub(crate) fn operations(file: &'static str) -> Vec<Operation> {
    let paths = DOCUMENTS[file]["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(template, item)| {
        METHODS.iter().filter_map(move |method| {
            let itself = item.get(method)?;
            let standing = itself["x-burgee-status"].as_str()?;
            let method = method.to_uppercase().parse().unwrap();
            let [item, itself] = [item, itself].map(|value| Spot { file, value });
            Some(Operation { method, template, standing, item, itself })
        })
    });
    each.collect()
}

/// The paths of a document.
pub(crate) fn templates(file: &str) -> impl Iterator<Item = &'static str> {
    DOCUMENTS[file]["paths"].as_object().unwrap().keys().map(String::as_str)
}

/// A path that fits the template.
pub(crate) fn path_of(template: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "some".to_owned() } else { part.to_owned() };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Fails if the contract does not list the answer's status for the request, or not what is in it; and, for
/// a request that was accepted, if it does not list what was sent.
pub(crate) fn check(ask: &Ask, answer: &Answer) {
    let all = operations(ADMIN).into_iter().chain(operations(BURGEE));
    let named =
        all.filter(|operation| operation.method == ask.method && fits(ask.path(), operation.template));
    // `/features/yaml` is not a flag of that name.
    let Some(operation) = named.min_by_key(|operation| operation.template.contains('{')) else {
        assert!(matches!(answer.status, 404 | 405), "{ask:?} is served, but not documented");
        return;
    };
    operation.check_answer(answer);
    if answer.status < 300 {
        operation.check_query(ask);
        operation.check_body(ask);
    }
}

impl Operation {
    /// Whether its body is JSON.
    pub(crate) fn takes_json(&self) -> bool {
        self.itself.at("/requestBody/content/application~1json").is_some()
    }

    /// Whether its query must have a parameter of that name.
    pub(crate) fn needs(&self, name: &str) -> bool {
        self.parameters().any(|one| one.value["name"] == name && one.value["required"] == true)
    }

    fn parameters(&self) -> impl Iterator<Item = Spot> {
        let lists = [self.item, self.itself].into_iter().filter_map(|spot| spot.field("parameters"));
        lists.flat_map(Spot::items).map(Spot::resolved)
    }

    fn check_answer(&self, answer: &Answer) {
        let place = format!("{} {} answered {}", self.method, self.template, answer.status);
        let responses = self.itself.field("responses").unwrap();
        let documented = responses.field(&answer.status.to_string());
        let Some(documented) = documented.map(Spot::resolved) else {
            panic!("{place}, which is not documented: {}", answer.body);
        };
        for (name, header) in documented.value["headers"].as_object().into_iter().flatten() {
            let header = Spot { value: header, ..documented }.resolved();
            match answer.header(name) {
                Some(text) => header.field("schema").unwrap().assert_text(text, &format!("{place}: {name}")),
                None => assert!(header.value["required"] != true, "{place} without {name}"),
            }
        }
        let Some(schema) = documented.at("/content/application~1json/schema") else {
            assert_eq!(answer.body, Value::Null, "{place} with a body");
            return;
        };
        assert_eq!(answer.header("content-type"), Some("application/json"), "{place}");
        // burgee.yaml says of some answers only what is its own about them.
        let others = if self.itself.file == ADMIN { Others::Refused } else { Others::Ignored };
        schema.assert_valid(&answer.body, others, &place);
    }

    fn check_query(&self, ask: &Ask) {
        let declared: Vec<_> = self.parameters().collect();
        for (name, text) in ask.query() {
            let place = format!("{} {} accepted {name}={text}", self.method, self.template);
            let in_query = |one: &&Spot| one.value["in"] == "query" && one.value["name"] == *name;
            if let Some(parameter) = declared.iter().find(in_query) {
                parameter.field("schema").unwrap().assert_text(&text, &place);
            } else {
                // Tests send the whole scope everywhere; what is not listed is ignored.
                assert!(name.ends_with("Identifier"), "{place}, which is not documented");
            }
        }
    }

    fn check_body(&self, ask: &Ask) {
        let schema = self.itself.at("/requestBody/content/application~1json/schema");
        let Some(schema) = schema else { return };
        let place = format!("{} {} accepted the body", self.method, self.template);
        let json = ask.json().unwrap_or_else(|| panic!("{place}, which is not JSON"));
        schema.assert_valid(&json, Others::Ignored, &place);
    }
}

impl Spot {
    fn field(self, name: &str) -> Option<Self> {
        Some(Self { value: self.value.get(name)?, ..self })
    }

    fn at(self, pointer: &str) -> Option<Self> {
        Some(Self { value: self.value.pointer(pointer)?, ..self })
    }

    fn items(self) -> impl Iterator<Item = Self> {
        self.value.as_array().into_iter().flatten().map(move |value| Self { value, ..self })
    }

    fn resolved(self) -> Self {
        let Some(reference) = self.value["$ref"].as_str() else { return self };
        let (file, pointer) = reference.split_once('#').unwrap();
        let file = if file.is_empty() { self.file } else { file };
        let value = DOCUMENTS[file].pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
        Self { file, value }.resolved()
    }

    /// Fails if the text, which stands for a value of the schema's type, does not fit.
    fn assert_text(self, text: &str, place: &str) {
        let value = match self.resolved().value["type"].as_str() {
            Some("integer" | "boolean") => serde_json::from_str(text).unwrap(),
            _ => Value::from(text),
        };
        self.assert_valid(&value, Others::Ignored, place);
    }

    fn assert_valid(self, value: &Value, others: Others, place: &str) {
        let mut schema = Schema::default();
        let mut whole = schema.of(self, others);
        whole["$defs"] = Value::Object(schema.named);
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        let errors = options
            .build(&whole)
            .unwrap()
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect::<Vec<_>>();
        assert!(errors.is_empty(), "{place}:\n{}\nin {value:#}", errors.join("\n"));
    }
}

/// A schema that holds everything that it refers to.
#[derive(Default)]
struct Schema {
    named: Map<String, Value>,
}

impl Schema {
    fn of(&mut self, spot: Spot, others: Others) -> Value {
        if let Some(reference) = spot.value["$ref"].as_str() {
            let file = reference.split('#').next().filter(|file| !file.is_empty()).unwrap_or(spot.file);
            let name = format!("{file}-{}-{others:?}", reference.rsplit('/').next().unwrap());
            if !self.named.contains_key(&name) {
                // Schemas may refer to themselves.
                self.named.insert(name.clone(), Value::Null);
                let schema = self.of(spot.resolved(), others);
                self.named.insert(name.clone(), schema);
            }
            return json!({ "$ref": format!("#/$defs/{name}") });
        }
        let Some(fields) = spot.value.as_object() else { return spot.value.clone() };
        let (below, part) = match others {
            Others::Ignored => (Others::Ignored, Others::Ignored),
            Others::Refused | Others::RefusedBelow => (Others::Refused, Others::RefusedBelow),
        };
        let mut whole: Map<String, Value> = Map::new();
        for (name, value) in fields {
            let spot = Spot { value, ..spot };
            let value = match name.as_str() {
                "properties" => {
                    let fields = value.as_object().unwrap().iter();
                    let each =
                        fields.map(|(name, value)| (name.clone(), self.of(Spot { value, ..spot }, below)));
                    each.collect()
                }
                "items" | "additionalProperties" => self.of(spot, below),
                "allOf" => spot.items().map(|one| self.of(one, part)).collect(),
                "oneOf" | "anyOf" => spot.items().map(|one| self.of(one, others)).collect(),
                _ => value.clone(),
            };
            whole.insert(name.clone(), value);
        }
        let lists_fields = whole.contains_key("properties") || whole.contains_key("allOf");
        if others == Others::Refused && lists_fields && !whole.contains_key("additionalProperties") {
            whole.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
        }
        Value::Object(whole)
    }
}

/// With or without a slash at the end, which Harness has in some places.
fn fits(path: &str, template: &str) -> bool {
    let [path, template] = [path, template].map(|path| path.strip_suffix('/').unwrap_or(path));
    let fits =
        |(part, template): (&str, &str)| part == template || (template.starts_with('{') && !part.is_empty());
    path.split('/').count() == template.split('/').count()
        && path.split('/').zip(template.split('/')).all(fits)
}
