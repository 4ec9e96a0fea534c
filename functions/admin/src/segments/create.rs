//! Making a segment.

use async_trait::async_trait;
use model::limits::SEGMENTS_PER_ENVIRONMENT_MAX;
use model::{
    EnvironmentUuid, Error, EventKind, GroupRule, ObjectKind, Segment, SegmentId, Tag, TargetId, TargetName,
};
use platform::Random;
use serde::Deserialize;
use store::{Decision, Kind, Plan, ProjectState};

use super::instruction::{GroupRuleParameters, PRIORITY_STEP};
use super::{check, mentions};
use crate::clauses::ClauseParameters;
use crate::projects::{checked_name, checked_tags, named};

/// `SegmentRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentRequest {
    /// Unique in the environment; made from the name if left out.
    #[serde(default)]
    pub identifier: Option<String>,
    /// For people.
    pub name: String,
    /// The project's identifier.
    pub project: String,
    /// The environment's identifier.
    pub environment: String,
    /// Identifiers of members; targets that nobody has seen yet are fine.
    #[serde(default)]
    pub included: Option<Vec<String>>,
    /// Identifiers of targets that are never members.
    #[serde(default)]
    pub excluded: Option<Vec<String>>,
    #[serde(default)]
    rules: Option<Vec<ClauseParameters>>,
    #[serde(default)]
    serving_rules: Option<Vec<GroupRuleParameters>>,
    /// Labels.
    #[serde(default)]
    pub tags: Option<Vec<Tag>>,
}

/// A checked request; what depends on other segments is checked when it is decided.
pub(super) struct CreateSegment {
    environment: EnvironmentUuid,
    segment: Segment,
}

impl CreateSegment {
    pub(super) fn parse(
        request: SegmentRequest,
        environment: EnvironmentUuid,
        random: &dyn Random,
    ) -> Result<Self, Error> {
        let identifier = match request.identifier.filter(|text| !text.is_empty()) {
            Some(identifier) => identifier,
            None => identifier_from(&request.name),
        };
        let clauses = request.rules.unwrap_or_default().into_iter();
        let rules = request.serving_rules.unwrap_or_default().into_iter().zip(1_i64..);
        let segment = Segment {
            identifier: SegmentId::parse(&identifier)?,
            name: checked_name(&request.name, &identifier)?.into(),
            tags: checked_tags(request.tags)?,
            included: targets("included", request.included)?,
            excluded: targets("excluded", request.excluded)?,
            rules: clauses.map(|clause| clause.into_clause(|| random.uuid())).collect(),
            serving_rules: rules
                .map(|(rule, place)| rule.into_rule(place.saturating_mul(PRIORITY_STEP), random))
                .collect::<Vec<GroupRule>>(),
            ..Segment::default()
        };
        Ok(Self { environment, segment })
    }
}

#[async_trait]
impl Decision for CreateSegment {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let scope = self.environment.as_str();
        let id = &self.segment.identifier;
        let existing = store::current(state.db, scope, Kind::Segment, id.as_str()).await?;
        if existing.is_some_and(|object| object.body.is_some()) {
            return Err(Error::exists(ObjectKind::Segment, id));
        }
        if store::count(state.db, scope, Kind::Segment).await? >= SEGMENTS_PER_ENVIRONMENT_MAX {
            let message = format!(
                "the environment has {SEGMENTS_PER_ENVIRONMENT_MAX} target groups, the most allowed; delete some first"
            );
            return Err(Error::TooLarge(message));
        }
        check::all(state, &self.environment, &self.segment).await?;
        let segment = Segment {
            created_at: state.now_ms,
            modified_at: state.now_ms,
            version: state.next_version(&self.environment),
            ..self.segment.clone()
        };
        let mut plan = Plan::new(());
        plan.step(super::change::step(&self.environment, None, &segment, EventKind::Create)?);
        mentions::list(&mut plan, state, &self.environment, (None, &segment)).await?;
        Ok(plan)
    }
}

/// Targets by identifier, each once. A target that nobody has seen is named as it is identified.
pub(super) fn targets(field: &str, identifiers: Option<Vec<String>>) -> Result<Vec<TargetName>, Error> {
    let mut targets: Vec<TargetName> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for text in identifiers.unwrap_or_default() {
        let id = TargetId::parse(&text).map_err(|error| named(field, error))?;
        if seen.insert(id.clone()) {
            targets.push(TargetName::unnamed(id));
        }
    }
    Ok(targets)
}

/// `Beta testers` is `Beta_testers`.
fn identifier_from(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    name.trim().chars().map(fits).collect()
}
