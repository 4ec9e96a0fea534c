//! Which account, organisation, project and environment a request is about.

use axum::extract::FromRequestParts;
use http::request::Parts;
use model::{AccountId, EnvironmentId, Error, FieldError, OrganisationId, ProjectId};
use platform::Db;
use serde::Deserialize;
use store::{EnvironmentRow, ProjectRow};

use crate::access::Access;
use crate::projects::named;

/// The context parameters of the query, as far as they are there. Every look-up goes through them: an
/// identifier of another account or project is not found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Context {
    account_identifier: Option<String>,
    org_identifier: Option<String>,
    project_identifier: Option<String>,
    environment_identifier: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Context {
    type Rejection = api::Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let api::Query(context) = api::Query::from_request_parts(parts, state).await?;
        Ok(context)
    }
}

impl Context {
    /// The account, which `access` must cover.
    pub(crate) fn account(&self, access: &Access) -> Result<AccountId, Error> {
        let account = AccountId::parse(required("accountIdentifier", self.account_identifier.as_deref())?)?;
        access.check_account(&account)?;
        Ok(account)
    }

    /// The organisation.
    pub(crate) fn organisation(&self) -> Result<OrganisationId, Error> {
        Ok(OrganisationId::parse(required("orgIdentifier", self.org_identifier.as_deref())?)?)
    }

    /// The project that the query names.
    pub(crate) async fn project(&self, db: &dyn Db, access: &Access) -> Result<ProjectRow, Error> {
        let identifier = required("projectIdentifier", self.project_identifier.as_deref())?;
        self.find(db, access, ("projectIdentifier", identifier)).await
    }

    /// Whether the query names a project.
    pub(crate) fn names_project(&self) -> bool {
        self.project_identifier.as_deref().is_some_and(|text| !text.is_empty())
    }

    /// The project that the path names.
    pub(crate) async fn project_of_path(
        &self,
        db: &dyn Db,
        access: &Access,
        identifier: &str,
    ) -> Result<ProjectRow, Error> {
        self.find(db, access, ("identifier", identifier)).await
    }

    /// The project that the body names.
    pub(crate) async fn project_of_body(
        &self,
        db: &dyn Db,
        access: &Access,
        identifier: &str,
    ) -> Result<ProjectRow, Error> {
        self.find(db, access, ("project", identifier)).await
    }

    /// The project, from a field of that name.
    async fn find(
        &self,
        db: &dyn Db,
        access: &Access,
        (field, identifier): (&str, &str),
    ) -> Result<ProjectRow, Error> {
        let account = self.account(access)?;
        let identifier = ProjectId::parse(identifier).map_err(|error| named(field, error))?;
        let project = store::project_by_identifier(db, &account, &self.organisation()?, &identifier).await?;
        access.check_project(&project)?;
        Ok(project)
    }

    /// The environment that the query names, if it names one.
    pub(crate) fn environment_id(&self) -> Result<Option<EnvironmentId>, Error> {
        let identifier = self.environment_identifier.as_deref().filter(|text| !text.is_empty());
        Ok(identifier.map(EnvironmentId::parse).transpose()?)
    }

    /// The environment that the query must name.
    pub(crate) async fn environment(
        &self,
        db: &dyn Db,
        project: &ProjectRow,
    ) -> Result<EnvironmentRow, Error> {
        let identifier = required("environmentIdentifier", self.environment_identifier.as_deref())?;
        store::environment_by_identifier(db, &project.id, &EnvironmentId::parse(identifier)?).await
    }
}

fn required<'a>(name: &'static str, value: Option<&'a str>) -> Result<&'a str, FieldError> {
    value
        .filter(|text| !text.is_empty())
        .ok_or_else(|| FieldError::new(name, format!("is missing from the query; add {name}=…")))
}
