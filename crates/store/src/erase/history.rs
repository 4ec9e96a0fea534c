//! A target in the history of a project: change rows, and the versions of objects that they tell of.

use std::collections::HashSet;

use async_trait::async_trait;
use model::{Error, ProjectUuid};
use platform::{Db, DbError, Row, Statement};

use super::mentions::{Forgotten, Left};
use super::note::ErasureNote;
use crate::chain::{Content, content_digest};
use crate::chain_rows::{ChangeRow, RowPlace, row_at};
use crate::fault::unavailable;
use crate::write::{Decision, Plan, ProjectState};

/// Rows looked at in one go.
const ROWS: i64 = 500;

/// Bytes of bodies that one batch rewrites, so that a long history of a large segment is erased part by
/// part.
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Which rows may name the target; what they say is looked at in Rust.
const CANDIDATES: &str = "SELECT revision, position, environment_id FROM change
    WHERE project_id = $1 AND (revision, position) > ($2, $3)
    AND ((kind = 'target' AND identifier = $4) OR replace(comment, $4, '') <> comment
    OR replace(before_body, $5, '') <> before_body OR replace(after_body, $5, '') <> after_body)
    ORDER BY revision, position LIMIT $6";

const REWRITE: &str = "UPDATE change SET identifier = $1, comment = $2, before_body = $3, after_body = $4,
    erased = TRUE WHERE project_id = $5 AND revision = $6 AND position = $7";

const REWRITE_VERSION: &str =
    "UPDATE object_version SET body = $1 WHERE scope = $2 AND kind = $3 AND identifier = $4 AND version = $5";

const REWRITE_CURRENT: &str =
    "UPDATE current_object SET body = $1 WHERE scope = $2 AND kind = $3 AND identifier = $4 AND version = $5";

/// A part of a project's history in which the target may be.
pub(super) struct History<'a> {
    pub(super) project: &'a ProjectUuid,
    pub(super) target: &'a Forgotten,
    /// Only changes in these environments; `None` for all, and those that concern none.
    pub(super) environments: Option<&'a HashSet<String>>,
}

/// Rows that name the target, with what is to be left of them.
#[derive(Default)]
pub(super) struct Found {
    rows: Vec<(ChangeRow, Left)>,
    /// How far the walk came; `None` at the end of the history.
    pub(super) next: Option<RowPlace>,
}

impl Found {
    pub(super) fn count(&self) -> u64 {
        self.rows.len() as u64
    }
}

impl History<'_> {
    /// The next rows after `place` that name the target, as many as one batch rewrites.
    pub(super) async fn find(&self, db: &dyn Db, place: RowPlace) -> Result<Found, Error> {
        let candidates = self.candidates(db, place).await.map_err(unavailable)?;
        let mut found = Found { next: candidates.last().map(|(place, _)| *place), ..Found::default() };
        let mut bytes = 0;
        for (place, environment) in candidates {
            if !self.concerns(environment.as_deref()) {
                continue;
            }
            let row = row_at(db, self.project, place).await.map_err(unavailable)?;
            let Some(left) = self.target.leave_row(&row)? else { continue };
            bytes += [&left.before, &left.after].into_iter().flatten().map(String::len).sum::<usize>();
            found.rows.push((row, left));
            if bytes > BATCH_BYTES {
                found.next = Some(place);
                break;
            }
        }
        Ok(found)
    }

    fn concerns(&self, environment: Option<&str>) -> bool {
        match (self.environments, environment) {
            (None, _) => true,
            (Some(chosen), Some(environment)) => chosen.contains(environment),
            (Some(_), None) => false,
        }
    }

    async fn candidates(
        &self,
        db: &dyn Db,
        place: RowPlace,
    ) -> Result<Vec<(RowPlace, Option<String>)>, DbError> {
        let statement = Statement::new(CANDIDATES)
            .bind(self.project.as_str())
            .bind(place.revision)
            .bind(place.position)
            .bind(self.target.identifier())
            .bind(self.target.quoted())
            .bind(ROWS);
        let read = |row: &Row| {
            let place = RowPlace { revision: row.int(0)?, position: row.int(1)? };
            Ok((place, row.opt_text(2)?.map(str::to_owned)))
        };
        db.query(statement).await?.iter().map(read).collect()
    }
}

/// Rewrites rows of the history and notes it in the chain, together with rows of other tables.
pub(super) struct Rewrite<'a> {
    pub(super) found: &'a Found,
    pub(super) other_rows: Vec<Statement>,
}

#[async_trait]
impl Decision for Rewrite<'_> {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut plan = Plan::new(());
        let mut note = ErasureNote::default();
        for (row, left) in &self.found.rows {
            let content = Content {
                identifier: &left.identifier,
                comment: &left.comment,
                before: left.before.as_deref(),
                after: left.after.as_deref(),
            };
            note.add(row.place, &content_digest(&content));
            plan.row(rewrite(&state.project.id, row, left));
            if row.after != left.after && row.kind != super::TARGET {
                let scope = row.environment.as_deref().unwrap_or(state.project.id.as_str());
                plan.row(rewrite_object(REWRITE_VERSION, scope, row, left));
                plan.row(rewrite_object(REWRITE_CURRENT, scope, row, left));
            }
        }
        plan.step(note.step()?);
        for row in &self.other_rows {
            plan.row(row.clone());
        }
        Ok(plan)
    }
}

fn rewrite(project: &ProjectUuid, row: &ChangeRow, left: &Left) -> Statement {
    Statement::new(REWRITE)
        .bind(left.identifier.as_str())
        .bind(left.comment.as_str())
        .bind(left.before.clone())
        .bind(left.after.clone())
        .bind(project.as_str())
        .bind(row.place.revision)
        .bind(row.place.position)
        .expect_rows(1)
}

fn rewrite_object(sql: &'static str, scope: &str, row: &ChangeRow, left: &Left) -> Statement {
    Statement::new(sql)
        .bind(left.after.clone())
        .bind(scope)
        .bind(row.kind.as_str())
        .bind(row.identifier.as_str())
        .bind(row.version)
}
