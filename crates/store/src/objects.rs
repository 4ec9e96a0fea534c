//! Flags, flag configurations and segments: what they are now.

use model::{
    Domain, EnvironmentUuid, Error, EventKind, FlagId, ObjectChange, ProjectUuid, SegmentId, StreamEvent,
    Version,
};
use platform::{Db, DbError, Row, Statement};

use crate::fault::unavailable;
use crate::stored::read_named;

/// What a change row or object is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A flag in its project.
    Flag,
    /// A flag in one environment.
    FlagConfig,
    /// A segment.
    Segment,
    /// A tag in its project, made before any flag has it.
    Tag,
    /// A target: change rows only.
    Target,
    /// An SDK key: change rows only.
    Key,
    /// The project itself: change rows only.
    Project,
    /// An environment itself: change rows only.
    Environment,
    /// An access token: change rows only.
    Token,
}

impl Kind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::FlagConfig => "flag_config",
            Self::Segment => "segment",
            Self::Tag => "tag",
            Self::Target => "target",
            Self::Key => "key",
            Self::Project => "project",
            Self::Environment => "environment",
            Self::Token => "token",
        }
    }

    /// How streams spell it, if they tell of it.
    pub const fn domain(self) -> Option<Domain> {
        match self {
            Self::FlagConfig => Some(Domain::Flag),
            Self::Segment => Some(Domain::Segment),
            Self::Key => Some(Domain::Key),
            Self::Environment => Some(Domain::Environment),
            Self::Flag | Self::Tag | Self::Target | Self::Project | Self::Token => None,
        }
    }

    /// Whether it has rows in `object_version` and `current_object`.
    pub const fn is_object(self) -> bool {
        matches!(self, Self::Flag | Self::FlagConfig | Self::Segment | Self::Tag)
    }

    pub(crate) fn read(text: &str) -> Result<Self, DbError> {
        match text {
            "flag" => Ok(Self::Flag),
            "flag_config" => Ok(Self::FlagConfig),
            "segment" => Ok(Self::Segment),
            "tag" => Ok(Self::Tag),
            "target" => Ok(Self::Target),
            "key" => Ok(Self::Key),
            "project" => Ok(Self::Project),
            "environment" => Ok(Self::Environment),
            "token" => Ok(Self::Token),
            other => Err(DbError::Invalid(format!("{other:?} is not a kind of object"))),
        }
    }
}

/// The newest row of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CurrentObject {
    /// Project's or environment's id.
    pub scope: String,
    /// Its identifier in that scope.
    pub identifier: String,
    /// The version at which it became what it is.
    pub version: Version,
    /// Unix milliseconds of that write.
    pub changed_ms: i64,
    /// JSON; `None` for an object that was archived or deleted.
    pub body: Option<String>,
}

/// What changed in an environment, and the version that this brings a reader to.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The environment's version.
    pub version: Version,
    /// In the order of their versions.
    pub objects: Vec<ChangedObject>,
}

/// One object that changed.
#[derive(Clone, Debug)]
pub struct ChangedObject {
    /// When.
    pub version: Version,
    /// What it is now.
    pub change: ObjectChange,
}

const ONE: &str = "SELECT scope, identifier, version, changed_ms, body FROM current_object
    WHERE scope = $1 AND kind = $2 AND identifier = $3";

const OF_SCOPE: &str = "SELECT scope, identifier, version, changed_ms, body FROM current_object
    WHERE scope = $1 AND kind = $2 AND body IS NOT NULL ORDER BY identifier";

/// Kinds are told apart by the reader: a condition on them would lead `SQLite` to the primary key, and with it
/// through all objects of the scope.
const AFTER: &str = "SELECT scope, identifier, version, changed_ms, body, kind FROM current_object
    WHERE scope = $1 AND version > $2 ORDER BY identifier";

/// As many as fit well into one statement; where fewer are wanted, the last one is named again.
const SOME_AT_ONCE: usize = 32;

const SOME: &str = "SELECT scope, identifier, version, changed_ms, body FROM current_object
    WHERE scope = $1 AND kind = $2 AND identifier IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
    $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)";

const COUNT: &str = "SELECT count(*) FROM current_object WHERE scope = $1 AND kind = $2 AND body IS NOT NULL";

const LAST_BODY: &str = "SELECT body FROM object_version
    WHERE scope = $1 AND kind = $2 AND identifier = $3 AND body IS NOT NULL ORDER BY version DESC LIMIT 1";

