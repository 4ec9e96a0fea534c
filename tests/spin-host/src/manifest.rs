//! `spin.toml`: as much of it as our applications use; anything else in it is refused, not ignored.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::interfaces::AllowedHosts;
use crate::routes::Route;
use crate::state::ComponentSettings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    spin_manifest_version: u32,
    #[serde(rename = "application")]
    _application: Value,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    trigger: Triggers,
    component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    #[serde(default)]
    required: bool,
    default: Option<String>,
    #[serde(default, rename = "secret")]
    _secret: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Triggers {
    http: Vec<Trigger>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trigger {
    route: String,
    component: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    source: PathBuf,
    #[serde(default)]
    sqlite_databases: Vec<String>,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default, rename = "build")]
    _build: Value,
}

/// What an operator decides beside the manifest.
pub(crate) struct Choices {
    /// Values of the application's variables.
    pub(crate) variables: HashMap<String, String>,
    /// Where the SQLite databases are, each a file named by its label.
    pub(crate) databases: PathBuf,
}

/// An application that can be run.
pub(crate) struct Application {
    /// By route, each with the name of its component.
    pub(crate) routes: Vec<(Route, String)>,
    /// By name: where its wasm is, and what it has.
    pub(crate) components: BTreeMap<String, (PathBuf, Arc<ComponentSettings>)>,
}

impl Application {
    /// Reads the manifest in `file`.
    ///
    /// # Errors
    /// What is wrong with it, or which variable has no value.
    pub(crate) fn read(file: &Path, choices: &Choices) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let manifest: Manifest = toml::from_str(&text).with_context(|| file.display().to_string())?;
        if manifest.spin_manifest_version != 2 {
            bail!("{} is of another version than 2", file.display());
        }
        let values = values(&manifest.variables, &choices.variables)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut components = BTreeMap::new();
        for (name, component) in manifest.component {
            let source = folder.join(&component.source);
            let settings = settings(component, &values, choices).with_context(|| name.clone())?;
            components.insert(name, (source, Arc::new(settings)));
        }
        let mut routes = Vec::new();
        for trigger in manifest.trigger.http {
            if !components.contains_key(&trigger.component) {
                bail!("route {} leads to no component", trigger.route);
            }
            routes.push((Route::parse(&trigger.route)?, trigger.component));
        }
        Ok(Self { routes, components })
    }
}

fn values(
    declared: &BTreeMap<String, Variable>,
    set: &HashMap<String, String>,
) -> Result<HashMap<String, String>> {
    if let Some(name) = set.keys().find(|name| !declared.contains_key(*name)) {
        bail!("the application has no variable {name}");
    }
    let mut values = HashMap::new();
    for (name, variable) in declared {
        let value = set.get(name).or(variable.default.as_ref());
        if variable.required && value.is_none() {
            bail!("the variable {name} has no value: add --variable {name}=…");
        }
        values.extend(value.map(|value| (name.clone(), value.clone())));
    }
    Ok(values)
}

fn settings(
    component: Component,
    values: &HashMap<String, String>,
    choices: &Choices,
) -> Result<ComponentSettings> {
    let filled = |text: &String| fill(text, values);
    let variables = component.variables.iter().map(|(name, text)| Ok((name.clone(), filled(text)?)));
    let hosts = component.allowed_outbound_hosts.iter().map(filled).collect::<Result<Vec<_>>>()?;
    let file = |label: String| (label.clone(), choices.databases.join(label + ".db"));
    Ok(ComponentSettings {
        variables: variables.collect::<Result<_>>()?,
        databases: component.sqlite_databases.into_iter().map(file).collect(),
        allowed_hosts: AllowedHosts::parse(&hosts)?,
    })
}

/// `{{ name }}` is the value of that variable.
fn fill(text: &str, values: &HashMap<String, String>) -> Result<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").context("a template has no end")?;
        let name = name.trim();
        let value = values.get(name).with_context(|| format!("the variable {name} has no value"))?;
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_in_and_unknown_names_refused() {
        let values = HashMap::from([("host".to_owned(), "db".to_owned())]);

        assert_eq!(fill("postgres://{{ host }}:5432", &values).unwrap(), "postgres://db:5432");
        assert_eq!(fill("plain", &values).unwrap(), "plain");
        assert!(fill("{{ other }}", &values).is_err());
    }

    #[test]
    fn a_required_variable_without_value_is_named() {
        let variable = Variable { required: true, default: None, _secret: true };
        let declared = BTreeMap::from([("burgee_admin_token".to_owned(), variable)]);

        let error = values(&declared, &HashMap::new()).unwrap_err().to_string();

        assert!(error.contains("burgee_admin_token"), "{error}");
    }
}
