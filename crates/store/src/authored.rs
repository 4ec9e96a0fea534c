//! What one author wrote last of each object.

use model::{EnvironmentUuid, Error, ProjectUuid};
use platform::{Db, DbError, Row, Statement};

use crate::fault::unavailable;
use crate::objects::Kind;

/// The newest change that an author made to an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authored {
    /// The environment's id; `None` for objects of the project.
    pub environment: Option<String>,
    /// As stored.
    pub kind: String,
    /// Which object.
    pub identifier: String,
    /// The project's revision.
    pub revision: i64,
}

const NEWEST: &str = "SELECT environment_id, kind, identifier, max(revision) FROM change
    WHERE project_id = $1 AND actor = $2 GROUP BY environment_id, kind, identifier";

const BODY: &str = "SELECT after_body FROM change
    WHERE project_id = $1 AND revision = $2 AND kind = $3 AND identifier = $4
    AND coalesce(environment_id, '') = $5";

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
            revision: row.int(3)?,
        })
    };
    rows.map_err(unavailable)?.iter().map(|row| read(row).map_err(unavailable)).collect()
}

/// What an object became at a revision. `None` if it is not told of there, was deleted, or its body was
/// erased.
///
/// # Errors
/// `Unavailable`.
pub async fn authored_body(
    db: &dyn Db,
    project: &ProjectUuid,
    revision: i64,
    (environment, kind, identifier): (Option<&EnvironmentUuid>, Kind, &str),
) -> Result<Option<String>, Error> {
    let statement = Statement::new(BODY)
        .bind(project.as_str())
        .bind(revision)
        .bind(kind.as_str())
        .bind(identifier)
        .bind(environment.map_or("", EnvironmentUuid::as_str));
    let rows = db.query(statement).await.map_err(unavailable)?;
    let body = rows.first().map_or(Ok(None), |row| row.opt_text(0));
    Ok(body.map_err(unavailable)?.map(str::to_owned))
}
