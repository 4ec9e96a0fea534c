//! How a project is written.
//!
//! 1. Read the project's revision from the primary, then whatever the decision needs.
//! 2. Decide on that state.
//! 3. One batch: take the project one revision further *if it is still at the one that was read* (this
//!    locks the project's row and proves the decision still true), then each environment concerned, in
//!    the order of their ids, then object rows, then change rows.
//! 4. If the proof fails, read and decide again. A caller sees a conflict only if the decision itself is
//!    refused on the newer state.
//!
//! Without this, two writers on two flags commit "A needs B" and "B needs A" side by side, and evaluation
//! recurses without end inside customers' processes.

mod batch;
mod plan;
mod state;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use model::{Error, ObjectKind, ProjectUuid};
use platform::{DbError, Platform, Statement};
use tokio::sync::Mutex as AsyncMutex;

pub use plan::{Author, ObjectStep, Plan, Scope, Written};
pub use state::ProjectState;

use crate::fault::unavailable;
use crate::outbox;
use crate::projects::{ProjectRow, insert_project};
use crate::{environments, organisations, projects};

/// How often a decision is repeated on newer state before the caller is asked to come back.
const ATTEMPTS_MAX: u32 = 8;

/// How long an answer waits for its own announcement; `tick` announces what is left.
const FLUSH_LIMIT: Duration = Duration::from_millis(200);

/// Longest pause before deciding again, times the attempt.
const JITTER_MS: u64 = 10;

const CHANGE_KNOWN: &str = "SELECT count(*) FROM change WHERE change_id = $1";

/// What to write, decided on a state that is proved current by the commit.
#[async_trait]
pub trait Decision: Send + Sync {
    /// What the caller gets when it is committed.
    type Answer: Send;

    /// Decides. May be called several times, each time on newer state.
    ///
    /// # Errors
    /// Whatever refuses the write.
    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<Self::Answer>, Error>;
}

/// Writes projects. Writers of one project in this process take turns, so that they meet conflicts only
/// with other processes.
#[derive(Clone)]
pub struct Writer {
    platform: Platform,
    turns: Arc<Mutex<HashMap<ProjectUuid, Arc<AsyncMutex<()>>>>>,
}

impl Writer {
    /// A writer on that platform.
    pub fn new(platform: Platform) -> Self {
        Self { platform, turns: Arc::default() }
    }

    /// Makes a project, and its organisation if need be, as revision 1 of a new chain.
    ///
    /// # Errors
    /// `Exists`, `Unavailable`.
    pub async fn create_project(&self, mut project: ProjectRow, author: &Author) -> Result<(), Error> {
        let now_ms = self.platform.clock.now_ms();
        project.revision = 0;
        project.head = Vec::new();
        let change_id = self.platform.random.uuid();
        let step = ObjectStep::project_created(&project)?;
        let state = ProjectState { db: &*self.platform.db, project, environments: Vec::new(), now_ms };
        let mut plan = Plan::new(());
        plan.step(step);
        let (changes, head) = batch::change_rows(&state, &plan, author, &change_id)?;
        let created = ProjectRow { revision: 1, head, ..state.project };
        let mut statements = vec![
            organisations::insert_organisation(&created.account, &created.organisation, now_ms),
            insert_project(&created)?,
        ];
        statements.extend(changes);
        match self.platform.db.batch(statements).await {
            Ok(_) => Ok(()),
            Err(DbError::Duplicate(_)) => Err(Error::exists(ObjectKind::Project, &created.identifier)),
            Err(error @ DbError::OutcomeUnknown(_)) => match self.is_committed(&change_id).await {
                Some(true) => Ok(()),
                Some(false) | None => Err(unavailable(error)),
            },
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Decides and commits, then announces what was committed.
    ///
    /// # Errors
    /// What the decision refuses; `Unavailable` if the database fails or other processes keep winning.
    pub async fn write<D: Decision>(
        &self,
        project: &ProjectUuid,
        author: &Author,
        decision: &D,
    ) -> Result<Written<D::Answer>, Error> {
        let turn = self.turn(project);
        let written = {
            let _turn = turn.lock().await;
            self.commit(project, author, decision).await?
        };
        for (environment, _) in &written.environments {
            outbox::flush_within(&self.platform, environment, FLUSH_LIMIT).await;
        }
        Ok(written)
    }

    async fn commit<D: Decision>(
        &self,
        project: &ProjectUuid,
        author: &Author,
        decision: &D,
    ) -> Result<Written<D::Answer>, Error> {
        let change_id = self.platform.random.uuid();
        let mut outcome_unknown = false;
        for attempt in 1..=ATTEMPTS_MAX {
            let state = self.read(project).await?;
            let plan = decision.decide(&state).await?;
            if plan.is_empty() {
                return Ok(Written {
                    answer: plan.answer,
                    revision: state.project.revision,
                    environments: Vec::new(),
                });
            }
            let (statements, conflicts) = batch::statements(&state, &plan, author, &change_id)?;
            let error = match self.platform.db.batch(statements).await {
                Ok(_) => return Ok(plan.written(&state)),
                Err(error) => error,
            };
            match error {
                DbError::Expectation { index, .. } if index < conflicts => {}
                DbError::OutcomeUnknown(_) => match self.is_committed(&change_id).await {
                    Some(true) => return Ok(plan.written(&state)),
                    Some(false) if !outcome_unknown => outcome_unknown = true,
                    Some(false) | None => return Err(unavailable(error)),
                },
                error => return Err(plan.refusal(error)),
            }
            let pause_ms = self.platform.random.below(JITTER_MS * u64::from(attempt));
            self.platform.clock.sleep(Duration::from_millis(pause_ms)).await;
        }
        Err(Error::Unavailable {
            message: "the project is being written by many at once; try again",
            source: None,
        })
    }

    /// The revision first: everything read after it is at least as new.
    async fn read(&self, project: &ProjectUuid) -> Result<ProjectState<'_>, Error> {
        let db = &*self.platform.db;
        let project = projects::project_by_id(db, project).await?;
        let environments = environments::environments_of(db, &project.id).await?;
        Ok(ProjectState { db, project, environments, now_ms: self.platform.clock.now_ms() })
    }

    /// Whether a batch whose answer was lost is there. `None`: that cannot be known now.
    async fn is_committed(&self, change_id: &str) -> Option<bool> {
        let rows = self.platform.db.query(Statement::new(CHANGE_KNOWN).bind(change_id)).await.ok()?;
        Some(rows.first()?.int(0).ok()? > 0)
    }

    fn turn(&self, project: &ProjectUuid) -> Arc<AsyncMutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // A turn that only the map holds is nobody's: forgetting it keeps the map as small as the
        // number of projects being written.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(project.clone()).or_default().clone()
    }
}
