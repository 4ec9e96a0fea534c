//! Making a flag: it is off everywhere.

use std::collections::HashSet;

use async_trait::async_trait;
use model::limits::{
    FLAGS_PER_PROJECT_MAX, FLAGS_WARNED_FOR_NODE, OBJECT_BYTES_MAX, PREREQUISITE_DEPTH_MAX,
    PREREQUISITES_PER_FLAG_MAX, TAGS_PER_OBJECT_MAX, VARIATION_VALUE_BYTES_MAX, VARIATIONS_PER_FLAG_MAX,
};
use model::{
    Error, EventKind, FieldError, Flag, FlagId, FlagKind, ObjectKind, Prerequisite, Service, Tag, Variation,
    VariationId,
};
use serde::Deserialize;
use serde_json::Value;
use store::{Decision, Kind, ObjectStep, Plan, ProjectRow, ProjectState, Scope};
use tracing::warn;

use crate::environments::{config_created, first_config};
use crate::projects::{checked_description, checked_name, named};

/// `FeatureFlagRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagRequest {
    /// Unique in the project; never changes.
    pub identifier: String,
    /// For people; the identifier if left out.
    #[serde(default)]
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// The project's identifier.
    pub project: String,
    /// Type of the values.
    pub kind: FlagKind,
    /// At least two.
    pub variations: Vec<Variation>,
    /// Served where the flag is on.
    pub default_on_variation: String,
    /// Served where the flag is off.
    pub default_off_variation: String,
    /// Left out of stale-flag detection.
    #[serde(default)]
    pub permanent: bool,
    /// Flags that must serve certain variations.
    #[serde(default)]
    pub prerequisites: Option<Vec<Prerequisite>>,
    /// Labels.
    #[serde(default)]
    pub tags: Option<Vec<Tag>>,
    /// Monitored services.
    #[serde(default)]
    pub services: Option<Vec<Service>>,
    /// Who looks after it.
    #[serde(default)]
    pub owner: Option<String>,
}

/// A checked request; what depends on other flags is checked when it is decided.
pub(super) struct CreateFlag {
    flag: Flag,
}

impl CreateFlag {
    pub(super) fn parse(request: FlagRequest, project: &ProjectRow) -> Result<Self, Error> {
        debug_assert_eq!(request.project, project.identifier.as_str());
        check_variations(&request.variations, request.kind)?;
        let default = |field: &'static str, id: &str| {
            let id = VariationId::parse(id).map_err(|error| named(field, error))?;
            if request.variations.iter().any(|variation| variation.identifier == id) {
                return Ok(id);
            }
            Err(FieldError::new(field, format!("{:?} is none of the variations", id.as_str())))
        };
        let flag = Flag {
            identifier: FlagId::parse(&request.identifier)?,
            name: checked_name(&request.name, &request.identifier)?,
            description: checked_description(request.description)?,
            kind: request.kind,
            default_on_variation: default("defaultOnVariation", &request.default_on_variation)?,
            default_off_variation: default("defaultOffVariation", &request.default_off_variation)?,
            variations: request.variations,
            prerequisites: request.prerequisites.unwrap_or_default(),
            permanent: request.permanent,
            archived: false,
            tags: request.tags.unwrap_or_default(),
            services: request.services.unwrap_or_default(),
            owner: request.owner.unwrap_or_default(),
            created_at: 0,
            modified_at: 0,
        };
        limit("tags", flag.tags.len(), TAGS_PER_OBJECT_MAX)?;
        limit("services", flag.services.len(), TAGS_PER_OBJECT_MAX)?;
        limit("prerequisites", flag.prerequisites.len(), PREREQUISITES_PER_FLAG_MAX)?;
        Ok(Self { flag })
    }
}

#[async_trait]
impl Decision for CreateFlag {
    type Answer = Flag;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<Flag>, Error> {
        let id = &self.flag.identifier;
        if let Some((_, existing)) = state.flag(id).await? {
            return Err(match existing.archived {
                true => Error::InUse(format!(
                    "flag {:?} exists in the archive; restore it, delete it for good, or choose another identifier",
                    id.as_str()
                )),
                false => Error::exists(ObjectKind::Flag, id),
            });
        }
        let flags = store::count(state.db, state.project.id.as_str(), Kind::Flag).await?;
        if flags >= FLAGS_PER_PROJECT_MAX {
            let message =
                format!("the project has {FLAGS_PER_PROJECT_MAX} flags, the most allowed; delete some first");
            return Err(Error::TooLarge(message));
        }
        if flags == FLAGS_WARNED_FOR_NODE {
            warn!(
                project = %state.project.identifier,
                "project {} now has more than {FLAGS_WARNED_FOR_NODE} flags: Node applications without a store of \
                 their own should set a larger cache", state.project.identifier
            );
        }
        check_prerequisites(&self.flag, state).await?;
        let flag = Flag { created_at: state.now_ms, modified_at: state.now_ms, ..self.flag.clone() };
        let mut plan = Plan::new(flag.clone());
        plan.step(created(&flag)?);
        for environment in &state.environments {
            let config = first_config(&flag, state, environment);
            plan.step(config_created(&config, &environment.id)?);
        }
        Ok(plan)
    }
}

fn created(flag: &Flag) -> Result<ObjectStep, Error> {
    let body = serde_json::to_string(flag).map_err(Error::internal)?;
    if body.len() > OBJECT_BYTES_MAX {
        return Err(Error::TooLarge(format!(
            "the flag is larger than {OBJECT_BYTES_MAX} bytes; shorten its values"
        )));
    }
    Ok(ObjectStep {
        scope: Scope::Project,
        kind: Kind::Flag,
        identifier: flag.identifier.to_string(),
        action: "FeatureCreated",
        event: EventKind::Create,
        before: None,
        after: Some(body),
        references: references(flag),
        dependants: Vec::new(),
    })
}

