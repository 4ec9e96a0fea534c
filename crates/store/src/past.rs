//! All objects of a scope as they were.

use model::{EnvironmentUuid, Error, Version};
use platform::{Db, Statement};

use crate::fault::unavailable;
use crate::objects::{CurrentObject, Kind, read};

/// The time of a change is that of its row; objects of a project have theirs in their bodies.
const OBJECTS_AT: &str =
    "SELECT o.scope, o.identifier, o.version, coalesce((SELECT max(c.at_ms) FROM change c
        WHERE c.environment_id = $1 AND c.version = o.version AND c.kind = o.kind
        AND c.identifier = o.identifier), 0), o.body
    FROM (SELECT identifier, max(version) AS version FROM object_version
        WHERE scope = $1 AND kind = $2 AND version <= $3 GROUP BY identifier) newest
    JOIN object_version o ON o.scope = $1 AND o.kind = $2 AND o.identifier = newest.identifier
        AND o.version = newest.version
    WHERE o.body IS NOT NULL ORDER BY o.identifier";

const REVISION_AT: &str = "SELECT max(revision) FROM change WHERE environment_id = $1 AND version <= $2";

/// All objects of one kind that were not gone at a version of the environment, or a revision of the project,
/// by identifier.
///
/// # Errors
/// `Unavailable`.
pub async fn objects_at(
    db: &dyn Db,
    scope: &str,
    kind: Kind,
    version: Version,
) -> Result<Vec<CurrentObject>, Error> {
    let statement = Statement::new(OBJECTS_AT).bind(scope).bind(kind.as_str()).bind(version.0);
    let rows = db.query(statement).await.map_err(unavailable)?;
    rows.iter().map(|row| read(row).map_err(unavailable)).collect()
}

/// The revision of the project at which the environment got its version.
///
/// # Errors
/// `Unavailable`.
pub async fn revision_at(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    version: Version,
) -> Result<Version, Error> {
    let statement = Statement::new(REVISION_AT).bind(environment.as_str()).bind(version.0);
    let rows = db.query(statement).await.map_err(unavailable)?;
    let revision = rows.first().map_or(Ok(None), |row| row.opt_int(0)).map_err(unavailable)?;
    Ok(Version(revision.unwrap_or_default()))
}
