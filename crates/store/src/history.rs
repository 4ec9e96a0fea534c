//! What an object was: its changes, newest first, and its body at an earlier version.

use model::{EnvironmentId, EnvironmentUuid, Error, ProjectUuid, Snapshot, Version};
use platform::{Db, DbError, Row, Statement};

use crate::audit::ChangePlace;
use crate::fault::unavailable;
use crate::objects::Kind;
use crate::order::Window;
use crate::stored::read_named;

/// Whose history.
#[derive(Clone, Copy, Debug)]
pub enum HistoryOf<'a> {
    /// A flag: of itself, and of what it serves in every environment or in one.
    Flag {
        /// Its project.
        project: &'a ProjectUuid,
        /// Which flag.
        id: &'a str,
        /// Only of what it serves there, and of itself.
        environment: Option<&'a EnvironmentUuid>,
    },
    /// A segment.
    Segment {
        /// Its project.
        project: &'a ProjectUuid,
        /// Its environment.
        environment: &'a EnvironmentUuid,
        /// Which segment.
        id: &'a str,
    },
}

/// One change of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistoryRow {
    /// Where it stands in its project's chain; there its bodies are.
    pub place: ChangePlace,
    /// The environment, unless the flag itself was changed.
    pub environment: Option<EnvironmentId>,
    /// The environment's version, or the project's revision, that the change made.
    pub version: Version,
    /// What kind of object.
    pub kind: Kind,
    /// `create`, `patch` or `delete`.
    pub event: String,
    /// What was done, as audit spells it.
    pub action: String,
    /// Who.
    pub actor: String,
    /// Why.
    pub comment: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Whether its bodies were erased.
    pub erased: bool,
}

/// The versions of the object lead to its changes: those of a project are too many to look through.
const OF_FLAG: &str = "SELECT c.revision AS revision, c.position AS position, CAST(NULL AS TEXT),
    c.version, c.kind, c.event, c.action, c.actor, c.comment, c.at_ms, c.erased
    FROM object_version o JOIN change c ON c.project_id = o.scope AND c.revision = o.version
        AND c.kind = o.kind AND c.identifier = o.identifier
    WHERE o.scope = $1 AND o.kind = 'flag' AND o.identifier = $2
    UNION ALL SELECT c.revision, c.position, e.identifier,
    c.version, c.kind, c.event, c.action, c.actor, c.comment, c.at_ms, c.erased
    FROM environment e
    JOIN object_version o ON o.scope = e.id AND o.kind = 'flag_config' AND o.identifier = $2
    JOIN change c ON c.environment_id = o.scope AND c.version = o.version
        AND c.kind = o.kind AND c.identifier = o.identifier
    WHERE e.project_id = $1 AND (CAST($3 AS TEXT) IS NULL OR e.id = $3)
    ORDER BY revision DESC, position DESC LIMIT $4 OFFSET $5";

const COUNT_OF_FLAG: &str = "SELECT (SELECT count(*) FROM object_version
    WHERE scope = $1 AND kind = 'flag' AND identifier = $2) + (SELECT count(*) FROM environment e
    JOIN object_version o ON o.scope = e.id AND o.kind = 'flag_config' AND o.identifier = $2
    WHERE e.project_id = $1 AND (CAST($3 AS TEXT) IS NULL OR e.id = $3))";

const OF_SEGMENT: &str = "SELECT c.revision, c.position, e.identifier,
    c.version, c.kind, c.event, c.action, c.actor, c.comment, c.at_ms, c.erased
    FROM object_version o JOIN environment e ON e.id = o.scope
    JOIN change c ON c.environment_id = o.scope AND c.version = o.version
        AND c.kind = o.kind AND c.identifier = o.identifier
    WHERE o.scope = $1 AND o.kind = 'segment' AND o.identifier = $2
    ORDER BY c.revision DESC, c.position DESC LIMIT $3 OFFSET $4";

const COUNT_OF_SEGMENT: &str =
    "SELECT count(*) FROM object_version WHERE scope = $1 AND kind = 'segment' AND identifier = $2";

const BODY_AT: &str = "SELECT body FROM object_version
    WHERE scope = $1 AND kind = $2 AND identifier = $3 AND version <= $4 ORDER BY version DESC LIMIT 1";

const ALL_AT: &str = "SELECT o.kind, o.identifier, o.body
    FROM (SELECT kind, identifier, max(version) AS version FROM object_version
        WHERE scope = $1 AND version <= $2 GROUP BY kind, identifier) newest
    JOIN object_version o ON o.scope = $1 AND o.kind = newest.kind AND o.identifier = newest.identifier
        AND o.version = newest.version
    WHERE o.body IS NOT NULL ORDER BY o.kind, o.identifier";

