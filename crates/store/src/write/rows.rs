//! The write that no project's revision proves: a new project.

use model::{Error, ObjectKind};
use platform::{DbError, Statement};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Author, ObjectStep, Plan, ProjectState, Writer, batch};
use crate::fault::unavailable;
use crate::idempotency::{NamedRequest, NamedWrite};
use crate::organisations;
use crate::projects::{ProjectRow, insert_project};

impl Writer {
    /// Makes a project, and its organisation if need be, as revision 1 of a new chain.
    ///
    /// # Errors
    /// `Exists`, `Unavailable`.
    pub async fn create_project(&self, mut project: ProjectRow, author: &Author) -> Result<(), Error> {
        author.conditions.refuse_version()?;
        let named = author.conditions.request.as_deref().map(NamedRequest::next_write);
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
        let Err(error) = self.batch_once(named.as_ref(), statements, &()).await? else { return Ok(()) };
        match error {
            DbError::Duplicate(_) => Err(Error::exists(ObjectKind::Project, &created.identifier)),
            DbError::OutcomeUnknown(_) if self.is_committed(&change_id).await == Some(true) => Ok(()),
            error => Err(unavailable(error)),
        }
    }

    /// Runs the batch, unless the named request was carried out before: then returns what it answered.
    async fn batch_once<T: Serialize + DeserializeOwned>(
        &self,
        named: Option<&NamedWrite<'_>>,
        mut statements: Vec<Statement>,
        answer: &T,
    ) -> Result<Result<Option<T>, DbError>, Error> {
        if let Some(named) = named {
            statements.push(named.row(answer, self.platform.clock.now_ms())?);
        }
        let Err(error) = self.platform.db.batch(statements).await else { return Ok(Ok(None)) };
        // The batch may have been refused because the same request was carried out meanwhile.
        Ok(self.found(named).await?.map_or(Err(error), |first| Ok(Some(first))))
    }

    async fn found<T: DeserializeOwned>(&self, named: Option<&NamedWrite<'_>>) -> Result<Option<T>, Error> {
        match named {
            Some(named) => named.found(&*self.platform.db, self.platform.clock.now_ms()).await,
            None => Ok(None),
        }
    }
}
