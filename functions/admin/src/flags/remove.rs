//! Taking a flag away: into the archive, or for good.

use async_trait::async_trait;
use model::{
    EnvironmentId, EnvironmentUuid, Error, EventKind, Flag, FlagConfig, FlagId, ObjectKind, Version,
};
use store::{Decision, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::version::current_version;

/// Where the flag goes.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Destination {
    Archive,
    Nowhere,
}

/// Removes a flag from every environment: clients are told `delete`.
pub(super) struct RemoveFlag {
    flag: FlagId,
    /// Where the caller read the flag.
    environment: Option<EnvironmentId>,
    destination: Destination,
}

impl RemoveFlag {
    /// It can be restored.
    pub(super) const fn to_archive(flag: FlagId, environment: Option<EnvironmentId>) -> Self {
        Self { flag, environment, destination: Destination::Archive }
    }

    /// It cannot be restored; its history stays.
    pub(super) const fn for_good(flag: FlagId, environment: Option<EnvironmentId>) -> Self {
        Self { flag, environment, destination: Destination::Nowhere }
    }
}

#[async_trait]
impl Decision for RemoveFlag {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let found = state.flag(&self.flag).await?;
        let (_, flag) = found.ok_or_else(|| Error::not_found(ObjectKind::Flag, &self.flag))?;
        let mut plan = Plan::new(());
        if flag.archived && self.destination == Destination::Archive {
            return Ok(plan);
        }
        let dependants = state.dependants_of(&self.flag).await?;
        if !dependants.is_empty() {
            let names: Vec<_> = dependants.iter().map(FlagId::as_str).collect();
            return Err(Error::Dependency(format!(
                "flag {:?} is a prerequisite of {}; remove it there first",
                self.flag.as_str(),
                names.join(", ")
            )));
        }
        plan.step(self.flag_step(&flag, state)?);
        for (environment, config) in state.configs_of(&self.flag).await? {
            plan.step(config_removed(&environment, &config)?);
        }
        Ok(plan)
    }

    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        current_version(state, self.environment.as_ref(), &self.flag).await
    }
}

impl RemoveFlag {
    fn flag_step(&self, flag: &Flag, state: &ProjectState<'_>) -> Result<ObjectStep, Error> {
        let archived = Flag { archived: true, modified_at: state.now_ms, ..flag.clone() };
        let to_archive = self.destination == Destination::Archive;
        let after =
            to_archive.then(|| serde_json::to_string(&archived).map_err(Error::internal)).transpose()?;
        Ok(ObjectStep {
            scope: Scope::Project,
            kind: Kind::Flag,
            identifier: flag.identifier.to_string(),
            action: if to_archive { "FeatureArchived" } else { "FeatureDeleted" },
            event: if to_archive { EventKind::Patch } else { EventKind::Delete },
            before: Some(serde_json::to_string(flag).map_err(Error::internal)?),
            after,
            // An archived flag needs nothing; what it named is checked when it is restored.
            references: Vec::new(),
            dependants: Vec::new(),
        })
    }
}

fn config_removed(environment: &EnvironmentUuid, config: &FlagConfig) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind: Kind::FlagConfig,
        identifier: config.feature.to_string(),
        action: "FeatureActivationDeleted",
        event: EventKind::Delete,
        before: Some(serde_json::to_string(config).map_err(Error::internal)?),
        after: None,
        references: Vec::new(),
        dependants: Vec::new(),
    })
}
