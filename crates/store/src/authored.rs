//! Which objects an author wrote.

use model::{Error, ProjectUuid, Version};
use platform::{Db, DbError, Row, Statement};

use crate::fault::unavailable;

/// The newest change that an author made to an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authored {
    /// The environment's id; `None` for objects of the project.
    pub environment: Option<String>,
    /// As stored.
    pub kind: String,
    /// Which object.
    pub identifier: String,
    /// The version that it has since.
    pub version: Version,
}

const NEWEST: &str = "SELECT environment_id, kind, identifier, max(version) FROM change
    WHERE project_id = $1 AND actor = $2 GROUP BY environment_id, kind, identifier";

/// The newest change of each object of the project that `actor` wrote.
///
/// # Errors
/// `Unavailable`.
pub async fn newest_by_author(
    db: &dyn Db,
    project: &ProjectUuid,
    actor: &str,
) -> Result<Vec<Authored>, Error> {
    let rows = db.query(Statement::new(NEWEST).bind(project.as_str()).bind(actor)).await;
    let read = |row: &Row| {
        Ok::<_, DbError>(Authored {
            environment: row.opt_text(0)?.map(str::to_owned),
            kind: row.text(1)?.to_owned(),
            identifier: row.text(2)?.to_owned(),
            version: Version(row.int(3)?),
        })
    };
    rows.map_err(unavailable)?.iter().map(|row| read(row).map_err(unavailable)).collect()
}
