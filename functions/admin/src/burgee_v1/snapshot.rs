//! Everything that an environment serves, or served at an earlier version.

use model::{EnvironmentId, EnvironmentUuid, Error, FlagConfig, SNAPSHOT_FORMAT, Segment, Snapshot, Version};
use platform::Db;
use serde::Serialize;
use store::EnvironmentRow;

use crate::answer::Answer;
use crate::call::Call;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotAnswer {
    format: u32,
    environment: EnvironmentUuid,
    environment_identifier: EnvironmentId,
    version: Version,
    flags: Vec<FlagConfig>,
    segments: Vec<Segment>,
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let version = call.query.number("version")?;
    let place = call.place().await?;
    let Snapshot { version, flags, segments } = at_version(call.db(), &place.environment, version).await?;
    let answer = SnapshotAnswer {
        format: SNAPSHOT_FORMAT,
        environment: place.environment.id,
        environment_identifier: place.environment.identifier,
        version,
        flags,
        segments,
    };
    Ok(Answer::ok(&answer)?.tagged(version))
}

/// What the environment served at that version; now, if none is given.
pub(super) async fn at_version(
    db: &dyn Db,
    environment: &EnvironmentRow,
    version: Option<i64>,
) -> Result<Snapshot, Error> {
    let version = version.map_or(environment.version, Version);
    if version < Version(1) || version > environment.version {
        let message = format!(
            "{version} is none that environment {:?} has had; use 1 to {}",
            environment.identifier.as_str(),
            environment.version
        );
        return Err(Error::invalid("version", message));
    }
    store::snapshot_at(db, &environment.id, version).await
}
