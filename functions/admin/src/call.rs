//! One request whose caller is known, with what every route needs at hand.

use std::sync::Arc;

use api::{PageRequest, Path, Problem, Query};
use async_trait::async_trait;
use axum::extract::FromRequestParts;
use http::request::Parts;
use model::{Error, ProjectUuid, Version};
use platform::{Db, Random};
use store::{Decision, Plan, ProjectState};

use crate::Admin;
use crate::access::Access;
use crate::context;

/// A request of a caller whose token is good.
pub(crate) struct Call {
    pub(crate) admin: Arc<Admin>,
    pub(crate) access: Access,
    pub(crate) query: Query,
    /// The path's parameter, which names the object; empty where the path has none.
    pub(crate) identifier: String,
    pub(crate) head: Parts,
}

impl Call {
    /// Reads everything but the body, in the order in which mistakes are told: who calls comes first.
    pub(crate) async fn read(mut head: Parts, admin: Arc<Admin>, has_context: bool) -> Result<Self, Problem> {
        let access = Access::of_caller(&head, &admin).await?;
        let query = Query::of(&head.uri);
        if has_context {
            context::check(&query)?;
        }
        let Path(parameters) = Path::<Vec<String>>::from_request_parts(&mut head, &()).await?;
        let identifier = parameters.into_iter().next().unwrap_or_default();
        Ok(Self { admin, access, query, identifier, head })
    }

    /// The page that the query asks for.
    pub(crate) fn page(&self) -> Result<PageRequest, Error> {
        PageRequest::read(&self.query)
    }

    /// Whether the query says `forceDelete=true`: what is in use is deleted, too.
    pub(crate) fn forces_delete(&self) -> Result<bool, Error> {
        Ok(self.query.boolean("forceDelete")?.unwrap_or(false))
    }

    pub(crate) fn db(&self) -> &dyn Db {
        &*self.admin.platform.db
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.admin.platform.random
    }

    /// Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.admin.platform.clock.now_ms()
    }

    /// Decides on the project and commits, in the caller's name; see [`store::Writer::write`].
    pub(crate) fn write(
        &self,
        project: &ProjectUuid,
        decision: &dyn Decision<Answer = ()>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.write_because(None, project, decision)
    }

    /// The same with the reason that the caller gives.
    pub(crate) async fn write_because(
        &self,
        comment: Option<String>,
        project: &ProjectUuid,
        decision: &dyn Decision<Answer = ()>,
    ) -> Result<(), Error> {
        self.admin.writer.write(project, &self.access.author(comment), &Unanswered(decision)).await?;
        Ok(())
    }

    /// The same where what was decided is part of the answer.
    pub(crate) async fn write_answered<D: Decision>(
        &self,
        project: &ProjectUuid,
        decision: &D,
    ) -> Result<D::Answer, Error> {
        Ok(self.admin.writer.write(project, &self.access.author(None), decision).await?.answer)
    }
}

/// Any decision that answers nothing: those that do not differ in their type are committed by one function.
struct Unanswered<'a>(&'a dyn Decision<Answer = ()>);

#[async_trait]
impl Decision for Unanswered<'_> {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        self.0.decide(state).await
    }

    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        self.0.version(state).await
    }
}
