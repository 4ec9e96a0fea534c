//! Deleting environments and projects.
//!
//! Their rows stay behind a mark, so that no id is ever used again and the project's chain can be verified.
//! Keys and targets go: a key may be brought along to another environment, and whom SDKs have seen is nobody's
//! business once nothing is served any more.

use async_trait::async_trait;
use model::{EnvironmentId, Error, EventKind, Version};
use store::{Decision, EnvironmentRow, Kind, ObjectStep, Plan, ProjectState, Scope};

use crate::environments;
use crate::projects;

/// Takes an environment out of reach; streams of its keys end.
pub(crate) struct RemoveEnvironment {
    pub(crate) identifier: EnvironmentId,
}

#[async_trait]
impl Decision for RemoveEnvironment {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut plan = Plan::new(());
        retire(&mut plan, state, state.environment(&self.identifier)?).await?;
        Ok(plan)
    }

    /// The project's revision.
    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        Ok(Some(Version(state.project.revision)))
    }
}

/// Takes a project out of reach with all its environments.
pub(crate) struct RemoveProject;

#[async_trait]
impl Decision for RemoveProject {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut plan = Plan::new(());
        for environment in &state.environments {
            retire(&mut plan, state, environment).await?;
        }
        plan.step(projects::step(Some(&state.project), None, "ProjectDeleted")?);
        plan.row(store::retire_project(&state.project.id));
        Ok(plan)
    }

    /// The project's revision.
    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        Ok(Some(Version(state.project.revision)))
    }
}

async fn retire(
    plan: &mut Plan<()>,
    state: &ProjectState<'_>,
    environment: &EnvironmentRow,
) -> Result<(), Error> {
    let keys = store::keys_of(state.db, &environment.id).await?;
    // Audit should tell which applications lost their key.
    let keys = keys.into_iter().map(|key| key.identifier).collect();
    plan.step(ObjectStep {
        scope: Scope::Environment(environment.id.clone()),
        kind: Kind::Environment,
        identifier: environment.identifier.to_string(),
        action: "EnvironmentDeleted",
        event: EventKind::Delete,
        before: Some(environments::body(environment, Some(keys))?),
        after: None,
        references: Vec::new(),
        dependants: Vec::new(),
    });
    plan.row(store::delete_keys_of(&environment.id));
    plan.row(store::delete_targets_of(&environment.id));
    store::delete_counts_of(&environment.id).into_iter().for_each(|row| plan.row(row));
    plan.row(store::retire_environment(&environment.id));
    Ok(())
}
