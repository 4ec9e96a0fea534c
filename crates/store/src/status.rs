//! Where an installation stands: versions of everything, and what waits.

use model::{
    AccountId, EnvironmentId, EnvironmentUuid, Error, OrganisationId, ProjectId, ProjectUuid, Version,
};
use platform::{Db, DbError, Row, Statement};

use crate::fault::unavailable;
use crate::order::Window;

/// What is written and not yet passed on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Backlog {
    /// Changes that are not announced.
    pub changes: i64,
    /// When the oldest of them was made, in Unix milliseconds.
    pub oldest_ms: Option<i64>,
    /// Jobs in the table of the work queue.
    pub jobs: i64,
}

/// A project and its environments at their versions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProjectStanding {
    /// Whose it is.
    pub account: AccountId,
    /// Where it belongs.
    pub organisation: OrganisationId,
    /// Its identifier.
    pub identifier: ProjectId,
    /// How often it was written.
    pub revision: i64,
    /// Its environments, by identifier.
    pub environments: Vec<(EnvironmentId, EnvironmentUuid, Version)>,
}

const BACKLOG: &str = "SELECT (SELECT count(*) FROM change WHERE NOT sent),
    (SELECT min(at_ms) FROM change WHERE NOT sent), (SELECT count(*) FROM work_queue)";

const NEWEST: &str = "SELECT max(at_ms) FROM change";

/// What has no identifier is a chain of its account's own changes.
const COUNT: &str = "SELECT count(*) FROM project WHERE NOT deleted AND identifier <> ''
    AND (CAST($1 AS TEXT) IS NULL OR account = $1) AND (CAST($2 AS TEXT) IS NULL OR id = $2)";

const PROJECTS: &str = "SELECT p.account, p.organisation, p.identifier, p.revision,
    e.identifier, e.id, e.version
    FROM (SELECT id, account, organisation, identifier, revision FROM project WHERE NOT deleted AND identifier <> ''
        AND (CAST($1 AS TEXT) IS NULL OR account = $1) AND (CAST($2 AS TEXT) IS NULL OR id = $2)
        ORDER BY account, organisation, identifier LIMIT $3 OFFSET $4) p
    LEFT JOIN environment e ON e.project_id = p.id AND NOT e.deleted
    ORDER BY p.account, p.organisation, p.identifier, e.identifier";

/// What waits to be passed on.
///
/// # Errors
/// `Unavailable`.
pub async fn backlog(db: &dyn Db) -> Result<Backlog, Error> {
    let rows = db.query(Statement::new(BACKLOG)).await.map_err(unavailable)?;
    let read =
        |row: &Row| Ok(Backlog { changes: row.int(0)?, oldest_ms: row.opt_int(1)?, jobs: row.int(2)? });
    rows.first().map_or(Ok(Backlog::default()), read).map_err(unavailable)
}

/// When the newest change was made by the clock of whoever made it, in Unix milliseconds. Looks at every change.
///
/// # Errors
/// `Unavailable`.
pub async fn newest_change_ms(db: &dyn Db) -> Result<Option<i64>, Error> {
    let rows = db.query(Statement::new(NEWEST)).await.map_err(unavailable)?;
    rows.first().map_or(Ok(None), |row| row.opt_int(0)).map_err(unavailable)
}

/// How many projects there are, in one account or only this one where these are given.
///
/// # Errors
/// `Unavailable`.
pub async fn count_projects(
    db: &dyn Db,
    account: Option<&AccountId>,
    project: Option<&ProjectUuid>,
) -> Result<usize, Error> {
    let rows = db.query(bind(COUNT, account, project)).await.map_err(unavailable)?;
    let count = rows.first().map_or(Ok(0), |row| row.int(0)).map_err(unavailable)?;
    usize::try_from(count).map_err(Error::internal)
}

/// Those projects with their environments, by account, organisation and identifier.
///
/// # Errors
/// `Unavailable`.
pub async fn project_standings(
    db: &dyn Db,
    account: Option<&AccountId>,
    project: Option<&ProjectUuid>,
    window: Window,
) -> Result<Vec<ProjectStanding>, Error> {
    let rows = db.query(window.bind(bind(PROJECTS, account, project))).await.map_err(unavailable)?;
    let mut standings: Vec<ProjectStanding> = Vec::new();
    for row in &rows {
        add(&mut standings, row).map_err(unavailable)?;
    }
    Ok(standings)
}

fn bind(sql: &'static str, account: Option<&AccountId>, project: Option<&ProjectUuid>) -> Statement {
    Statement::new(sql).bind(account.map(AccountId::as_str)).bind(project.map(ProjectUuid::as_str))
}

fn add(standings: &mut Vec<ProjectStanding>, row: &Row) -> Result<(), DbError> {
    let standing = ProjectStanding {
        account: AccountId::from_wire(row.text(0)?),
        organisation: OrganisationId::from_wire(row.text(1)?),
        identifier: ProjectId::from_wire(row.text(2)?),
        revision: row.int(3)?,
        environments: Vec::new(),
    };
    let same = |last: &ProjectStanding| {
        (&last.account, &last.organisation, &last.identifier)
            == (&standing.account, &standing.organisation, &standing.identifier)
    };
    if !standings.last().is_some_and(same) {
        standings.push(standing);
    }
    if let (Some(last), Some(identifier)) = (standings.last_mut(), row.opt_text(4)?) {
        let id = EnvironmentUuid::from_wire(row.text(5)?);
        last.environments.push((EnvironmentId::from_wire(identifier), id, Version(row.int(6)?)));
    }
    Ok(())
}
