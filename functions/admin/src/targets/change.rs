//! Writing targets. Nothing here changes what anybody is served, so no version is made; the project's
//! audit tells of it.

use async_trait::async_trait;
use model::limits::TARGETS_PER_ENVIRONMENT_MAX;
use model::{EnvironmentUuid, Error, EventKind, ObjectKind, Target};
use serde_json::{Map, Value};
use store::{Decision, Kind, ObjectStep, Plan, ProjectState, Scope, TargetRow};

/// Adds a target that is not listed yet, or of which only the identifier is known.
pub(super) struct CreateTarget {
    pub(super) environment: EnvironmentUuid,
    pub(super) target: Target,
}

#[async_trait]
impl Decision for CreateTarget {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let id = &*self.target.identifier;
        if let Some(listed) = store::listed_target(state.db, &self.environment, id).await? {
            return self.describe(&listed);
        }
        let listed = store::registered_targets(state.db, &self.environment).await?;
        check_room(usize::try_from(listed).map_err(Error::internal)?, 1)?;
        let mut plan = Plan::new(());
        // An SDK may register it at this moment.
        plan.on_duplicate(ObjectKind::Target, id);
        plan.step(step(&self.environment, None, Some(&self.target))?);
        plan.row(store::insert_target(&self.environment, &self.target, state.now_ms)?);
        Ok(plan)
    }
}

impl CreateTarget {
    /// Of a target that is only mentioned somewhere, by a segment in the main, nobody has said anything yet:
    /// to whoever does so now, it is new.
    fn describe(&self, listed: &TargetRow) -> Result<Plan<()>, Error> {
        let id = &*self.target.identifier;
        let mentioned = Target::bare(id);
        if listed.written_by_admin
            || listed.target.name != mentioned.name
            || listed.target.attributes != mentioned.attributes
        {
            return Err(Error::exists(ObjectKind::Target, id));
        }
        let mut plan = Plan::new(());
        plan.step(step(&self.environment, None, Some(&self.target))?);
        plan.row(store::update_target(&self.environment, &self.target)?);
        Ok(plan)
    }
}

/// What a target's name and attributes become.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Edit {
    /// Another name.
    Name(Box<str>),
    /// Other attributes, in place of all that it has.
    Attributes(Map<String, Value>),
}

/// Changes a listed target. Whatever an SDK says about it from then on no longer does.
pub(super) struct ChangeTarget {
    pub(super) environment: EnvironmentUuid,
    pub(super) identifier: String,
    pub(super) edits: Vec<Edit>,
}

#[async_trait]
impl Decision for ChangeTarget {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let row = find(state, &self.environment, &self.identifier).await?;
        let mut after = row.target.clone();
        for edit in &self.edits {
            match edit {
                Edit::Name(name) => after.name.clone_from(name),
                Edit::Attributes(attributes) => after.attributes.clone_from(attributes),
            }
        }
        let mut plan = Plan::new(());
        if after != row.target || !row.written_by_admin {
            plan.step(step(&self.environment, Some(&row.target), Some(&after))?);
            plan.row(store::update_target(&self.environment, &after)?);
        }
        Ok(plan)
    }
}

/// Takes a target off the list. Lists and rules that name it still do.
pub(super) struct DeleteTarget {
    pub(super) environment: EnvironmentUuid,
    pub(super) identifier: String,
}

#[async_trait]
impl Decision for DeleteTarget {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let row = find(state, &self.environment, &self.identifier).await?;
        let mut plan = Plan::new(());
        plan.step(step(&self.environment, Some(&row.target), None)?);
        plan.row(store::delete_target(&self.environment, &self.identifier));
        Ok(plan)
    }
}

async fn find(
    state: &ProjectState<'_>,
    environment: &EnvironmentUuid,
    identifier: &str,
) -> Result<TargetRow, Error> {
    let row = store::listed_target(state.db, environment, identifier).await?;
    row.ok_or_else(|| Error::not_found(ObjectKind::Target, identifier))
}

/// Refuses what would make a list longer than it may be.
pub(super) fn check_room(listed: usize, new: usize) -> Result<(), Error> {
    if listed + new <= TARGETS_PER_ENVIRONMENT_MAX {
        return Ok(());
    }
    Err(Error::TooLarge(format!(
        "the environment lists {listed} targets and {new} more would be beyond {TARGETS_PER_ENVIRONMENT_MAX}, \
         the most allowed; delete some first"
    )))
}

fn step(
    environment: &EnvironmentUuid,
    before: Option<&Target>,
    after: Option<&Target>,
) -> Result<ObjectStep, Error> {
    let (action, event) = match (before, after) {
        (None, _) => ("TargetCreated", EventKind::Create),
        (Some(_), Some(_)) => ("TargetPatched", EventKind::Patch),
        (Some(_), None) => ("TargetDeleted", EventKind::Delete),
    };
    let body = |target: &Target| {
        let body = serde_json::json!({
            "identifier": target.identifier, "name": target.name, "attributes": target.attributes,
        });
        serde_json::to_string(&body).map_err(Error::internal)
    };
    Ok(ObjectStep {
        scope: Scope::Beside(environment.clone()),
        kind: Kind::Target,
        identifier: before.or(after).map(|target| target.identifier.to_string()).unwrap_or_default(),
        action,
        event,
        before: before.map(body).transpose()?,
        after: after.map(body).transpose()?,
        references: Vec::new(),
        dependants: Vec::new(),
    })
}