const CONFIGS_OF_FLAG: &str = "SELECT o.scope, o.identifier, o.version, o.changed_ms, o.body
    FROM environment e JOIN current_object o
    ON o.scope = e.id AND o.kind = 'flag_config' AND o.identifier = $1
    WHERE e.project_id = $2 AND NOT e.deleted ORDER BY o.scope";

const REFERRING: &str = "SELECT kind, identifier FROM current_reference
    WHERE scope = $1 AND target_kind = $2 AND target_identifier = $3 ORDER BY kind, identifier";

const CHANGED_AFTER: &str = "SELECT e.version, o.kind, o.identifier, o.version, o.body
    FROM environment e LEFT JOIN current_object o ON o.scope = e.id AND o.version > $1
    WHERE e.id = $2 AND NOT e.deleted ORDER BY o.version, o.kind, o.identifier";

const EVENTS: &str = "SELECT e.version, o.kind, o.identifier, o.version,
    CASE WHEN o.body IS NULL THEN 1 ELSE 0 END
    FROM environment e LEFT JOIN current_object o
    ON o.scope = e.id AND o.version > $1 AND o.changed_ms >= $2
    WHERE e.id = $3 AND NOT e.deleted ORDER BY o.version, o.kind, o.identifier";

/// The object as it is now, tombstones included.
///
/// # Errors
/// `Unavailable`.
pub async fn current(
    db: &dyn Db,
    scope: &str,
    kind: Kind,
    identifier: &str,
) -> Result<Option<CurrentObject>, Error> {
    let statement = Statement::new(ONE).bind(scope).bind(kind.as_str()).bind(identifier);
    let rows = db.query(statement).await.map_err(unavailable)?;
    rows.first().map(read).transpose().map_err(unavailable)
}

/// All objects of one kind that are not gone, by identifier.
///
/// # Errors
/// `Unavailable`.
pub async fn current_bodies(db: &dyn Db, scope: &str, kind: Kind) -> Result<Vec<CurrentObject>, Error> {
    let rows = db.query(Statement::new(OF_SCOPE).bind(scope).bind(kind.as_str())).await;
    rows.map_err(unavailable)?.iter().map(|row| read(row).map_err(unavailable)).collect()
}

/// The objects of one kind that changed after `version`, tombstones included, by identifier.
///
/// # Errors
/// `Unavailable`.
pub async fn objects_after(
    db: &dyn Db,
    scope: &str,
    kind: Kind,
    version: Version,
) -> Result<Vec<CurrentObject>, Error> {
    let rows = db.query(Statement::new(AFTER).bind(scope).bind(version.0)).await.map_err(unavailable)?;
    let of_kind = rows.iter().filter(|row| row.text(5).is_ok_and(|text| text == kind.as_str()));
    of_kind.map(|row| read(row).map_err(unavailable)).collect()
}

/// The objects of these identifiers as they are now, tombstones included, in no order.
///
/// # Errors
/// `Unavailable`.
pub async fn some_current(
    db: &dyn Db,
    scope: &str,
    kind: Kind,
    identifiers: &[&str],
) -> Result<Vec<CurrentObject>, Error> {
    let mut found = Vec::with_capacity(identifiers.len());
    for some in identifiers.chunks(SOME_AT_ONCE) {
        let last = some.last().copied().unwrap_or_default();
        let padded = some.iter().copied().chain(std::iter::repeat(last)).take(SOME_AT_ONCE);
        let statement = Statement::new(SOME).bind(scope).bind(kind.as_str());
        let statement = padded.fold(statement, Statement::bind);
        let rows = db.query(statement).await.map_err(unavailable)?;
        for row in &rows {
            found.push(read(row).map_err(unavailable)?);
        }
    }
    Ok(found)
}

/// How many objects of one kind are not gone.
///
/// # Errors
/// `Unavailable`.
pub async fn count(db: &dyn Db, scope: &str, kind: Kind) -> Result<usize, Error> {
    let rows = db.query(Statement::new(COUNT).bind(scope).bind(kind.as_str())).await.map_err(unavailable)?;
    let count = rows.first().map_or(Ok(0), |row| row.int(0)).map_err(unavailable)?;
    usize::try_from(count).map_err(Error::internal)
}

/// What an object was before it was archived or deleted, or is now.
///
/// # Errors
/// `Unavailable`.
pub async fn last_body(
    db: &dyn Db,
    scope: &str,
    kind: Kind,
    identifier: &str,
) -> Result<Option<String>, Error> {
    let statement = Statement::new(LAST_BODY).bind(scope).bind(kind.as_str()).bind(identifier);
    let rows = db.query(statement).await.map_err(unavailable)?;
    rows.first().map(|row| row.text(0).map(str::to_owned)).transpose().map_err(unavailable)
}

