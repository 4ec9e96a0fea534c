//! Targets that a segment names and nobody has seen: they are listed under their identifiers, so that people
//! find them where they look for targets.

use std::collections::HashSet;

use model::limits::TARGETS_PER_ENVIRONMENT_MAX;
use model::{EnvironmentUuid, Error, Segment, TargetId};
use store::{Plan, ProjectState};

use crate::reserved;

/// Adds rows to the plan that list the targets which `after` names and `before` did not. A list that is full
/// takes no more; what anybody is served does not depend on it.
pub(super) async fn list(
    plan: &mut Plan<()>,
    state: &ProjectState<'_>,
    environment: &EnvironmentUuid,
    (before, after): (Option<&Segment>, &Segment),
) -> Result<(), Error> {
    let known: HashSet<_> = before.into_iter().flat_map(named).collect();
    let new = named(after).filter(|id| !known.contains(id));
    let new: Vec<_> = new.filter(|id| !reserved::TARGETS.contains(&id.as_str())).collect();
    if new.is_empty() {
        return Ok(());
    }
    let listed = store::registered_targets(state.db, environment).await?;
    let listed = usize::try_from(listed).map_err(Error::internal)?;
    for id in new.into_iter().take(TARGETS_PER_ENVIRONMENT_MAX.saturating_sub(listed)) {
        plan.row(store::mention_target(environment, id.as_str(), state.now_ms));
    }
    Ok(())
}

fn named(segment: &Segment) -> impl Iterator<Item = &TargetId> {
    segment.included.iter().chain(&segment.excluded).map(|target| &target.identifier)
}
