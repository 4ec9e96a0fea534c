//! Writes of the tools: a project with all that it holds, and additions to the history of any project.

use model::{Error, ObjectKind, ProjectUuid};
use platform::{DbError, Platform};

use super::{Author, Decision, FLUSH_LIMIT, ObjectStep, ProjectState, Writer, Written, batch};
use crate::fault::unavailable;
use crate::installation::known_project;
use crate::outbox;
use crate::projects::ProjectRow;

impl Writer {
    /// Makes a project with everything that `decision` puts into it, as revision 1 of a new chain: all of
    /// it or nothing. The decision sees a project without environments.
    ///
    /// # Errors
    /// What the decision refuses; `Exists`, `Unavailable`.
    pub async fn create_whole_project<D: Decision>(
        &self,
        mut project: ProjectRow,
        author: &Author,
        decision: &D,
    ) -> Result<Written<D::Answer>, Error> {
        let platform = self.platform();
        project.revision = 0;
        project.head = Vec::new();
        let created = ObjectStep::project_created(&project)?;
        let state = ProjectState {
            db: &*platform.db,
            project,
            environments: Vec::new(),
            now_ms: platform.clock.now_ms(),
        };
        let mut plan = decision.decide(&state).await?;
        plan.steps.insert(0, created);
        let statements = batch::new_project(&state, &plan, author, &platform.random.uuid())?;
        match platform.db.batch(statements).await {
            Ok(_) => {}
            Err(DbError::Duplicate(_)) if !plan.knows_duplicates() => {
                return Err(Error::exists(ObjectKind::Project, &state.project.identifier));
            }
            Err(error) => return Err(plan.refusal(error)),
        }
        let written = plan.written(&state);
        announce(platform, &written).await;
        Ok(written)
    }

    /// Decides and commits as [`Writer::write`] does, and leaves announcing to the next server. For tools
    /// that run while there is none: nobody could hear of it.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub(crate) async fn write_unannounced<D: Decision>(
        &self,
        project: &ProjectUuid,
        author: &Author,
        decision: &D,
    ) -> Result<Written<D::Answer>, Error> {
        self.commit(project, author, decision).await?.read()
    }

    /// Adds to the history of a project, even of one that was deleted: its chain goes on. For tools that
    /// have the database for themselves, so nothing is decided twice.
    ///
    /// # Errors
    /// What the decision refuses; `NotFound` if there never was such a project; `Unavailable`.
    pub(crate) async fn amend<D: Decision>(
        &self,
        project: &ProjectUuid,
        author: &Author,
        decision: &D,
    ) -> Result<(), Error> {
        let platform = self.platform();
        let db = &*platform.db;
        let known = known_project(db, project).await?;
        let known = known.ok_or_else(|| Error::not_found(ObjectKind::Project, project))?;
        let state = ProjectState {
            db,
            project: known.row,
            environments: Vec::new(),
            now_ms: platform.clock.now_ms(),
        };
        let plan = decision.decide(&state).await?;
        let (statements, _) = batch::statements(&state, &plan, author, &platform.random.uuid(), None)?;
        platform.db.batch(statements).await.map_err(unavailable)?;
        Ok(())
    }
}

async fn announce<T>(platform: &Platform, written: &Written<T>) {
    for (environment, _) in &written.environments {
        outbox::flush_within(platform, environment, FLUSH_LIMIT).await;
    }
}
