//! Forgetting a target: its personal data leaves every table, and the history still verifies.
//!
//! 1. An ordinary write takes it off the lists of flags and segments, so that SDKs learn it.
//! 2. Change rows that name it, and the versions of objects that they tell of, are rewritten without it;
//!    each keeps the digest of what it said, and a note in the chain says what is left (`note`).
//! 3. Its rows in other tables go; counts stay, without saying whose they are.
//!
//! Every part is one batch and may be repeated: an erasure that was interrupted is completed by the next.

mod history;
mod lists;
mod mentions;
mod note;
mod tables;

use std::collections::HashSet;

use model::{EnvironmentUuid, Error};
use platform::{Db, Statement};

use crate::chain_rows::BEFORE_ALL;
use crate::environments::EnvironmentRow;
use crate::fault::unavailable;
use crate::installation::{Known, known_environments, known_projects};
use crate::objects::Kind;
use crate::projects::ProjectRow;
use crate::write::{Author, Writer};
use history::{Found, History, Rewrite};
use lists::LeaveLists;
use mentions::Forgotten;

pub(crate) use note::ErasureNote;

/// Rows about targets tell of no version of an object.
const TARGET: &str = Kind::Target.as_str();

/// Whom to forget, and where.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// The target's identifier.
    pub target: String,
    /// Only in these environments; `None` for all of the installation, deleted ones included.
    pub environments: Option<Vec<EnvironmentUuid>>,
}

/// Where a target's data is, or was before it was erased.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Traces {
    /// Environments that list it.
    pub listed: u64,
    /// Flags and segments whose lists or rules name it, counted in each environment.
    pub objects: u64,
    /// Change rows that name it.
    pub changes: u64,
    /// Copies of it that SDK tokens refer to.
    pub token_targets: u64,
    /// Reports in the queue that tell of it.
    pub reports: u64,
    /// Answers kept for requests that may be sent again.
    pub answers: u64,
    /// Objects that hold the same text in a rule about another attribute. They stay: what the text means
    /// there is not known here.
    pub leftovers: Vec<Leftover>,
}

/// An object that holds a target's identifier as the value of some attribute.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leftover {
    /// The project's identifier.
    pub project: String,
    /// The environment's identifier.
    pub environment: String,
    /// What it is.
    pub kind: Kind,
    /// Which.
    pub identifier: String,
}

impl Traces {
    /// Whether nothing names the target.
    pub fn is_empty(&self) -> bool {
        let Self { listed, objects, changes, token_targets, reports, answers, leftovers: _ } = self;
        [listed, objects, changes, token_targets, reports, answers].into_iter().all(|count| *count == 0)
    }
}

/// Looks for a target without changing anything.
///
/// # Errors
/// `Invalid` for an empty identifier; `Unavailable`.
pub async fn find_traces(db: &dyn Db, erasure: &Erasure) -> Result<Traces, Error> {
    let search = Search::new(db, erasure)?;
    let mut traces = Traces::default();
    for project in known_projects(db).await? {
        let Some(environments) = search.environments(&project.row).await? else { continue };
        search.count(&project.row, &environments, &mut traces).await?;
        let mut place = Some(BEFORE_ALL);
        while let Some(after) = place {
            let found = search.history(&project.row).find(db, after).await?;
            traces.changes += found.count();
            place = found.next;
        }
    }
    search.count_anywhere(&mut traces).await?;
    Ok(traces)
}

impl Writer {
    /// Forgets a target. Returns where its data was. What was deleted may still be in free space of the
    /// database's file afterwards; the caller compacts it.
    ///
    /// # Errors
    /// `Invalid` for an empty identifier; `Unavailable`: what was not erased yet is named by the next try.
    pub async fn erase(&self, erasure: &Erasure, author: &Author) -> Result<Traces, Error> {
        let db = &*self.platform().db;
        let search = Search::new(db, erasure)?;
        let mut traces = Traces::default();
        for project in known_projects(db).await? {
            let Some(environments) = search.environments(&project.row).await? else { continue };
            search.count(&project.row, &environments, &mut traces).await?;
            if !project.deleted {
                let environments: Vec<_> = live(&environments).map(|row| row.id.clone()).collect();
                let leave = LeaveLists { target: &search.target, environments: &environments };
                self.write(&project.row.id, author, &leave).await?;
            }
            traces.changes += self.rewrite(&search, &project.row, &environments, author).await?;
        }
        let statements = search.count_anywhere(&mut traces).await?;
        db.batch(statements).await.map_err(unavailable)?;
        Ok(traces)
    }