/// The flags that a flag names.
pub(super) fn references(flag: &Flag) -> Vec<(Kind, String)> {
    flag.prerequisites.iter().map(|prerequisite| (Kind::Flag, prerequisite.feature.to_string())).collect()
}

/// Every prerequisite exists, with the variations it names, and the chain is not too long. A new flag
/// cannot close a cycle: nobody depends on it yet.
async fn check_prerequisites(flag: &Flag, state: &ProjectState<'_>) -> Result<(), Error> {
    for (index, prerequisite) in flag.prerequisites.iter().enumerate() {
        let field = format!("prerequisites[{index}]");
        let id = &prerequisite.feature;
        let found = state.flag(id).await?.filter(|(_, found)| !found.archived);
        let Some((_, found)) = found else {
            return Err(Error::invalid(
                format!("{field}.feature"),
                format!("flag {:?} does not exist", id.as_str()),
            ));
        };
        let unknown = prerequisite.variations.iter().find(|variation| found.variation(variation).is_none());
        if let Some(unknown) = unknown {
            let message = format!("{:?} is no variation of flag {:?}", unknown.as_str(), id.as_str());
            return Err(Error::invalid(format!("{field}.variations"), message));
        }
        if prerequisite.variations.is_empty() {
            return Err(Error::invalid(
                format!("{field}.variations"),
                "is empty; name at least one variation",
            ));
        }
    }
    check_depth(flag, state).await
}

/// Walks the prerequisites level by level.
async fn check_depth(flag: &Flag, state: &ProjectState<'_>) -> Result<(), Error> {
    let mut level: HashSet<FlagId> = flag.prerequisites.iter().map(|p| p.feature.clone()).collect();
    for _ in 0..PREREQUISITE_DEPTH_MAX {
        let mut next = HashSet::new();
        for id in &level {
            if let Some((_, found)) = state.flag(id).await? {
                next.extend(found.prerequisites.into_iter().map(|prerequisite| prerequisite.feature));
            }
        }
        if next.is_empty() {
            return Ok(());
        }
        level = next;
    }
    let message = format!("the chain of prerequisites is longer than {PREREQUISITE_DEPTH_MAX}; shorten it");
    Err(Error::invalid("prerequisites", message))
}

/// Variations are enough, not too many, distinct, and hold values of the flag's kind.
pub(super) fn check_variations(variations: &[Variation], kind: FlagKind) -> Result<(), Error> {
    if variations.len() < 2 {
        return Err(Error::invalid("variations", "needs at least two variations"));
    }
    limit("variations", variations.len(), VARIATIONS_PER_FLAG_MAX)?;
    let mut seen = HashSet::new();
    let mut errors = Vec::new();
    for (index, variation) in variations.iter().enumerate() {
        let field = format!("variations[{index}]");
        if let Err(error) = VariationId::parse(variation.identifier.as_str()) {
            errors.push(FieldError::new(format!("{field}.identifier"), error.message));
        } else if !seen.insert(&variation.identifier) {
            let message = format!("{:?} is there twice", variation.identifier.as_str());
            errors.push(FieldError::new(format!("{field}.identifier"), message));
        }
        if let Err(message) = check_value(&variation.value, kind) {
            errors.push(FieldError::new(format!("{field}.value"), message));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn check_value(value: &str, kind: FlagKind) -> Result<(), String> {
    if value.len() > VARIATION_VALUE_BYTES_MAX {
        return Err(format!("is longer than {VARIATION_VALUE_BYTES_MAX} bytes; shorten it"));
    }
    let fits = match kind {
        FlagKind::Boolean => matches!(value, "true" | "false"),
        FlagKind::Int => value.parse::<f64>().is_ok_and(f64::is_finite),
        FlagKind::String => true,
        FlagKind::Json => matches!(serde_json::from_str(value), Ok(Value::Object(_))),
    };
    if fits {
        return Ok(());
    }
    let wanted = match kind {
        FlagKind::Boolean => "use \"true\" or \"false\"",
        FlagKind::Int => "use a number such as \"42\" or \"3.14\"",
        FlagKind::String => "use any text",
        FlagKind::Json => "use the text of a JSON object, the only form that every SDK reads",
    };
    Err(format!("{value:?} does not fit kind {kind}; {wanted}"))
}

fn limit(field: &str, count: usize, max: usize) -> Result<(), Error> {
    if count <= max {
        return Ok(());
    }
    Err(Error::invalid(field, format!("holds {count}, at most {max} are allowed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_the_kind_or_say_what_would() {
        let good = [
            (FlagKind::Boolean, "true"),
            (FlagKind::Int, "3.14"),
            (FlagKind::Int, "-1e3"),
            (FlagKind::String, ""),
            (FlagKind::Json, "{\"a\":[1]}"),
        ];
        for (kind, value) in good {
            assert_eq!(check_value(value, kind), Ok(()), "{value:?} as {kind}");
        }
        let bad = [
            (FlagKind::Boolean, "True"),
            (FlagKind::Int, "inf"),
            (FlagKind::Int, ""),
            (FlagKind::Json, "[1]"),
            (FlagKind::Json, "{"),
        ];
        for (kind, value) in bad {
            let error = check_value(value, kind).unwrap_err();
            assert!(error.contains("does not fit kind") && error.contains("; use "), "{error}");
        }
    }
}
