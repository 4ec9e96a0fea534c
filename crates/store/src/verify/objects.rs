//! Whether objects are what the chain says they are.

use std::fmt;

use model::Error;
use platform::{Db, Row, Statement};

use crate::fault::unavailable;
use crate::installation::known_environments;
use crate::projects::ProjectRow;

/// An object whose history, or what is served of it, is not what the chain says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ObjectDamage {
    /// The table with the row.
    pub table: &'static str,
    /// Project's or environment's id.
    pub scope: String,
    /// As stored.
    pub kind: String,
    /// Which object.
    pub identifier: String,
    /// Which version of it.
    pub version: i64,
}

impl fmt::Display for ObjectDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:?} at version {} of {}: its row in {} is missing or not what the change says",
            self.kind, self.identifier, self.version, self.scope, self.table
        )
    }
}

/// What the change rows say that objects became, against `object_version`, and the reverse.
const HISTORY_OF_ENVIRONMENT: &str = "SELECT c.kind, c.identifier, c.version FROM change c
    LEFT JOIN object_version o ON o.scope = c.environment_id AND o.kind = c.kind
    AND o.identifier = c.identifier AND o.version = c.version
    WHERE c.environment_id = $1 AND c.kind IN ('flag_config', 'segment')
    AND (o.scope IS NULL OR coalesce(o.body, '') <> coalesce(c.after_body, ''))
    ORDER BY c.version, c.kind, c.identifier LIMIT 1";

const HISTORY_OF_PROJECT: &str = "SELECT c.kind, c.identifier, c.version FROM change c
    LEFT JOIN object_version o ON o.scope = c.project_id AND o.kind = c.kind
    AND o.identifier = c.identifier AND o.version = c.version
    WHERE c.project_id = $1 AND c.environment_id IS NULL AND c.kind IN ('flag', 'tag')
    AND (o.scope IS NULL OR coalesce(o.body, '') <> coalesce(c.after_body, ''))
    ORDER BY c.version, c.kind, c.identifier LIMIT 1";

const UNTOLD_IN_ENVIRONMENT: &str = "SELECT kind, identifier, version FROM object_version WHERE scope = $1
    EXCEPT SELECT kind, identifier, version FROM change
    WHERE environment_id = $1 AND kind IN ('flag_config', 'segment')
    ORDER BY version, kind, identifier LIMIT 1";

const UNTOLD_IN_PROJECT: &str = "SELECT kind, identifier, version FROM object_version WHERE scope = $1
    EXCEPT SELECT kind, identifier, version FROM change
    WHERE project_id = $1 AND environment_id IS NULL AND kind IN ('flag', 'tag')
    ORDER BY version, kind, identifier LIMIT 1";

/// The newest version of each object against `current_object`, and the reverse.
const CURRENT: &str = "SELECT o.kind, o.identifier, o.version FROM object_version o
    LEFT JOIN current_object n ON n.scope = o.scope AND n.kind = o.kind AND n.identifier = o.identifier
    WHERE o.scope = $1 AND (n.scope IS NULL OR n.version < o.version
    OR (n.version = o.version AND coalesce(n.body, '') <> coalesce(o.body, '')))
    ORDER BY o.version, o.kind, o.identifier LIMIT 1";

const CURRENT_ONLY: &str = "SELECT n.kind, n.identifier, n.version FROM current_object n
    LEFT JOIN object_version o ON o.scope = n.scope AND o.kind = n.kind AND o.identifier = n.identifier
    AND o.version = n.version
    WHERE n.scope = $1 AND o.scope IS NULL ORDER BY n.version, n.kind, n.identifier LIMIT 1";

/// The first object of the project that is not what its chain says.
pub(super) async fn first_damage(db: &dyn Db, project: &ProjectRow) -> Result<Option<ObjectDamage>, Error> {
    let history = [(HISTORY_OF_PROJECT, "object_version"), (UNTOLD_IN_PROJECT, "object_version")];
    let current = [(CURRENT, "current_object"), (CURRENT_ONLY, "current_object")];
    if let Some(damage) = first_of(db, project.id.as_str(), history.iter().chain(&current)).await? {
        return Ok(Some(damage));
    }
    let history = [(HISTORY_OF_ENVIRONMENT, "object_version"), (UNTOLD_IN_ENVIRONMENT, "object_version")];
    for environment in known_environments(db, &project.id).await? {
        let found = first_of(db, environment.row.id.as_str(), history.iter().chain(&current)).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

async fn first_of(
    db: &dyn Db,
    scope: &str,
    queries: impl Iterator<Item = &(&'static str, &'static str)>,
) -> Result<Option<ObjectDamage>, Error> {
    for (sql, table) in queries {
        let rows = db.query(Statement::new(sql).bind(scope)).await.map_err(unavailable)?;
        if let Some(row) = rows.first() {
            return read(row, scope, table).map(Some).map_err(unavailable);
        }
    }
    Ok(None)
}

fn read(row: &Row, scope: &str, table: &'static str) -> Result<ObjectDamage, platform::DbError> {
    Ok(ObjectDamage {
        table,
        scope: scope.to_owned(),
        kind: row.text(0)?.to_owned(),
        identifier: row.text(1)?.to_owned(),
        version: row.int(2)?,
    })
}
