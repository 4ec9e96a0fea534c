//! What imports wrote before, as the project's own history tells it.

use std::collections::HashMap;

use model::{EnvironmentUuid, Error};
use serde::de::DeserializeOwned;
use store::{Kind, ProjectState};

use super::ACTOR;
use super::verdict::Last;

/// The newest revision at which an import wrote each object.
#[derive(Default)]
pub(super) struct LastImport {
    revisions: HashMap<(Option<String>, String, String), i64>,
}

impl LastImport {
    /// Looks through the history of the project.
    pub(super) async fn of(state: &ProjectState<'_>) -> Result<Self, Error> {
        let written = store::newest_by_author(state.db, &state.project.id, ACTOR).await?;
        let revisions =
            written.into_iter().map(|row| ((row.environment, row.kind, row.identifier), row.revision));
        Ok(Self { revisions: revisions.collect() })
    }

    /// Whether an import wrote the object.
    pub(super) fn wrote(&self, environment: Option<&EnvironmentUuid>, kind: Kind, identifier: &str) -> bool {
        self.revision(environment, kind, identifier).is_some()
    }

    /// What an import wrote last.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        state: &ProjectState<'_>,
        environment: Option<&EnvironmentUuid>,
        kind: Kind,
        identifier: &str,
    ) -> Result<Last<T>, Error> {
        let Some(revision) = self.revision(environment, kind, identifier) else { return Ok(Last::Never) };
        let body =
            store::authored_body(state.db, &state.project.id, revision, (environment, kind, identifier))
                .await?;
        Ok(Last::Wrote(body.and_then(|body| serde_json::from_str(&body).ok())))
    }

    fn revision(&self, environment: Option<&EnvironmentUuid>, kind: Kind, identifier: &str) -> Option<i64> {
        let environment = environment.map(ToString::to_string);
        self.revisions.get(&(environment, kind.as_str().to_owned(), identifier.to_owned())).copied()
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