    /// Rewrites a project's history, a part at a time, and forgets the rows of its environments with the
    /// first part. Returns how many change rows named the target.
    async fn rewrite(
        &self,
        search: &Search<'_>,
        project: &ProjectRow,
        environments: &[Known<EnvironmentRow>],
        author: &Author,
    ) -> Result<u64, Error> {
        let mut other_rows = search.leave_tables(environments).await?;
        let mut changes = 0;
        let mut place = Some(BEFORE_ALL);
        while let Some(after) = place {
            let found = search.history(project).find(search.db, after).await?;
            changes += found.count();
            place = found.next;
            if found.count() > 0 || !other_rows.is_empty() {
                self.amend(&project.id, author, &rewrite(&found, &mut other_rows)).await?;
            }
        }
        Ok(changes)
    }
}

fn rewrite<'a>(found: &'a Found, other_rows: &mut Vec<Statement>) -> Rewrite<'a> {
    Rewrite { found, other_rows: std::mem::take(other_rows) }
}

/// One look through the installation.
struct Search<'a> {
    db: &'a dyn Db,
    target: Forgotten,
    chosen: Option<HashSet<String>>,
}

impl<'a> Search<'a> {
    fn new(db: &'a dyn Db, erasure: &Erasure) -> Result<Self, Error> {
        let chosen = erasure.environments.as_ref();
        let chosen = chosen.map(|ids| ids.iter().map(ToString::to_string).collect());
        Ok(Self { db, target: Forgotten::new(&erasure.target)?, chosen })
    }

    /// The environments of the project that are searched; `None` if the project is not.
    async fn environments(&self, project: &ProjectRow) -> Result<Option<Vec<Known<EnvironmentRow>>>, Error> {
        let mut environments = known_environments(self.db, &project.id).await?;
        let Some(chosen) = &self.chosen else { return Ok(Some(environments)) };
        environments.retain(|environment| chosen.contains(environment.row.id.as_str()));
        Ok((!environments.is_empty()).then_some(environments))
    }

    fn history<'b>(&'b self, project: &'b ProjectRow) -> History<'b> {
        History { project: &project.id, target: &self.target, environments: self.chosen.as_ref() }
    }

    /// Counts all but the history.
    async fn count(
        &self,
        project: &ProjectRow,
        environments: &[Known<EnvironmentRow>],
        traces: &mut Traces,
    ) -> Result<(), Error> {
        for environment in environments {
            traces.listed += self.target.listed(self.db, &environment.row.id).await?;
        }
        for environment in live(environments) {
            let (objects, leftovers) = self.target.in_objects(self.db, &environment.id).await?;
            traces.objects += objects;
            traces.leftovers.extend(leftovers.into_iter().map(|(kind, identifier)| Leftover {
                project: project.identifier.to_string(),
                environment: environment.identifier.to_string(),
                kind,
                identifier,
            }));
        }
        Ok(())
    }

    /// Counts what is in no environment; returns what makes it forgotten.
    async fn count_anywhere(&self, traces: &mut Traces) -> Result<Vec<Statement>, Error> {
        let anywhere = self.target.anywhere(self.db).await?;
        traces.token_targets = anywhere.token_targets;
        traces.reports = anywhere.reports;
        traces.answers = anywhere.answers;
        Ok(anywhere.statements)
    }

    /// What makes the tables of these environments forget the target; nothing, if they do not know it.
    async fn leave_tables(&self, environments: &[Known<EnvironmentRow>]) -> Result<Vec<Statement>, Error> {
        let mut statements = Vec::new();
        for environment in environments {
            if self.target.listed(self.db, &environment.row.id).await? > 0 {
                statements.push(self.target.unlist(&environment.row.id));
            }
        }
        Ok(statements)
    }
}

fn live(environments: &[Known<EnvironmentRow>]) -> impl Iterator<Item = &EnvironmentRow> {
    environments.iter().filter(|environment| !environment.deleted).map(|environment| &environment.row)
}
