//! What was done to a flag or a segment: who, when, why, and what it made different.

use api::{Page, PageRequest};
use model::{EnvironmentId, Error, FlagId, ObjectKind, SegmentId, Version};
use platform::Db;
use serde::Serialize;
use store::{HistoryOf, HistoryRow};

use super::difference::{Difference, differences};
use crate::answer::Answer;
use crate::call::Call;
use crate::sorting::window;

/// A page of changes, newest first.
#[derive(Serialize)]
struct History {
    #[serde(flatten)]
    page: Page,
    changes: Vec<Change>,
}

/// One change.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    /// The environment, unless the flag itself was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<EnvironmentId>,
    /// The environment's version that the change made; the project's revision if there is no environment.
    version: Version,
    /// The project's revision: changes of one write have the same.
    revision: i64,
    /// `create`, `patch` or `delete`.
    event: String,
    /// As audit spells what was done.
    action: String,
    actor: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    comment: String,
    at: i64,
    /// Empty if the object is new or gone, or if what it was has been erased.
    differences: Vec<Difference>,
    /// What it was has been erased.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
}

/// The flag's own changes with those of what it serves: in the environment that the query names, or in all.
pub(crate) async fn of_flag(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let project = call.project().await?;
    let environment = call.named_environment(&project).await?;
    let id = FlagId::parse(&call.identifier)?;
    let environment = environment.as_ref().map(|row| &row.id);
    let of = HistoryOf::Flag { project: &project.id, id: id.as_str(), environment };
    let found = read(call.db(), of, page).await?;
    Answer::ok(&found.ok_or_else(|| Error::not_found(ObjectKind::Flag, &id))?)
}

/// Deleted segments have their history, too.
pub(crate) async fn of_segment(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let place = call.place().await?;
    let id = SegmentId::parse(&call.identifier)?;
    let of = HistoryOf::Segment {
        project: &place.project.id,
        environment: &place.environment.id,
        id: id.as_str(),
    };
    let found = read(call.db(), of, page).await?;
    Answer::ok(&found.ok_or_else(|| Error::not_found(ObjectKind::Segment, &id))?)
}

/// `None` for what never was.
async fn read(db: &dyn Db, of: HistoryOf<'_>, page: PageRequest) -> Result<Option<History>, Error> {
    let count = store::count_history(db, of).await?;
    if count == 0 {
        return Ok(None);
    }
    let mut changes = Vec::new();
    for row in store::history(db, of, window(&page)).await? {
        // One by one: each may be megabytes.
        let bodies = store::change_bodies(db, &row.place).await?;
        changes.push(Change::new(row, bodies.unwrap_or_default())?);
    }
    Ok(Some(History { page: page.totals(count), changes }))
}

impl Change {
    fn new(row: HistoryRow, (before, after): (Option<String>, Option<String>)) -> Result<Self, Error> {
        let differences =
            if row.erased { Vec::new() } else { differences(row.kind, before.as_deref(), after.as_deref())? };
        Ok(Self {
            environment: row.environment,
            version: row.version,
            revision: row.place.revision,
            event: row.event,
            action: row.action,
            actor: row.actor,
            comment: row.comment,
            at: row.at_ms,
            differences,
            erased: row.erased,
        })
    }
}
