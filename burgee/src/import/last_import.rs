//! What imports wrote before, as the project's own history tells it.

use std::collections::HashMap;

use model::{EnvironmentUuid, Error, Version};
use serde::de::DeserializeOwned;
use store::{BodyAt, Kind, ProjectState};

use super::ACTOR;
use super::verdict::Last;

/// The newest version at which an import wrote each object.
#[derive(Default)]
pub(super) struct LastImport {
    versions: HashMap<(Option<String>, String, String), Version>,
}

impl LastImport {
    /// Looks through the history of the project.
    pub(super) async fn of(state: &ProjectState<'_>) -> Result<Self, Error> {
        let written = store::newest_by_author(state.db, &state.project.id, ACTOR).await?;
        let versions =
            written.into_iter().map(|row| ((row.environment, row.kind, row.identifier), row.version));
        Ok(Self { versions: versions.collect() })
    }

    /// Whether an import wrote the object.
    pub(super) fn wrote(&self, environment: Option<&EnvironmentUuid>, kind: Kind, identifier: &str) -> bool {
        self.version(environment, kind, identifier).is_some()
    }

    /// What an import wrote last.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        state: &ProjectState<'_>,
        environment: Option<&EnvironmentUuid>,
        kind: Kind,
        identifier: &str,
    ) -> Result<Last<T>, Error> {
        let Some(version) = self.version(environment, kind, identifier) else { return Ok(Last::Never) };
        let scope = environment.map_or(state.project.id.as_str(), EnvironmentUuid::as_str);
        let written = match store::body_at(state.db, scope, kind, identifier, version).await? {
            BodyAt::Body(body) => serde_json::from_str(&body).ok(),
            BodyAt::Gone | BodyAt::NotYet => None,
        };
        Ok(Last::Wrote(written))
    }

    fn version(
        &self,
        environment: Option<&EnvironmentUuid>,
        kind: Kind,
        identifier: &str,
    ) -> Option<Version> {
        let environment = environment.map(ToString::to_string);
        self.versions.get(&(environment, kind.as_str().to_owned(), identifier.to_owned())).copied()
    }
}

impl<T> Last<T> {
    /// The same, with what counts when it is compared.
    pub(super) fn map<U>(self, compared: impl FnOnce(T) -> U) -> Last<U> {
        match self {
            Self::Never => Last::Never,
            Self::Wrote(written) => Last::Wrote(written.map(compared)),
        }
    }
}
