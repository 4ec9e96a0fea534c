//! The versions of flags, as entity tags tell them.

use model::{EnvironmentId, EnvironmentUuid, Error, FlagId, ObjectKind, ProjectUuid, Version};
use platform::Db;
use store::{Kind, ProjectState};

/// The environment's version at which what the flag serves there last changed; without an environment, the
/// project's revision at which the flag itself did.
pub(super) async fn version(
    db: &dyn Db,
    project: &ProjectUuid,
    environment: Option<&EnvironmentUuid>,
    id: &FlagId,
) -> Result<Version, Error> {
    let missing = || Error::not_found(ObjectKind::Flag, id);
    let flag = store::current(db, project.as_str(), Kind::Flag, id.as_str()).await?;
    let flag = flag.filter(|object| object.body.is_some()).ok_or_else(missing)?;
    let Some(environment) = environment else { return Ok(flag.version) };
    let config = store::current(db, environment.as_str(), Kind::FlagConfig, id.as_str()).await?;
    Ok(config.ok_or_else(missing)?.version)
}

/// The same for a decision about the flag; a request names the environment if its reader did.
pub(super) async fn current_version(
    state: &ProjectState<'_>,
    environment: Option<&EnvironmentId>,
    id: &FlagId,
) -> Result<Option<Version>, Error> {
    let environment = environment.map(|identifier| state.environment(identifier)).transpose()?;
    let environment = environment.map(|row| &row.id);
    version(state.db, &state.project.id, environment, id).await.map(Some)
}
