//! Whole change rows, in the order of their chain and a page at a time.

use model::ProjectUuid;
use platform::{Db, DbError, Row, Statement};

use crate::chain::{Content, Link};

/// Rows of one page. With bodies of [`BODY_CHARS_MAX`] it is some tens of megabytes.
const ROWS: i64 = 200;

/// Characters of a body that a page carries along; larger ones are read one by one.
const BODY_CHARS_MAX: i64 = 64 * 1024;

/// Before every row of a chain.
pub(crate) const BEFORE_ALL: RowPlace = RowPlace { revision: i64::MIN, position: i64::MIN };

/// Where a row stands in its project's chain.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RowPlace {
    /// The project's revision, from 1.
    pub revision: i64,
    /// The place among the rows of that revision, from 0.
    pub position: i64,
}

/// One change row, whole.
pub(crate) struct ChangeRow {
    pub(crate) place: RowPlace,
    pub(crate) change_id: String,
    pub(crate) environment: Option<String>,
    pub(crate) version: i64,
    pub(crate) kind: String,
    pub(crate) identifier: String,
    pub(crate) event: String,
    pub(crate) dependants: String,
    pub(crate) action: String,
    pub(crate) actor: String,
    pub(crate) comment: String,
    pub(crate) at_ms: i64,
    pub(crate) erased: bool,
    pub(crate) digest: Vec<u8>,
    pub(crate) hash: Vec<u8>,
    pub(crate) sent: bool,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

const PAGE: &str = "SELECT revision, position, change_id, environment_id, version, kind, identifier, event,
    dependants, action, actor, comment, at_ms, erased, body_hash, hash, sent,
    length(before_body) > CAST($1 AS BIGINT) OR length(after_body) > CAST($1 AS BIGINT),
    CASE WHEN length(before_body) <= CAST($1 AS BIGINT) THEN before_body END,
    CASE WHEN length(after_body) <= CAST($1 AS BIGINT) THEN after_body END
    FROM change WHERE project_id = $2 AND (revision, position) > ($3, $4)
    ORDER BY revision, position LIMIT $5";

const NEXT_PLACE: &str = "SELECT revision, position FROM change
    WHERE project_id = $1 AND (revision, position) > ($2, $3)
    ORDER BY revision, position LIMIT 1";

const BODIES: &str =
    "SELECT before_body, after_body FROM change WHERE project_id = $1 AND revision = $2 AND position = $3";

/// How many rows are read at once.
#[derive(Clone, Copy)]
pub(crate) enum Batch {
    Page,
    /// For finding out which row of a page cannot be read.
    One,
}

/// The next rows after `place`; none at the end of the chain.
///
/// # Errors
/// `Invalid` if a row holds what no change row can hold.
pub(crate) async fn rows_after(
    db: &dyn Db,
    project: &ProjectUuid,
    place: RowPlace,
    batch: Batch,
) -> Result<Vec<ChangeRow>, DbError> {
    let limit = match batch {
        Batch::Page => ROWS,
        Batch::One => 1,
    };
    let statement = Statement::new(PAGE).bind(BODY_CHARS_MAX).bind(project.as_str());
    let found = db.query(statement.bind(place.revision).bind(place.position).bind(limit)).await?;
    let mut rows = Vec::with_capacity(found.len());
    for columns in &found {
        let mut row = read(columns)?;
        if is_true(columns, 17)? {
            (row.before, row.after) = bodies(db, project, row.place).await?;
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The row at `place`.
///
/// # Errors
/// As [`rows_after`]; `Unavailable` if there is none.
pub(crate) async fn row_at(
    db: &dyn Db,
    project: &ProjectUuid,
    place: RowPlace,
) -> Result<ChangeRow, DbError> {
    let before = RowPlace { position: place.position.saturating_sub(1), ..place };
    let row = rows_after(db, project, before, Batch::One).await?.pop();
    row.filter(|row| row.place == place).ok_or_else(vanished)
}

/// The place of the next row after `place`, whatever else the row holds.
pub(crate) async fn place_after(
    db: &dyn Db,
    project: &ProjectUuid,
    place: RowPlace,
) -> Result<Option<RowPlace>, DbError> {
    let statement = Statement::new(NEXT_PLACE).bind(project.as_str());
    let rows = db.query(statement.bind(place.revision).bind(place.position)).await?;
    rows.first().map(read_place).transpose()
}

impl ChangeRow {
    /// What of it may be erased.
    pub(crate) fn content(&self) -> Content<'_> {
        Content {
            identifier: &self.identifier,
            comment: &self.comment,
            before: self.before.as_deref(),
            after: self.after.as_deref(),
        }
    }

    /// The whole of it, with a digest of its content.
    pub(crate) fn link<'a>(&'a self, content: &'a [u8]) -> Link<'a> {
        Link {
            revision: self.place.revision,
            position: self.place.position,
            change_id: &self.change_id,
            at_ms: self.at_ms,
            actor: &self.actor,
            action: &self.action,
            environment: self.environment.as_deref(),
            version: self.version,
            kind: &self.kind,
            event: &self.event,
            dependants: &self.dependants,
            content,
        }
    }
}

async fn bodies(
    db: &dyn Db,
    project: &ProjectUuid,
    place: RowPlace,
) -> Result<(Option<String>, Option<String>), DbError> {
    let statement = Statement::new(BODIES).bind(project.as_str()).bind(place.revision).bind(place.position);
    let rows = db.query(statement).await?;
    let row = rows.first().ok_or_else(vanished)?;
    Ok((text(row, 0)?, text(row, 1)?))
}

fn vanished() -> DbError {
    DbError::Unavailable("a change row vanished while it was read".to_owned())
}

fn read(row: &Row) -> Result<ChangeRow, DbError> {
    let owned = |column| Ok(row.text(column)?.to_owned());
    Ok(ChangeRow {
        place: read_place(row)?,
        change_id: owned(2)?,
        environment: text(row, 3)?,
        version: row.int(4)?,
        kind: owned(5)?,
        identifier: owned(6)?,
        event: owned(7)?,
        dependants: owned(8)?,
        action: owned(9)?,
        actor: owned(10)?,
        comment: owned(11)?,
        at_ms: row.int(12)?,
        erased: row.bool(13)?,
        digest: row.bytes(14)?.to_vec(),
        hash: row.bytes(15)?.to_vec(),
        sent: row.bool(16)?,
        before: text(row, 18)?,
        after: text(row, 19)?,
    })
}

fn read_place(row: &Row) -> Result<RowPlace, DbError> {
    Ok(RowPlace { revision: row.int(0)?, position: row.int(1)? })
}

fn text(row: &Row, column: usize) -> Result<Option<String>, DbError> {
    Ok(row.opt_text(column)?.map(str::to_owned))
}

/// A comparison with a body that is not there is neither true nor false.
fn is_true(row: &Row, column: usize) -> Result<bool, DbError> {
    match row.0.get(column) {
        Some(platform::Value::Null) => Ok(false),
        _ => row.bool(column),
    }
}
