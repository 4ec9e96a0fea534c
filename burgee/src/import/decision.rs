//! What an import writes into one project, decided on its newest state.

use async_trait::async_trait;
use model::limits::OBJECT_BYTES_MAX;
use model::{EnvironmentUuid, Error, EventKind};
use serde::Serialize;
use store::{Decision, EnvironmentRow, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::keys;
use super::last_import::LastImport;
use super::report::{EnvironmentOutcome, Outcome};
use super::wanted::{WantedEnvironment, WantedProject};

/// Brings a project to what the files say.
pub(super) struct ImportProject<'a> {
    pub(super) wanted: &'a WantedProject,
    pub(super) overwrite: bool,
}

/// A plan in the making.
pub(super) struct Planning<'a> {
    pub(super) state: &'a ProjectState<'a>,
    pub(super) last_import: LastImport,
    pub(super) overwrite: bool,
    pub(super) plan: Plan<Outcome>,
}

#[async_trait]
impl Decision for ImportProject<'_> {
    type Answer = Outcome;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<Outcome>, Error> {
        self.plan(state).await
    }
}

impl ImportProject<'_> {
    /// Decides. Segments come before the flags that name them.
    pub(super) async fn plan(&self, state: &ProjectState<'_>) -> Result<Plan<Outcome>, Error> {
        let is_new = state.project.revision == 0;
        let mut planning = Planning {
            state,
            last_import: if is_new { LastImport::default() } else { LastImport::of(state).await? },
            overwrite: self.overwrite,
            plan: Plan::new(Outcome::of(self.wanted, is_new)),
        };
        for environment in &self.wanted.environments {
            planning.environment(environment).await?;
            let segments = planning.segments(environment).await?;
            planning.outcome(&environment.id).segments = segments;
        }
        let (flags, tally) = planning.flags(self.wanted).await?;
        planning.plan.answer.flags = tally;
        for environment in &self.wanted.environments {
            let configs = planning.configs(environment, &flags).await?;
            let targets = planning.targets(environment).await?;
            let (last, plan) = (&planning.last_import, &mut planning.plan);
            let keys = keys::plan(environment, state, last, self.overwrite, plan).await?;
            let outcome = planning.outcome(&environment.id);
            (outcome.configs, outcome.targets, outcome.keys) = (configs, targets, keys);
        }
        for other in &state.environments {
            if self.wanted.environments.iter().all(|environment| environment.id != other.id) {
                planning.other_configs((&other.id, &other.identifier), &flags).await?;
            }
        }
        planning.settle(self.wanted);
        Ok(planning.plan)
    }
}

impl Planning<'_> {
    /// Notes something that stays as it is here.
    pub(super) fn keep(&mut self, text: String) {
        self.plan.answer.keep(text);
    }

    fn outcome(&mut self, id: &EnvironmentUuid) -> &mut EnvironmentOutcome {
        self.plan.answer.environment(id)
    }

    /// Makes the environment, or takes it past the versions of the files.
    async fn environment(&mut self, wanted: &WantedEnvironment) -> Result<(), Error> {
        if let Some(row) = self.state.environments.iter().find(|row| row.id == wanted.id) {
            if row.identifier != wanted.identifier {
                return Err(mistake(wanted, &format!("is called {:?} here", row.identifier.as_str())));
            }
            if row.version < wanted.newest {
                self.plan.raise_version(row.id.clone(), wanted.first_version());
                self.plan.step(environment_step(Some(row), row)?);
                self.outcome(&wanted.id).raised = true;
            }
            return Ok(());
        }
        if let Some(known) = store::known_environment(self.state.db, &wanted.id).await? {
            let what = if known.deleted {
                "was deleted here, and an id is never used again".to_owned()
            } else {
                format!("is environment {:?} of another project here", known.row.identifier.as_str())
            };
            return Err(mistake(wanted, &what));
        }
        if let Ok(row) = self.state.environment(&wanted.identifier) {
            let what = format!(
                "would be called {:?}, which is another environment here ({}); choose another name with --environment-map",
                wanted.identifier.as_str(),
                row.id
            );
            return Err(mistake(wanted, &what));
        }
        let row = EnvironmentRow {
            id: wanted.id.clone(),
            project: self.state.project.id.clone(),
            identifier: wanted.identifier.clone(),
            name: wanted.named.name.clone(),
            description: wanted.named.description.clone(),
            tags: wanted.named.tags.clone(),
            version: wanted.first_version(),
            created_ms: self.state.now_ms,
            modified_ms: self.state.now_ms,
        };
        self.plan.step(environment_step(None, &row)?);
        self.plan.new_environment(row);
        self.outcome(&wanted.id).created = true;
        Ok(())
    }

    /// Notes the versions at which everything will be.
    fn settle(&mut self, wanted: &WantedProject) {
        for environment in &wanted.environments {
            let concerned = self.plan.concerns(&environment.id);
            let version = match concerned {
                true => self.plan.version(self.state, &environment.id),
                false => self.state.version(&environment.id),
            };
            self.outcome(&environment.id).version = version;
        }
    }
}

fn mistake(wanted: &WantedEnvironment, what: &str) -> Error {
    Error::invalid(format!("env-{}", wanted.id), format!("this environment {what}"))
}

fn environment_step(before: Option<&EnvironmentRow>, row: &EnvironmentRow) -> Result<ObjectStep, Error> {
    let body = serde_json::json!({
        "id": row.id, "identifier": row.identifier, "name": row.name,
        "description": row.description, "tags": row.tags,
    });
    let body = serde_json::to_string(&body).map_err(Error::internal)?;
    Ok(ObjectStep {
        scope: Scope::Environment(row.id.clone()),
        kind: Kind::Environment,
        identifier: row.identifier.to_string(),
        action: if before.is_some() { "EnvironmentPatched" } else { "EnvironmentCreated" },
        event: if before.is_some() { EventKind::Patch } else { EventKind::Create },
        before: before.map(|_| body.clone()),
        after: Some(body),
        references: Vec::new(),
        dependants: Vec::new(),
    })
}

/// An object as it is stored, within its limit.
pub(super) fn body(object: &impl Serialize, name: &str) -> Result<String, Error> {
    let body = serde_json::to_string(object).map_err(Error::internal)?;
    if body.len() > OBJECT_BYTES_MAX {
        let message = format!(
            "is {} bytes as JSON, more than {OBJECT_BYTES_MAX}; use target groups with rules instead of lists",
            body.len()
        );
        return Err(Error::invalid(name, message));
    }
    Ok(body)
}
