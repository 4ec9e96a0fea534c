//! Replacing a flag, as Terraform does.

use async_trait::async_trait;
use model::{
    EnvironmentId, Error, FieldError, FlagId, FlagState, Serve, Tag, TargetId, Variation, VariationId,
    Version,
};
use serde::Deserialize;
use store::{Decision, Plan, ProjectState};

use super::instruction::add_targets;
use super::version::current_version;
use super::working::{Changes, Working};
use crate::parts::VariationRequest;
use crate::projects::{checked_description, checked_name, checked_tags};

/// `FeatureFlagPutRequest` of openapi/admin.yaml. What is left out stays; lists are replaced.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutRequest {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    permanent: Option<bool>,
    #[serde(default)]
    variations: Option<Vec<VariationRequest>>,
    #[serde(default)]
    tags: Option<Vec<Tag>>,
    #[serde(default)]
    default_on_variation: Option<String>,
    #[serde(default)]
    default_off_variation: Option<String>,
    #[serde(default)]
    environments: Option<Vec<Activation>>,
}

/// What the flag serves in one environment; rules for groups stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Activation {
    identifier: String,
    #[serde(default)]
    state: Option<FlagState>,
    #[serde(default)]
    default_on_variation: Option<String>,
    #[serde(default)]
    default_off_variation: Option<String>,
    #[serde(default)]
    rules: Option<Vec<TargetRule>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct TargetRule {
    variation: String,
    #[serde(default)]
    targets: Option<Vec<String>>,
}

/// A request for one flag.
pub(super) struct PutFlag {
    pub(super) flag: FlagId,
    /// Where the caller read the flag.
    pub(super) environment: Option<EnvironmentId>,
    pub(super) request: PutRequest,
}

#[async_trait]
impl Decision for PutFlag {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut working = Working::load(state, &self.flag).await?;
        self.request.replace(&mut working)?;
        for (index, activation) in self.request.environments.iter().flatten().enumerate() {
            let place = format!("environments[{index}]");
            let identifier =
                EnvironmentId::parse(&activation.identifier).map_err(|error| error.under(&place))?;
            let environment = state.environment(&identifier)?.id.clone();
            activation.replace(working.config_mut(&environment)?, &place)?;
        }
        Changes { state, changed: vec![working] }.plan().await
    }

    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        current_version(state, self.environment.as_ref(), &self.flag).await
    }
}

impl PutRequest {
    fn replace(&self, working: &mut Working) -> Result<(), Error> {
        let flag = &mut working.flag;
        if let Some(name) = &self.name {
            flag.name = checked_name(name, flag.identifier.as_str())?;
        }
        if let Some(description) = &self.description {
            flag.description = checked_description(Some(description.clone()))?;
        }
        flag.permanent = self.permanent.unwrap_or(flag.permanent);
        if let Some(variations) = &self.variations {
            flag.variations = variations.iter().cloned().map(Variation::from).collect();
        }
        if self.tags.is_some() {
            flag.tags = checked_tags(self.tags.clone())?;
        }
        set(&mut flag.default_on_variation, self.default_on_variation.as_deref(), "defaultOnVariation")?;
        set(&mut flag.default_off_variation, self.default_off_variation.as_deref(), "defaultOffVariation")?;
        let flag = &working.flag;
        for (field, id) in [
            ("defaultOnVariation", &flag.default_on_variation),
            ("defaultOffVariation", &flag.default_off_variation),
        ] {
            if flag.variation(id).is_none() {
                return Err(Error::invalid(field, format!("{:?} is none of the variations", id.as_str())));
            }
        }
        Ok(())
    }
}

impl Activation {
    fn replace(&self, config: &mut model::FlagConfig, place: &str) -> Result<(), Error> {
        config.state = self.state.unwrap_or(config.state);
        if let Some(on) = self.default_on_variation.as_deref().filter(|id| !id.is_empty()) {
            config.default_serve = Serve::variation(variation(on, &format!("{place}.defaultOnVariation"))?);
        }
        let off = format!("{place}.defaultOffVariation");
        set(&mut config.off_variation, self.default_off_variation.as_deref(), &off)?;
        let Some(rules) = &self.rules else { return Ok(()) };
        for map in &mut config.variation_to_target_map {
            map.targets.clear();
        }
        for (index, rule) in rules.iter().enumerate() {
            let place = format!("{place}.rules[{index}]");
            let id = variation(&rule.variation, &format!("{place}.variation"))?;
            let parse = |text: &String| {
                TargetId::parse(text).map_err(|error| error.under(&format!("{place}.targets")))
            };
            let targets: Vec<_> = rule.targets.iter().flatten().map(parse).collect::<Result<_, _>>()?;
            add_targets(config, &id, &targets)?;
        }
        config
            .variation_to_target_map
            .retain(|map| !map.targets.is_empty() || !map.target_segments.is_empty());
        Ok(())
    }
}

fn set(to: &mut VariationId, from: Option<&str>, field: &str) -> Result<(), FieldError> {
    if let Some(text) = from.filter(|text| !text.is_empty()) {
        *to = variation(text, field)?;
    }
    Ok(())
}

fn variation(text: &str, field: &str) -> Result<VariationId, FieldError> {
    VariationId::parse(text).map_err(|error| FieldError { field: field.to_owned(), ..error })
}
