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
//! A request that its caller may send again is looked up first, and its batch notes that it was carried out.
//!
//! Without this, two writers on two flags commit "A needs B" and "B needs A" side by side, and evaluation
//! recurses without end inside customers' processes.

mod any;
mod batch;
mod conditions;
mod plan;
mod rows;
mod state;
mod tools;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use model::{Error, ProjectUuid, Version};
use platform::{DbError, Platform, Statement};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex as AsyncMutex;

pub use conditions::Conditions;
pub use plan::{Author, ObjectStep, Plan, Scope, Written};
pub use state::ProjectState;

use any::{Answer, AnyDecision};

use crate::fault::unavailable;
use crate::idempotency::NamedRequest;
use crate::outbox;
use crate::{environments, projects};

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
    /// What the caller gets when it is committed. Kept with a request that may be sent again, so it holds
    /// no secret.
    type Answer: Send + Sync + Serialize + DeserializeOwned;

    /// Decides. May be called several times, each time on newer state.
    ///
    /// # Errors
    /// Whatever refuses the write.
    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<Self::Answer>, Error>;

    /// The version of the one object that it changes, as readers of the object are told it; `None` if it
    /// changes several, or one that has no version.
    ///
    /// # Errors
    /// `NotFound` if the object is not there.
    async fn version(&self, _state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        Ok(None)
    }
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

    pub(crate) const fn platform(&self) -> &Platform {
        &self.platform
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
        self.write_any(project, author, decision).await?.read()
    }

    async fn write_any(
        &self,
        project: &ProjectUuid,
        author: &Author,
        decision: &dyn AnyDecision,
    ) -> Result<Written<Answer>, Error> {
        let turn = self.turn(project);
        let written = {
            let _turn = turn.lock().await;
            self.commit(project, author, decision).await?
        };
        // All at once: their marks then share a commit.
        let flushes = written.environments.iter();
        join_all(flushes.map(|(id, _)| outbox::flush_within(&self.platform, id, FLUSH_LIMIT))).await;
        Ok(written)
    }

    async fn commit(
        &self,
        project: &ProjectUuid,
        author: &Author,
        decision: &dyn AnyDecision,
    ) -> Result<Written<Answer>, Error> {
        let change_id = self.platform.random.uuid();
        let named = author.conditions.request.as_deref().map(NamedRequest::next_write);
        // What a batch would have made whose answer was lost. It may be committed as late as now.
        let mut lost: Option<(Written<Answer>, DbError)> = None;
        for attempt in 1..=ATTEMPTS_MAX {
            if let Some(named) = &named
                && let Some(written) = named.found(&*self.platform.db, self.platform.clock.now_ms()).await?
            {
                return Ok(written);
            }
            let state = self.read(project).await?;
            // Looked up after the state was read: if it is committed later still, this attempt's proof fails.
            if let Some((written, error)) = lost.take() {
                match self.is_committed(&change_id).await {
                    Some(true) => return Ok(written),
                    Some(false) => lost = Some((written, error)),
                    None => return Err(unavailable(error)),
                }
            }
            let plan = match decide(author, decision, &state).await {
                Ok(plan) => plan,
                // Somebody may have carried it out since it was looked up: that is what refuses it now.
                Err(refusal) => {
                    let found = match &named {
                        Some(named) => named.found(&*self.platform.db, self.platform.clock.now_ms()).await?,
                        None => None,
                    };
                    return found.ok_or(refusal);
                }
            };
            if plan.is_empty() {
                return Ok(Written {
                    answer: plan.answer,
                    revision: state.project.revision,
                    environments: Vec::new(),
                });
            }
            let row = named.as_ref().map(|named| named.row(&plan.written_at(&state), state.now_ms));
            let (statements, conflicts) =
                batch::statements(&state, &plan, author, &change_id, row.transpose()?)?;
            let error = match self.platform.db.batch(statements).await {
                Ok(_) => return Ok(plan.written(&state)),
                Err(error) => error,
            };
            match error {
                DbError::Expectation { index, .. } if index < conflicts => {}
                DbError::OutcomeUnknown(_) => match self.is_committed(&change_id).await {
                    Some(true) => return Ok(plan.written(&state)),
                    Some(false) if lost.is_none() => lost = Some((plan.written(&state), error)),
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

/// The plan, if the caller's conditions hold.
async fn decide(
    author: &Author,
    decision: &dyn AnyDecision,
    state: &ProjectState<'_>,
) -> Result<Plan<Answer>, Error> {
    author.conditions.check(decision, state).await?;
    decision.decide_any(state).await
}
