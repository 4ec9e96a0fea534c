//! What a decision wants written.

use model::{EnvironmentUuid, Error, EventKind, FlagId, ObjectKind, Version};
use platform::{DbError, Statement};
use serde::{Deserialize, Serialize};

use super::{Conditions, ProjectState};
use crate::environments::EnvironmentRow;
use crate::fault::unavailable;
use crate::objects::Kind;
use crate::projects::ProjectRow;

/// Who writes, why, and on which conditions.
#[derive(Clone, Debug, Default)]
pub struct Author {
    /// The token's name.
    pub actor: String,
    /// What the caller said about it; may be empty.
    pub comment: String,
    /// What the caller demands; usually nothing.
    pub conditions: Conditions,
}

/// Where an object lives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scope {
    /// In the project.
    Project,
    /// In one environment, which the write takes a version further.
    Environment(EnvironmentUuid),
    /// In one environment, but beside what it serves: the change is recorded, no version is made and
    /// nobody is told. Not for objects.
    Beside(EnvironmentUuid),
}

/// One object that is new, different or gone.
#[derive(Clone, Debug)]
pub struct ObjectStep {
    /// Where.
    pub scope: Scope,
    /// What.
    pub kind: Kind,
    /// Which.
    pub identifier: String,
    /// As audit spells what was done, such as `FeatureActivationPatched`.
    pub action: &'static str,
    /// As streams spell it.
    pub event: EventKind,
    /// JSON before, `None` if it did not exist.
    pub before: Option<String>,
    /// JSON after, `None` if it is gone. For objects it carries the new version already.
    pub after: Option<String>,
    /// Objects that it names from now on.
    pub references: Vec<(Kind, String)>,
    /// Flags whose answers change with it: browsers are told of each.
    pub dependants: Vec<FlagId>,
}

impl ObjectStep {
    pub(super) fn project_created(project: &ProjectRow) -> Result<Self, Error> {
        let body = serde_json::json!({
            "identifier": project.identifier, "name": project.name,
            "description": project.description, "tags": project.tags,
        });
        Ok(Self {
            scope: Scope::Project,
            kind: Kind::Project,
            identifier: project.identifier.to_string(),
            action: "ProjectCreated",
            event: EventKind::Create,
            before: None,
            after: Some(serde_json::to_string(&body).map_err(Error::internal)?),
            references: Vec::new(),
            dependants: Vec::new(),
        })
    }
}

/// Everything that one write does; empty if it changes nothing.
pub struct Plan<T> {
    /// For the caller.
    pub answer: T,
    pub(super) new_environments: Vec<EnvironmentRow>,
    raised: Vec<(EnvironmentUuid, Version)>,
    pub(super) steps: Vec<ObjectStep>,
    pub(super) rows: Vec<Statement>,
    on_duplicate: Option<(ObjectKind, String)>,
}

/// What was committed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Written<T> {
    /// What the decision answered.
    pub answer: T,
    /// The project's revision.
    pub revision: i64,
    /// Each environment concerned, with its version.
    pub environments: Vec<(EnvironmentUuid, Version)>,
}

impl<T> Plan<T> {
    /// A plan that changes nothing yet.
    pub const fn new(answer: T) -> Self {
        Self {
            answer,
            new_environments: Vec::new(),
            raised: Vec::new(),
            steps: Vec::new(),
            rows: Vec::new(),
            on_duplicate: None,
        }
    }

    /// Adds an object.
    pub fn step(&mut self, step: ObjectStep) {
        self.steps.push(step);
    }

    /// Makes an environment at its row's version; its first objects are steps of the same plan.
    pub fn new_environment(&mut self, environment: EnvironmentRow) {
        self.new_environments.push(environment);
    }

    /// Takes the environment, if a step concerns it, to `version` at least, past numbers that SDKs know
    /// from elsewhere. Versions may skip numbers, they never go back.
    pub fn raise_version(&mut self, environment: EnvironmentUuid, version: Version) {
        self.raised.push((environment, version));
    }

    /// The version at which the plan's objects of that environment are.
    pub fn version(&self, state: &ProjectState<'_>, environment: &EnvironmentUuid) -> Version {
        if let Some(new) = self.new_environments.iter().find(|row| row.id == *environment) {
            return new.version;
        }
        let raised = self.raised.iter().filter(|(id, _)| id == environment).map(|(_, version)| *version);
        raised.fold(state.next_version(environment), Version::max)
    }

    /// Adds a row that is neither object nor change, such as an SDK key.
    pub fn row(&mut self, statement: Statement) {
        self.rows.push(statement);
    }

    /// What a violated unique key means to the caller.
    pub fn on_duplicate(&mut self, kind: ObjectKind, id: impl Into<String>) {
        self.on_duplicate = Some((kind, id.into()));
    }

    /// Whether a step takes the environment a version further.
    pub fn concerns(&self, environment: &EnvironmentUuid) -> bool {
        self.steps.iter().any(|step| step.scope == Scope::Environment(environment.clone()))
    }

    /// Whether the caller was promised a word about violated unique keys.
    pub(super) const fn knows_duplicates(&self) -> bool {
        self.on_duplicate.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.rows.is_empty() && self.new_environments.is_empty()
    }

    /// The environments that the plan takes a version further, in the order of their ids.
    pub(super) fn environments(&self, state: &ProjectState<'_>) -> Vec<(EnvironmentUuid, Version)> {
        let mut concerned: Vec<_> = self
            .steps
            .iter()
            .filter_map(|step| match &step.scope {
                Scope::Project | Scope::Beside(_) => None,
                Scope::Environment(id) => Some((id.clone(), self.version(state, id))),
            })
            .collect();
        concerned.sort_unstable();
        concerned.dedup();
        concerned
    }

    /// The same plan with another answer.
    pub(super) fn answering<A>(self, answer: A) -> Plan<A> {
        Plan {
            answer,
            new_environments: self.new_environments,
            raised: self.raised,
            steps: self.steps,
            rows: self.rows,
            on_duplicate: self.on_duplicate,
        }
    }

    pub(super) fn written(self, state: &ProjectState<'_>) -> Written<T> {
        let Written { revision, environments, .. } = self.written_at(state);
        Written { answer: self.answer, revision, environments }
    }

    /// What will be committed on that state.
    pub(super) fn written_at(&self, state: &ProjectState<'_>) -> Written<&T> {
        let environments = self.environments(state);
        Written { answer: &self.answer, revision: state.project.revision + 1, environments }
    }

    pub(super) fn refusal(self, error: DbError) -> Error {
        match (error, self.on_duplicate) {
            (DbError::Duplicate(_), Some((kind, id))) => Error::Exists { kind, id },
            (error, _) => unavailable(error),
        }
    }
}