/// A flag's configuration in every environment of the project, tombstones included.
///
/// # Errors
/// `Unavailable`.
pub async fn configs_of_flag(
    db: &dyn Db,
    project: &ProjectUuid,
    flag: &FlagId,
) -> Result<Vec<CurrentObject>, Error> {
    let statement = Statement::new(CONFIGS_OF_FLAG).bind(flag.as_str()).bind(project.as_str());
    let rows = db.query(statement).await.map_err(unavailable)?;
    rows.iter().map(|row| read(row).map_err(unavailable)).collect()
}

/// Who in `scope` names this object.
///
/// # Errors
/// `Unavailable`.
pub async fn referring(
    db: &dyn Db,
    scope: &str,
    kind: Kind,
    identifier: &str,
) -> Result<Vec<(Kind, String)>, Error> {
    let statement = Statement::new(REFERRING).bind(scope).bind(kind.as_str()).bind(identifier);
    let rows = db.query(statement).await.map_err(unavailable)?;
    let read = |row: &Row| Ok((Kind::read(row.text(0)?)?, row.text(1)?.to_owned()));
    rows.iter().map(|row| read(row).map_err(unavailable)).collect()
}

/// What changed in the environment after `version`, all of it for version 0. `None` if there is no
/// such environment.
///
/// # Errors
/// `Unavailable`.
pub async fn changed_after(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    version: Version,
) -> Result<Option<Changed>, Error> {
    let statement = Statement::new(CHANGED_AFTER).bind(version.0).bind(environment.as_str());
    let rows = db.query(statement).await.map_err(unavailable)?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut changed = Changed {
        version: Version(first.int(0).map_err(unavailable)?),
        objects: Vec::with_capacity(rows.len()),
    };
    for row in &rows {
        if let Some(object) = read_changed(row).map_err(unavailable)? {
            changed.objects.push(object);
        }
    }
    Ok(Some(changed))
}

/// The newest event of each object that changed after `version` and not before `since_ms` (Unix
/// milliseconds), with the environment's version. `None` if there is no such environment.
///
/// # Errors
/// `Unavailable`.
pub async fn change_events(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    version: Version,
    since_ms: i64,
) -> Result<Option<(Version, Vec<StreamEvent>)>, Error> {
    let statement = Statement::new(EVENTS).bind(version.0).bind(since_ms).bind(environment.as_str());
    let rows = db.query(statement).await.map_err(unavailable)?;
    let Some(first) = rows.first() else { return Ok(None) };
    let current = Version(first.int(0).map_err(unavailable)?);
    let events = rows.iter().filter_map(|row| read_event(row).transpose()).collect::<Result<_, _>>();
    Ok(Some((current, events.map_err(unavailable)?)))
}

pub(crate) fn read(row: &Row) -> Result<CurrentObject, DbError> {
    Ok(CurrentObject {
        scope: row.text(0)?.to_owned(),
        identifier: row.text(1)?.to_owned(),
        version: Version(row.int(2)?),
        changed_ms: row.int(3)?,
        body: row.opt_text(4)?.map(str::to_owned),
    })
}

fn read_changed(row: &Row) -> Result<Option<ChangedObject>, DbError> {
    let Some(kind) = row.opt_text(1)? else { return Ok(None) };
    let identifier = row.text(2)?;
    let change = match (Kind::read(kind)?, row.opt_text(4)?) {
        (Kind::FlagConfig, Some(body)) => ObjectChange::Flag(read_named(body, identifier)?),
        (Kind::FlagConfig, None) => ObjectChange::FlagGone(FlagId::from_wire(identifier)),
        (Kind::Segment, Some(body)) => ObjectChange::Segment(read_named(body, identifier)?),
        (Kind::Segment, None) => ObjectChange::SegmentGone(SegmentId::from_wire(identifier)),
        (
            Kind::Flag
            | Kind::Tag
            | Kind::Target
            | Kind::Key
            | Kind::Project
            | Kind::Environment
            | Kind::Token,
            _,
        ) => {
            return Ok(None);
        }
    };
    Ok(Some(ChangedObject { version: Version(row.int(3)?), change }))
}

fn read_event(row: &Row) -> Result<Option<StreamEvent>, DbError> {
    let Some(kind) = row.opt_text(1)? else { return Ok(None) };
    let Some(domain) = Kind::read(kind)?.domain() else { return Ok(None) };
    let event = if row.bool(4)? { EventKind::Delete } else { EventKind::Patch };
    let identifier = row.text(2)?.to_owned();
    Ok(Some(StreamEvent { event, domain, identifier, version: Version(row.int(3)?) }))
}
