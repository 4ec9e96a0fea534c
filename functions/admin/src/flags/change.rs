//! Changing what a flag serves in an environment.

use async_trait::async_trait;
use model::limits::OBJECT_BYTES_MAX;
use model::{EnvironmentUuid, Error, EventKind, FlagConfig, FlagId, ObjectKind, SegmentId};
use store::{Decision, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::instruction::Instruction;

/// Instructions for one flag in one environment, applied in order, all or none.
pub(super) struct ChangeFlag {
    pub(super) flag: FlagId,
    pub(super) environment: Option<EnvironmentUuid>,
    pub(super) instructions: Vec<Instruction>,
}

#[async_trait]
impl Decision for ChangeFlag {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let Some(environment) = &self.environment else {
            let message =
                "is missing from the query; these instructions change what is served in one environment";
            return Err(Error::invalid("environmentIdentifier", message));
        };
        let before = self.current(state, environment).await?;
        let mut after = before.clone();
        for instruction in &self.instructions {
            instruction.apply(&mut after)?;
        }
        let mut plan = Plan::new(());
        if before.same_but_version(&after) {
            return Ok(plan);
        }
        after.version = state.next_version(environment);
        let mut step = changed(environment, &before, &after)?;
        step.dependants = state.dependants_of(&self.flag).await?;
        plan.step(step);
        Ok(plan)
    }
}

impl ChangeFlag {
    async fn current(
        &self,
        state: &ProjectState<'_>,
        environment: &EnvironmentUuid,
    ) -> Result<FlagConfig, Error> {
        let id = self.flag.as_str();
        let object = store::current(state.db, environment.as_str(), Kind::FlagConfig, id).await?;
        if let Some(body) = object.and_then(|object| object.body) {
            return serde_json::from_str(&body).map_err(Error::internal);
        }
        match state.flag(&self.flag).await? {
            Some((_, flag)) if flag.archived => {
                Err(Error::InUse(format!("flag {id:?} is archived; restore it before changing it")))
            }
            _ => Err(Error::not_found(ObjectKind::Flag, id)),
        }
    }
}

/// The step that takes a flag's configuration from `before` to `after`.
fn changed(
    environment: &EnvironmentUuid,
    before: &FlagConfig,
    after: &FlagConfig,
) -> Result<ObjectStep, Error> {
    let body = serde_json::to_string(after).map_err(Error::internal)?;
    if body.len() > OBJECT_BYTES_MAX {
        let message =
            format!("the flag would be larger than {OBJECT_BYTES_MAX} bytes; use segments instead of lists");
        return Err(Error::TooLarge(message));
    }
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind: Kind::FlagConfig,
        identifier: after.feature.to_string(),
        action: "FeatureActivationPatched",
        event: EventKind::Patch,
        before: Some(serde_json::to_string(before).map_err(Error::internal)?),
        after: Some(body),
        references: segments(after).map(|id| (Kind::Segment, id.to_string())).collect(),
        dependants: Vec::new(),
    })
}

/// Every segment that the configuration names.
fn segments(config: &FlagConfig) -> impl Iterator<Item = SegmentId> {
    let clauses = config.rules.iter().flat_map(|rule| &rule.clauses);
    let matched = clauses.filter(|clause| &*clause.op == "segmentMatch").flat_map(|clause| &clause.values);
    let mapped = config.variation_to_target_map.iter().flat_map(|map| &map.target_segments);
    matched.map(|id| SegmentId::from_wire(id.clone())).chain(mapped.cloned())
}
