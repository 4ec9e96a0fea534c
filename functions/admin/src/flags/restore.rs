//! Taking a flag out of the archive.

use async_trait::async_trait;
use model::{
    EnvironmentId, EnvironmentUuid, Error, EventKind, Flag, FlagConfig, FlagId, ObjectKind, Version,
};
use store::{Decision, EnvironmentRow, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::check;
use super::version::current_version;
use super::working::{Changes, WorkingConfig, body, prerequisites, segments};
use crate::environments::first_config;

/// Brings a flag back as it was; in environments that are younger than the archive, it is off.
pub(super) struct RestoreFlag {
    pub(super) flag: FlagId,
    /// Where the caller read the flag.
    pub(super) environment: Option<EnvironmentId>,
}

#[async_trait]
impl Decision for RestoreFlag {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let found = state.flag(&self.flag).await?;
        let (_, archived) = found.ok_or_else(|| Error::not_found(ObjectKind::Flag, &self.flag))?;
        let mut plan = Plan::new(());
        if !archived.archived {
            return Ok(plan);
        }
        let flag = Flag { archived: false, modified_at: state.now_ms, ..archived.clone() };
        let alone = Changes { state, changed: Vec::new() };
        // What it needs may have been changed or deleted while nobody needed it.
        check::check_prerequisites(&alone, &flag).await?;
        plan.step(flag_step(&archived, &flag)?);
        for environment in &state.environments {
            let config = self.config(&flag, state, environment).await?;
            plan.step(config_step(&config, &environment.id)?);
        }
        Ok(plan)
    }

    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        current_version(state, self.environment.as_ref(), &self.flag).await
    }
}

impl RestoreFlag {
    /// What the flag served there last.
    async fn config(
        &self,
        flag: &Flag,
        state: &ProjectState<'_>,
        environment: &EnvironmentRow,
    ) -> Result<FlagConfig, Error> {
        let scope = environment.id.as_str();
        let Some(last) = store::last_body(state.db, scope, Kind::FlagConfig, self.flag.as_str()).await?
        else {
            return Ok(first_config(flag, state, environment));
        };
        let last: FlagConfig = store::read_body(&last)?;
        let config = WorkingConfig {
            environment: environment.id.clone(),
            name: environment.identifier.clone(),
            before: FlagConfig::default(),
            after: FlagConfig { version: state.next_version(&environment.id), ..last },
        };
        check::check_segments(state, &config).await?;
        Ok(config.after)
    }
}

fn flag_step(archived: &Flag, flag: &Flag) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Project,
        kind: Kind::Flag,
        identifier: flag.identifier.to_string(),
        action: "FeatureRestored",
        event: EventKind::Patch,
        before: Some(body(archived)?),
        after: Some(body(flag)?),
        references: prerequisites(flag),
        dependants: Vec::new(),
    })
}

fn config_step(config: &FlagConfig, environment: &EnvironmentUuid) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind: Kind::FlagConfig,
        identifier: config.feature.to_string(),
        action: "FeatureActivationRestored",
        event: EventKind::Create,
        before: None,
        after: Some(body(config)?),
        references: segments(config).into_iter().map(|id| (Kind::Segment, id.to_string())).collect(),
        dependants: Vec::new(),
    })
}
