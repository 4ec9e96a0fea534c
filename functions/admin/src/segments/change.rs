//! Changing a segment by instructions.

use async_trait::async_trait;
use model::limits::OBJECT_BYTES_MAX;
use model::{EnvironmentUuid, Error, EventKind, ObjectKind, Segment, SegmentId, Version};
use store::{Decision, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::instruction::Instruction;
use super::{check, mentions};
use crate::instructions::Placed;

/// Instructions for one segment, applied in order, all or none.
pub(super) struct ChangeSegment {
    pub(super) environment: EnvironmentUuid,
    pub(super) segment: SegmentId,
    pub(super) instructions: Vec<Placed<Instruction>>,
}

#[async_trait]
impl Decision for ChangeSegment {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let before = load(state, &self.environment, &self.segment).await?;
        let mut after = before.clone();
        for one in &self.instructions {
            one.apply(|instruction| instruction.apply(&mut after))?;
        }
        let mut plan = Plan::new(());
        if before == after {
            return Ok(plan);
        }
        check::all(state, &self.environment, &after).await?;
        after.modified_at = state.now_ms;
        after.version = state.next_version(&self.environment);
        plan.step(step(&self.environment, Some(&before), &after, EventKind::Patch)?);
        mentions::list(&mut plan, state, &self.environment, (Some(&before), &after)).await?;
        Ok(plan)
    }

    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        Ok(Some(load(state, &self.environment, &self.segment).await?.version))
    }
}

/// Reads a segment.
pub(super) async fn load(
    state: &ProjectState<'_>,
    environment: &EnvironmentUuid,
    id: &SegmentId,
) -> Result<Segment, Error> {
    let object = store::current(state.db, environment.as_str(), Kind::Segment, id.as_str()).await?;
    let body = object.and_then(|object| object.body);
    let body = body.ok_or_else(|| Error::not_found(ObjectKind::Segment, id))?;
    store::read_body(&body)
}

/// The step that makes a segment what it is from now on.
pub(super) fn step(
    environment: &EnvironmentUuid,
    before: Option<&Segment>,
    after: &Segment,
    event: EventKind,
) -> Result<ObjectStep, Error> {
    let body = serde_json::to_string(after).map_err(Error::internal)?;
    if body.len() > OBJECT_BYTES_MAX {
        let message = format!(
            "the target group would be larger than {OBJECT_BYTES_MAX} bytes; use clauses instead of lists"
        );
        return Err(Error::TooLarge(message));
    }
    let before = before.map(|before| serde_json::to_string(before).map_err(Error::internal)).transpose()?;
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind: Kind::Segment,
        identifier: after.identifier.to_string(),
        action: if before.is_some() { "SegmentPatched" } else { "SegmentCreated" },
        event,
        before,
        after: Some(body),
        references: check::named(after).into_iter().map(|id| (Kind::Segment, id.to_string())).collect(),
        dependants: Vec::new(),
    })
}
