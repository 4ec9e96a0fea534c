//! Making environments, and changing what people call them.

use async_trait::async_trait;
use model::limits::ENVIRONMENTS_PER_PROJECT_MAX;
use model::{
    EnvironmentId, EnvironmentUuid, Error, EventKind, Flag, FlagConfig, FlagState, ObjectKind, Serve, Tag,
    Version,
};
use serde::Serialize;
use store::{Decision, EnvironmentRow, Kind, ObjectStep, Plan, ProjectState, Scope};

/// What is said of an environment, checked.
pub(super) struct Described {
    pub(super) identifier: EnvironmentId,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) tags: Vec<Tag>,
}

/// A new environment starts at version 1 with every flag of the project, off.
pub(super) struct CreateEnvironment {
    pub(super) id: EnvironmentUuid,
    pub(super) described: Described,
}

#[async_trait]
impl Decision for CreateEnvironment {
    /// Everything else that there is to tell is in the request.
    type Answer = EnvironmentUuid;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<EnvironmentUuid>, Error> {
        let Described { identifier, name, description, tags } = &self.described;
        if state.environment(identifier).is_ok() {
            return Err(Error::exists(ObjectKind::Environment, identifier));
        }
        if state.environments.len() >= ENVIRONMENTS_PER_PROJECT_MAX {
            return Err(Error::TooLarge(format!(
                "the project has {ENVIRONMENTS_PER_PROJECT_MAX} environments, the most allowed; delete one first"
            )));
        }
        let row = EnvironmentRow {
            id: self.id.clone(),
            project: state.project.id.clone(),
            identifier: identifier.clone(),
            name: name.clone(),
            description: description.clone(),
            tags: tags.clone(),
            version: Version(1),
            created_ms: state.now_ms,
            modified_ms: state.now_ms,
        };
        let mut plan = Plan::new(row.id.clone());
        plan.on_duplicate(ObjectKind::Environment, identifier.as_str());
        plan.step(created(&row)?);
        for flag in state.flags().await?.iter().filter(|flag| !flag.archived) {
            let config = first_config(flag, state, &row);
            plan.step(config_created(&config, &row.id)?);
        }
        plan.new_environment(row);
        Ok(plan)
    }
}

/// Nothing of this is part of an SDK's answer, so the environment's version stays.
pub(super) struct UpdateEnvironment {
    pub(super) described: Described,
}

#[async_trait]
impl Decision for UpdateEnvironment {
    /// Everything else that there is to tell is in the request.
    type Answer = EnvironmentUuid;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<EnvironmentUuid>, Error> {
        let Described { identifier, name, description, tags } = &self.described;
        let before = state.environment(identifier)?;
        let mut after = EnvironmentRow {
            name: name.clone(),
            description: description.clone(),
            tags: tags.clone(),
            ..before.clone()
        };
        let mut plan = Plan::new(after.id.clone());
        if after != *before {
            after.modified_ms = state.now_ms;
            plan.step(ObjectStep {
                scope: Scope::Beside(after.id.clone()),
                action: "EnvironmentPatched",
                event: EventKind::Patch,
                before: Some(body(before, None)?),
                ..created(&after)?
            });
            plan.row(store::update_environment(&after)?);
        }
        Ok(plan)
    }

    /// The project's revision.
    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        Ok(Some(Version(state.project.revision)))
    }
}

/// The change row of a new environment.
fn created(environment: &EnvironmentRow) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Environment(environment.id.clone()),
        kind: Kind::Environment,
        identifier: environment.identifier.to_string(),
        action: "EnvironmentCreated",
        event: EventKind::Create,
        before: None,
        after: Some(body(environment, None)?),
        references: Vec::new(),
        dependants: Vec::new(),
    })
}

/// What audit keeps of an environment, with the identifiers of the keys that it loses, if any.
pub(crate) fn body(environment: &EnvironmentRow, api_keys: Option<Vec<String>>) -> Result<String, Error> {
    let body = Body {
        id: &environment.id,
        identifier: &environment.identifier,
        name: &environment.name,
        description: &environment.description,
        tags: &environment.tags,
        api_keys,
    };
    serde_json::to_string(&body).map_err(Error::internal)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: &'a EnvironmentUuid,
    identifier: &'a EnvironmentId,
    name: &'a str,
    description: &'a str,
    tags: &'a [Tag],
    #[serde(skip_serializing_if = "Option::is_none")]
    api_keys: Option<Vec<String>>,
}

/// What a flag serves in an environment that it is new to: it is off, and its defaults apply.
pub(crate) fn first_config(
    flag: &Flag,
    state: &ProjectState<'_>,
    environment: &EnvironmentRow,
) -> FlagConfig {
    FlagConfig {
        project: state.project.identifier.as_str().into(),
        environment: environment.identifier.as_str().into(),
        feature: flag.identifier.clone(),
        state: FlagState::Off,
        kind: flag.kind,
        variations: flag.variations.clone(),
        off_variation: flag.default_off_variation.clone(),
        default_serve: Serve::variation(flag.default_on_variation.clone()),
        rules: Vec::new(),
        variation_to_target_map: Vec::new(),
        prerequisites: flag.prerequisites.clone(),
        version: state.next_version(&environment.id),
    }
}

/// The step that makes a flag known in an environment.
pub(crate) fn config_created(
    config: &FlagConfig,
    environment: &EnvironmentUuid,
) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind: Kind::FlagConfig,
        identifier: config.feature.to_string(),
        action: "FeatureActivationCreated",
        event: EventKind::Create,
        before: None,
        after: Some(serde_json::to_string(config).map_err(Error::internal)?),
        references: Vec::new(),
        dependants: Vec::new(),
    })
}
