//! What a decision may read: a project at one revision.

use std::collections::BTreeSet;

use model::{EnvironmentId, EnvironmentUuid, Error, Flag, FlagConfig, FlagId, ObjectKind, Version};
use platform::Db;

use crate::environments::EnvironmentRow;
use crate::objects::{self, CurrentObject, Kind};
use crate::projects::ProjectRow;
use crate::stored::read_body;

/// A project as it is while a write is decided. What is read through it is proved current by the commit.
pub struct ProjectState<'a> {
    /// For reads that have no method here.
    pub db: &'a dyn Db,
    /// The project.
    pub project: ProjectRow,
    /// Its environments, by id.
    pub environments: Vec<EnvironmentRow>,
    /// Unix milliseconds.
    pub now_ms: i64,
}

impl ProjectState<'_> {
    /// The environment of that name.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn environment(&self, identifier: &EnvironmentId) -> Result<&EnvironmentRow, Error> {
        let found = self.environments.iter().find(|environment| environment.identifier == *identifier);
        found.ok_or_else(|| Error::not_found(ObjectKind::Environment, identifier))
    }

    /// The version of that environment, 0 for one that is being made.
    pub fn version(&self, environment: &EnvironmentUuid) -> Version {
        let found = self.environments.iter().find(|row| row.id == *environment);
        found.map_or(Version(0), |row| row.version)
    }

    /// The version at which objects written now in that environment will be.
    pub fn next_version(&self, environment: &EnvironmentUuid) -> Version {
        self.version(environment).next()
    }

    /// The flag and its version, archived or not. `None` if it never was or was deleted.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn flag(&self, id: &FlagId) -> Result<Option<(Version, Flag)>, Error> {
        let found = objects::current(self.db, self.project.id.as_str(), Kind::Flag, id.as_str()).await?;
        let Some(CurrentObject { version, body: Some(body), .. }) = found else { return Ok(None) };
        Ok(Some((version, read_body(&body)?)))
    }

    /// All flags, archived ones included, by identifier.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn flags(&self) -> Result<Vec<Flag>, Error> {
        let bodies = objects::current_bodies(self.db, self.project.id.as_str(), Kind::Flag).await?;
        bodies.iter().filter_map(|object| object.body.as_deref()).map(read_body).collect()
    }

    /// What the flag serves in each environment where it is served.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn configs_of(&self, flag: &FlagId) -> Result<Vec<(EnvironmentUuid, FlagConfig)>, Error> {
        let objects = objects::configs_of_flag(self.db, &self.project.id, flag).await?;
        let live = objects.iter().filter_map(|object| Some((&object.scope, object.body.as_deref()?)));
        live.map(|(scope, body)| Ok((EnvironmentUuid::from_wire(scope.as_str()), read_body(body)?))).collect()
    }

    /// Flags that have this one as a prerequisite, directly or through others, by identifier.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn dependants_of(&self, flag: &FlagId) -> Result<Vec<FlagId>, Error> {
        let scope = self.project.id.as_str();
        let mut found = BTreeSet::new();
        let mut waiting = vec![flag.clone()];
        while let Some(next) = waiting.pop() {
            for (_, identifier) in objects::referring(self.db, scope, Kind::Flag, next.as_str()).await? {
                let dependant = FlagId::from_wire(identifier);
                if found.insert(dependant.clone()) {
                    waiting.push(dependant);
                }
            }
        }
        Ok(found.into_iter().collect())
    }
}
