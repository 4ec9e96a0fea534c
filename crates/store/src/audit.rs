//! The change rows as audit shows them: filtered, ordered and paged in SQL.

use model::{EnvironmentId, EnvironmentUuid, Error, ProjectUuid};
use platform::{Db, DbError, Row, Statement};

use crate::fault::unavailable;
use crate::objects::Kind;
use crate::order::{Direction, Window};

/// Characters of a body that a page of audit carries along. Larger ones are read one by one.
const BODY_CHARS_MAX: i64 = 64 * 1024;

/// Which changes are asked for; everything left out admits all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this environment.
    pub environment: Option<EnvironmentUuid>,
    /// Of this kind of object.
    pub kind: Option<Kind>,
    /// Of the object stored under this identifier.
    pub identifier: Option<String>,
    /// By this author.
    pub actor: Option<String>,
    /// Of this action, as it is spelt in the rows.
    pub action: Option<String>,
    /// Not before this time, in Unix milliseconds.
    pub from_ms: Option<i64>,
    /// Not after this time, in Unix milliseconds.
    pub until_ms: Option<i64>,
}

/// One change of one object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRow {
    /// Where it stands in its project's chain.
    pub place: ChangePlace,
    /// The environment, unless the change concerns the project only.
    pub environment: Option<EnvironmentId>,
    /// What kind of object.
    pub kind: Kind,
    /// Which.
    pub identifier: String,
    /// What was done.
    pub action: String,
    /// Who.
    pub actor: String,
    /// Why.
    pub comment: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Whether what it was before is kept.
    pub has_before: bool,
    /// Whether what it became is kept.
    pub has_after: bool,
    /// JSON, unless it is large.
    pub before: Option<String>,
    /// JSON, unless it is large.
    pub after: Option<String>,
}

/// The place of a change in its project.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangePlace {
    /// The project.
    pub project: ProjectUuid,
    /// Its revision.
    pub revision: i64,
    /// The place among the rows of that revision.
    pub position: i64,
}

const COUNT: &str = "SELECT count(*) FROM change c WHERE c.project_id = $1
    AND (CAST($2 AS TEXT) IS NULL OR c.environment_id = $2) AND (CAST($3 AS TEXT) IS NULL OR c.kind = $3)
    AND (CAST($4 AS TEXT) IS NULL OR c.identifier = $4) AND (CAST($5 AS TEXT) IS NULL OR c.actor = $5)
    AND (CAST($6 AS TEXT) IS NULL OR c.action = $6)
    AND (CAST($7 AS BIGINT) IS NULL OR c.at_ms >= $7) AND (CAST($8 AS BIGINT) IS NULL OR c.at_ms <= $8)";

const NEWEST: &str = "SELECT c.revision, c.position, e.identifier, c.kind, c.identifier, c.action, c.actor,
    c.comment, c.at_ms, c.before_body IS NOT NULL, c.after_body IS NOT NULL,
    CASE WHEN length(c.before_body) <= CAST($1 AS BIGINT) THEN c.before_body END,
    CASE WHEN length(c.after_body) <= CAST($1 AS BIGINT) THEN c.after_body END
    FROM change c LEFT JOIN environment e ON e.id = c.environment_id
    WHERE c.project_id = $2
    AND (CAST($3 AS TEXT) IS NULL OR c.environment_id = $3) AND (CAST($4 AS TEXT) IS NULL OR c.kind = $4)
    AND (CAST($5 AS TEXT) IS NULL OR c.identifier = $5) AND (CAST($6 AS TEXT) IS NULL OR c.actor = $6)
    AND (CAST($7 AS TEXT) IS NULL OR c.action = $7)
    AND (CAST($8 AS BIGINT) IS NULL OR c.at_ms >= $8) AND (CAST($9 AS BIGINT) IS NULL OR c.at_ms <= $9)
    ORDER BY c.revision DESC, c.position DESC LIMIT $10 OFFSET $11";

