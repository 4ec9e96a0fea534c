//! A flag with its configurations while it is being changed.

use model::limits::OBJECT_BYTES_MAX;
use model::{
    EnvironmentId, EnvironmentUuid, Error, EventKind, Flag, FlagConfig, FlagId, ObjectKind, SegmentId,
};
use store::{Kind, ObjectStep, Plan, ProjectState, Scope};

use super::check;
use crate::clauses::SEGMENT_MATCH;
use crate::levels::once;

/// A flag before and after.
pub(super) struct Working {
    before: Flag,
    /// As it is to be.
    pub(super) flag: Flag,
    /// What it serves, environment by environment.
    pub(super) configs: Vec<WorkingConfig>,
}

/// What a flag serves in one environment, before and after.
pub(super) struct WorkingConfig {
    /// Where.
    pub(super) environment: EnvironmentUuid,
    /// Its name, for messages.
    pub(super) name: EnvironmentId,
    pub(super) before: FlagConfig,
    /// As it is to be.
    pub(super) after: FlagConfig,
}

/// The flags that a decision changes, seen together with those it leaves alone.
pub(super) struct Changes<'a> {
    pub(super) state: &'a ProjectState<'a>,
    /// In the order of their identifiers.
    pub(super) changed: Vec<Working>,
}

impl Working {
    /// Reads a flag that is not archived.
    pub(super) async fn load(state: &ProjectState<'_>, id: &FlagId) -> Result<Self, Error> {
        let Some((_, flag)) = state.flag(id).await? else {
            return Err(Error::not_found(ObjectKind::Flag, id));
        };
        if flag.archived {
            return Err(Error::InUse(format!(
                "flag {:?} is archived; restore it before changing it",
                id.as_str()
            )));
        }
        let mut configs = Vec::new();
        for (environment, config) in state.configs_of(id).await? {
            let row = state.environments.iter().find(|row| row.id == environment);
            let name = row.map(|row| row.identifier.clone()).unwrap_or_default();
            configs.push(WorkingConfig { environment, name, before: config.clone(), after: config });
        }
        Ok(Self { before: flag.clone(), flag, configs })
    }

    /// What it serves in that environment.
    pub(super) fn config_mut(&mut self, environment: &EnvironmentUuid) -> Result<&mut FlagConfig, Error> {
        let found = self.configs.iter_mut().find(|config| config.environment == *environment);
        let missing = || Error::not_found(ObjectKind::Environment, environment);
        found.map(|config| &mut config.after).ok_or_else(missing)
    }

    /// Whether the flag's variations or prerequisites are to be different.
    pub(super) fn changes_shape(&self) -> bool {
        self.before.variations != self.flag.variations || self.changes_prerequisites()
    }

    /// Whether its prerequisites are to be different.
    pub(super) fn changes_prerequisites(&self) -> bool {
        self.before.prerequisites != self.flag.prerequisites
    }

    /// What every environment repeats of the flag.
    fn share(&mut self) {
        for config in &mut self.configs {
            config.after.variations.clone_from(&self.flag.variations);
            config.after.prerequisites.clone_from(&self.flag.prerequisites);
        }
    }

    fn flag_step(&self, now_ms: i64) -> Result<Option<ObjectStep>, Error> {
        if self.before == self.flag {
            return Ok(None);
        }
        let after = Flag { modified_at: now_ms, ..self.flag.clone() };
        flag_patched(&self.before, &after).map(Some)
    }
}

impl Changes<'_> {
    /// Checks the rules over the whole project and says what to write; nothing, if nothing is different.
    pub(super) async fn plan(mut self) -> Result<Plan<()>, Error> {
        for working in &mut self.changed {
            working.share();
        }
        check::all(&self).await?;
        let mut plan = Plan::new(());
        for working in &self.changed {
            if let Some(step) = working.flag_step(self.state.now_ms)? {
                plan.step(step);
            }
        }
        for working in &self.changed {
            let mut dependants = None;
            for config in &working.configs {
                if config.before.same_but_version(&config.after) {
                    continue;
                }
                if dependants.is_none() {
                    dependants = Some(self.state.dependants_of(&working.flag.identifier).await?);
                }
                let version = self.state.next_version(&config.environment);
                let after = FlagConfig { version, ..config.after.clone() };
                let mut step = config_patched(&config.environment, &config.before, &after)?;
                step.dependants = dependants.clone().unwrap_or_default();
                plan.step(step);
            }
        }
        Ok(plan)
    }
}

/// The step that takes a flag from `before` to `after`.
pub(crate) fn flag_patched(before: &Flag, after: &Flag) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Project,
        kind: Kind::Flag,
        identifier: after.identifier.to_string(),
        action: "FeaturePatched",
        event: EventKind::Patch,
        before: Some(serde_json::to_string(before).map_err(Error::internal)?),
        after: Some(body(after)?),
        references: prerequisites(after),
        dependants: Vec::new(),
    })
}

/// The step that takes a flag's configuration from `before` to `after`, which has its version already.
pub(crate) fn config_patched(
    environment: &EnvironmentUuid,
    before: &FlagConfig,
    after: &FlagConfig,
) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind: Kind::FlagConfig,
        identifier: after.feature.to_string(),
        action: "FeatureActivationPatched",
        event: EventKind::Patch,
        before: Some(serde_json::to_string(before).map_err(Error::internal)?),
        after: Some(body(after)?),
        references: segments(after).into_iter().map(|id| (Kind::Segment, id.to_string())).collect(),
        dependants: Vec::new(),
    })
}

/// An object as it is stored, within its limit.
pub(super) fn body<T: serde::Serialize>(object: &T) -> Result<String, Error> {
    let body = serde_json::to_string(object).map_err(Error::internal)?;
    if body.len() > OBJECT_BYTES_MAX {
        let message =
            format!("the flag would be larger than {OBJECT_BYTES_MAX} bytes; use segments instead of lists");
        return Err(Error::TooLarge(message));
    }
    Ok(body)
}

/// The flags that a flag names.
pub(super) fn prerequisites(flag: &Flag) -> Vec<(Kind, String)> {
    flag.prerequisites.iter().map(|prerequisite| (Kind::Flag, prerequisite.feature.to_string())).collect()
}

/// Every segment that the configuration names, each once.
pub(super) fn segments(config: &FlagConfig) -> Vec<SegmentId> {
    let clauses = config.rules.iter().flat_map(|rule| &rule.clauses);
    let matched = clauses.filter(|clause| &*clause.op == SEGMENT_MATCH).flat_map(|clause| &clause.values);
    let mapped = config.variation_to_target_map.iter().flat_map(|map| &map.target_segments);
    let mut named: Vec<_> =
        matched.map(|id| SegmentId::from_wire(id.clone())).chain(mapped.cloned()).collect();
    once(&mut named);
    named
}
