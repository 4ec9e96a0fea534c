//! Deleting a segment, with or without what names it.

use async_trait::async_trait;
use model::{Clause, EnvironmentUuid, Error, EventKind, FlagConfig, FlagId, Segment, SegmentId, Version};
use store::{Decision, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::change::{load, step};
use crate::clauses::SEGMENT_MATCH;
use crate::flags::config_patched;

/// Deletes a segment. What names it is changed first, and told first: an SDK that lost the segment
/// before the rule would evaluate the rule without it.
pub(super) struct RemoveSegment {
    pub(super) environment: EnvironmentUuid,
    pub(super) segment: SegmentId,
    pub(super) with_references: bool,
}

#[async_trait]
impl Decision for RemoveSegment {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let segment = load(state, &self.environment, &self.segment).await?;
        let scope = self.environment.as_str();
        let referring = store::referring(state.db, scope, Kind::Segment, self.segment.as_str()).await?;
        if !referring.is_empty() && !self.with_references {
            return Err(self.in_use(&referring));
        }
        let mut plan = Plan::new(());
        for (kind, identifier) in referring {
            plan.step(match kind {
                Kind::FlagConfig => self.flag_without(state, &identifier).await?,
                _ => self.segment_without(state, &SegmentId::from_wire(identifier)).await?,
            });
        }
        plan.step(self.gone(&segment)?);
        Ok(plan)
    }

    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        Ok(Some(load(state, &self.environment, &self.segment).await?.version))
    }
}

impl RemoveSegment {
    fn in_use(&self, referring: &[(Kind, String)]) -> Error {
        let named = |(kind, identifier): &(Kind, String)| match kind {
            Kind::FlagConfig => format!("flag {identifier:?}"),
            _ => format!("target group {identifier:?}"),
        };
        let users: Vec<_> = referring.iter().map(named).collect();
        Error::InUse(format!(
            "target group {:?} is used by {}; remove it there first, or send forceDelete=true to have that done",
            self.segment.as_str(),
            users.join(", ")
        ))
    }

    async fn flag_without(&self, state: &ProjectState<'_>, flag: &str) -> Result<ObjectStep, Error> {
        let object = store::current(state.db, self.environment.as_str(), Kind::FlagConfig, flag).await?;
        let body = object.and_then(|object| object.body).unwrap_or_default();
        let before: FlagConfig = store::read_body(&body)?;
        let mut after = before.clone();
        for rule in &mut after.rules {
            self.forget(&mut rule.clauses);
        }
        after.rules.retain(|rule| !rule.clauses.is_empty());
        for map in &mut after.variation_to_target_map {
            map.target_segments.retain(|id| *id != self.segment);
        }
        after
            .variation_to_target_map
            .retain(|map| !map.targets.is_empty() || !map.target_segments.is_empty());
        after.version = state.next_version(&self.environment);
        let mut step = config_patched(&self.environment, &before, &after)?;
        step.dependants = state.dependants_of(&FlagId::from_wire(flag)).await?;
        Ok(step)
    }

    async fn segment_without(&self, state: &ProjectState<'_>, id: &SegmentId) -> Result<ObjectStep, Error> {
        let before = load(state, &self.environment, id).await?;
        let mut after = before.clone();
        self.forget(&mut after.rules);
        for rule in &mut after.serving_rules {
            self.forget(&mut rule.clauses);
        }
        after.serving_rules.retain(|rule| !rule.clauses.is_empty());
        after.modified_at = state.now_ms;
        after.version = state.next_version(&self.environment);
        step(&self.environment, Some(&before), &after, EventKind::Patch)
    }

    /// Takes the segment out of the clauses that name it; a clause that names no other goes.
    fn forget(&self, clauses: &mut Vec<Clause>) {
        for clause in clauses.iter_mut().filter(|clause| &*clause.op == SEGMENT_MATCH) {
            clause.values.retain(|id| **id != *self.segment.as_str());
        }
        clauses.retain(|clause| !clause.values.is_empty());
    }

    fn gone(&self, segment: &Segment) -> Result<ObjectStep, Error> {
        Ok(ObjectStep {
            scope: Scope::Environment(self.environment.clone()),
            kind: Kind::Segment,
            identifier: segment.identifier.to_string(),
            action: "SegmentDeleted",
            event: EventKind::Delete,
            before: Some(serde_json::to_string(segment).map_err(Error::internal)?),
            after: None,
            references: Vec::new(),
            dependants: Vec::new(),
        })
    }
}