const OLDEST: &str = "SELECT c.revision, c.position, e.identifier, c.kind, c.identifier, c.action, c.actor,
    c.comment, c.at_ms, c.before_body IS NOT NULL, c.after_body IS NOT NULL,
    CASE WHEN length(c.before_body) <= CAST($1 AS BIGINT) THEN c.before_body END,
    CASE WHEN length(c.after_body) <= CAST($1 AS BIGINT) THEN c.after_body END
    FROM change c LEFT JOIN environment e ON e.id = c.environment_id
    WHERE c.project_id = $2
    AND (CAST($3 AS TEXT) IS NULL OR c.environment_id = $3) AND (CAST($4 AS TEXT) IS NULL OR c.kind = $4)
    AND (CAST($5 AS TEXT) IS NULL OR c.identifier = $5) AND (CAST($6 AS TEXT) IS NULL OR c.actor = $6)
    AND (CAST($7 AS TEXT) IS NULL OR c.action = $7)
    AND (CAST($8 AS BIGINT) IS NULL OR c.at_ms >= $8) AND (CAST($9 AS BIGINT) IS NULL OR c.at_ms <= $9)
    ORDER BY c.revision, c.position LIMIT $10 OFFSET $11";

const BODIES: &str =
    "SELECT before_body, after_body FROM change WHERE project_id = $1 AND revision = $2 AND position = $3";

/// How many changes of the project the filter admits.
///
/// # Errors
/// `Unavailable`.
pub async fn count_changes(db: &dyn Db, project: &ProjectUuid, filter: &AuditFilter) -> Result<usize, Error> {
    let statement = filter.bind(Statement::new(COUNT).bind(project.as_str()));
    let rows = db.query(statement).await.map_err(unavailable)?;
    let count = rows.first().map_or(Ok(0), |row| row.int(0)).map_err(unavailable)?;
    usize::try_from(count).map_err(Error::internal)
}

/// The changes that the filter admits, by revision.
///
/// # Errors
/// `Unavailable`.
pub async fn changes_of(
    db: &dyn Db,
    project: &ProjectUuid,
    filter: &AuditFilter,
    direction: Direction,
    window: Window,
) -> Result<Vec<AuditRow>, Error> {
    let statement = Statement::new(match direction {
        Direction::Ascending => OLDEST,
        Direction::Descending => NEWEST,
    });
    let statement = filter.bind(statement.bind(BODY_CHARS_MAX).bind(project.as_str()));
    let rows = db.query(window.bind(statement)).await.map_err(unavailable)?;
    rows.iter().map(|row| read(project, row).map_err(unavailable)).collect()
}

/// What the object of a change was before and after. `None` if there is no such change; a body is `None`
/// if the object did not exist, or if the body was erased.
///
/// # Errors
/// `Unavailable`.
pub async fn change_bodies(
    db: &dyn Db,
    place: &ChangePlace,
) -> Result<Option<(Option<String>, Option<String>)>, Error> {
    let statement =
        Statement::new(BODIES).bind(place.project.as_str()).bind(place.revision).bind(place.position);
    let rows = db.query(statement).await.map_err(unavailable)?;
    let read = |row: &Row| Ok((row.opt_text(0)?.map(str::to_owned), row.opt_text(1)?.map(str::to_owned)));
    rows.first().map(read).transpose().map_err(unavailable)
}

impl AuditFilter {
    fn bind(&self, statement: Statement) -> Statement {
        statement
            .bind(self.environment.as_ref().map(EnvironmentUuid::as_str))
            .bind(self.kind.map(Kind::as_str))
            .bind(self.identifier.as_deref())
            .bind(self.actor.as_deref())
            .bind(self.action.as_deref())
            .bind(self.from_ms)
            .bind(self.until_ms)
    }
}

fn read(project: &ProjectUuid, row: &Row) -> Result<AuditRow, DbError> {
    Ok(AuditRow {
        place: ChangePlace { project: project.clone(), revision: row.int(0)?, position: row.int(1)? },
        environment: row.opt_text(2)?.map(EnvironmentId::from_wire),
        kind: Kind::read(row.text(3)?)?,
        identifier: row.text(4)?.to_owned(),
        action: row.text(5)?.to_owned(),
        actor: row.text(6)?.to_owned(),
        comment: row.text(7)?.to_owned(),
        at_ms: row.int(8)?,
        has_before: row.bool(9)?,
        has_after: row.bool(10)?,
        before: row.opt_text(11)?.map(str::to_owned),
        after: row.opt_text(12)?.map(str::to_owned),
    })
}
