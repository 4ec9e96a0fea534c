//! One request whose caller is known, with what every route needs at hand.

use api::{PageRequest, Path, Problem, Query};
use axum::extract::FromRequestParts;
use http::request::Parts;
use model::{Error, ProjectUuid};
use platform::{Db, Random};
use serde::Serialize;
use store::Decision;

use crate::Admin;
use crate::access::Access;
use crate::context;
use crate::wrapped::Wrapped;

/// A request of a caller whose token is good.
pub(crate) struct Call {
    pub(crate) admin: Admin,
    pub(crate) access: Access,
    pub(crate) query: Query,
    /// The path's parameter, which names the object; empty where the path has none.
    pub(crate) identifier: String,
    pub(crate) head: Parts,
}

impl Call {
    /// Reads everything but the body, in the order in which mistakes are told: who calls comes first.
    pub(crate) async fn read(mut head: Parts, admin: Admin, has_context: bool) -> Result<Self, Problem> {
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
    pub(crate) async fn write<D: Decision>(
        &self,
        project: &ProjectUuid,
        decision: &D,
    ) -> Result<D::Answer, Error> {
        self.write_because(None, project, decision).await
    }

    /// The same with the reason that the caller gives.
    pub(crate) async fn write_because<D: Decision>(
        &self,
        comment: Option<String>,
        project: &ProjectUuid,
        decision: &D,
    ) -> Result<D::Answer, Error> {
        Ok(self.admin.writer.write(project, &self.access.author(comment), decision).await?.answer)
    }

    /// Wraps what is answered as Harness does.
    pub(crate) fn wrap<T: Serialize>(&self, data: T) -> Wrapped<T> {
        Wrapped::new(data, self.random())
    }
}
