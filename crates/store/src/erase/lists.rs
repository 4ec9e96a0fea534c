//! Taking a target off the lists of flags and segments: an ordinary write, so that SDKs learn it.

use async_trait::async_trait;
use model::{EnvironmentUuid, Error, EventKind, FlagConfig, Segment};
use platform::{Db, DbError, Row, Statement};

use super::mentions::Forgotten;
use crate::fault::unavailable;
use crate::objects::Kind;
use crate::references::{config_references, segment_references};
use crate::stored::read_body;
use crate::write::{Decision, ObjectStep, Plan, ProjectState, Scope};

/// Objects that may name the target, one kind at a time.
const NAMING: &str = "SELECT identifier, body FROM current_object
    WHERE scope = $1 AND kind = $2 AND replace(body, $3, '') <> body ORDER BY identifier";

/// Takes the target off every list of some environments of a project. Answers with how many objects
/// named it.
pub(super) struct LeaveLists<'a> {
    pub(super) target: &'a Forgotten,
    pub(super) environments: &'a [EnvironmentUuid],
}

#[async_trait]
impl Decision for LeaveLists<'_> {
    type Answer = u64;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<u64>, Error> {
        let mut plan = Plan::new(0);
        for environment in self.environments {
            for (_, body) in self.target.naming(state.db, environment, Kind::Segment).await? {
                let before: Segment = read_body(&body)?;
                let mut after = before.clone();
                if self.target.leave_segment(&mut after) {
                    after.version = plan.version(state, environment);
                    after.modified_at = state.now_ms;
                    plan.step(segment_step(environment, body, &after)?);
                    plan.answer += 1;
                }
            }
            for (_, body) in self.target.naming(state.db, environment, Kind::FlagConfig).await? {
                let before: FlagConfig = read_body(&body)?;
                let mut after = before.clone();
                if self.target.leave_config(&mut after) {
                    after.version = plan.version(state, environment);
                    let mut step = config_step(environment, body, &after)?;
                    step.dependants = state.dependants_of(&after.feature).await?;
                    plan.step(step);
                    plan.answer += 1;
                }
            }
        }
        Ok(plan)
    }
}

impl Forgotten {
    /// How many objects of an environment name the target, and which of them hold its identifier as a
    /// text that is no list of targets and no rule about identifiers.
    pub(super) async fn in_objects(
        &self,
        db: &dyn Db,
        environment: &EnvironmentUuid,
    ) -> Result<(u64, Vec<(Kind, String)>), Error> {
        let mut naming = 0;
        let mut leftovers = Vec::new();
        for kind in [Kind::Segment, Kind::FlagConfig] {
            for (identifier, body) in self.naming(db, environment, kind).await? {
                let left = self.leave_body(kind.as_str(), Some(&body))?;
                naming += u64::from(left.is_some());
                if left.unwrap_or(body).contains(self.quoted()) {
                    leftovers.push((kind, identifier));
                }
            }
        }
        Ok((naming, leftovers))
    }

    async fn naming(
        &self,
        db: &dyn Db,
        environment: &EnvironmentUuid,
        kind: Kind,
    ) -> Result<Vec<(String, String)>, Error> {
        let statement = Statement::new(NAMING).bind(environment.as_str()).bind(kind.as_str());
        let rows = db.query(statement.bind(self.quoted())).await.map_err(unavailable)?;
        let read = |row: &Row| Ok::<_, DbError>((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
        rows.iter().map(|row| read(row).map_err(unavailable)).collect()
    }
}

fn segment_step(environment: &EnvironmentUuid, before: String, after: &Segment) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind: Kind::Segment,
        identifier: after.identifier.to_string(),
        action: "SegmentPatched",
        event: EventKind::Patch,
        before: Some(before),
        after: Some(serde_json::to_string(after).map_err(Error::internal)?),
        references: segment_references(after),
        dependants: Vec::new(),
    })
}

fn config_step(
    environment: &EnvironmentUuid,
    before: String,
    after: &FlagConfig,
) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind: Kind::FlagConfig,
        identifier: after.feature.to_string(),
        action: "FeatureActivationPatched",
        event: EventKind::Patch,
        before: Some(before),
        after: Some(serde_json::to_string(after).map_err(Error::internal)?),
        references: config_references(after),
        dependants: Vec::new(),
    })
}