/// What an object was at a version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BodyAt {
    /// It was not there yet.
    NotYet,
    /// It had been archived or deleted.
    Gone,
    /// JSON.
    Body(String),
}

/// How many changes an object has had.
///
/// # Errors
/// `Unavailable`.
pub async fn count_history(db: &dyn Db, of: HistoryOf<'_>) -> Result<usize, Error> {
    let statement = match of {
        HistoryOf::Flag { .. } => of.bind(COUNT_OF_FLAG),
        HistoryOf::Segment { .. } => of.bind(COUNT_OF_SEGMENT),
    };
    let rows = db.query(statement).await.map_err(unavailable)?;
    let count = rows.first().map_or(Ok(0), |row| row.int(0)).map_err(unavailable)?;
    usize::try_from(count).map_err(Error::internal)
}

/// The changes of an object, newest first.
///
/// # Errors
/// `Unavailable`.
pub async fn history(db: &dyn Db, of: HistoryOf<'_>, window: Window) -> Result<Vec<HistoryRow>, Error> {
    let (statement, project) = match of {
        HistoryOf::Flag { project, .. } => (of.bind(OF_FLAG), project),
        HistoryOf::Segment { project, .. } => (of.bind(OF_SEGMENT), project),
    };
    let rows = db.query(window.bind(statement)).await.map_err(unavailable)?;
    rows.iter().map(|row| read(project, row).map_err(unavailable)).collect()
}

/// What an object was at a version of its environment or a revision of its project.
///
/// # Errors
/// `Unavailable`.
pub async fn body_at(
    db: &dyn Db,
    scope: &str,
    kind: Kind,
    identifier: &str,
    version: Version,
) -> Result<BodyAt, Error> {
    let statement = Statement::new(BODY_AT).bind(scope).bind(kind.as_str()).bind(identifier).bind(version.0);
    let rows = db.query(statement).await.map_err(unavailable)?;
    let Some(row) = rows.first() else { return Ok(BodyAt::NotYet) };
    let body = row.opt_text(0).map_err(unavailable)?;
    Ok(body.map_or(BodyAt::Gone, |body| BodyAt::Body(body.to_owned())))
}

/// Everything that an environment served at a version that it has reached.
///
/// # Errors
/// `Unavailable`.
pub async fn snapshot_at(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    version: Version,
) -> Result<Snapshot, Error> {
    let statement = Statement::new(ALL_AT).bind(environment.as_str()).bind(version.0);
    let rows = db.query(statement).await.map_err(unavailable)?;
    let mut snapshot = Snapshot { version, ..Snapshot::default() };
    for row in &rows {
        add(&mut snapshot, row).map_err(unavailable)?;
    }
    Ok(snapshot)
}

impl HistoryOf<'_> {
    fn bind(self, sql: &'static str) -> Statement {
        let statement = Statement::new(sql);
        match self {
            Self::Flag { project, id, environment } => {
                statement.bind(project.as_str()).bind(id).bind(environment.map(EnvironmentUuid::as_str))
            }
            Self::Segment { environment, id, .. } => statement.bind(environment.as_str()).bind(id),
        }
    }
}

fn add(snapshot: &mut Snapshot, row: &Row) -> Result<(), DbError> {
    let body = row.text(2)?;
    match Kind::read(row.text(0)?)? {
        Kind::FlagConfig => snapshot.flags.push(read_named(body, row.text(1)?)?),
        Kind::Segment => snapshot.segments.push(read_named(body, row.text(1)?)?),
        Kind::Flag
        | Kind::Tag
        | Kind::Target
        | Kind::Key
        | Kind::Project
        | Kind::Environment
        | Kind::Token => {}
    }
    Ok(())
}

fn read(project: &ProjectUuid, row: &Row) -> Result<HistoryRow, DbError> {
    Ok(HistoryRow {
        place: ChangePlace { project: project.clone(), revision: row.int(0)?, position: row.int(1)? },
        environment: row.opt_text(2)?.map(EnvironmentId::from_wire),
        version: Version(row.int(3)?),
        kind: Kind::read(row.text(4)?)?,
        event: row.text(5)?.to_owned(),
        action: row.text(6)?.to_owned(),
        actor: row.text(7)?.to_owned(),
        comment: row.text(8)?.to_owned(),
        at_ms: row.int(9)?,
        erased: row.bool(10)?,
    })
}
