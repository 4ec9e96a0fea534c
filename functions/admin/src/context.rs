//! Which account, organisation, project and environment a request is about.

use model::{AccountId, EnvironmentId, Error, FieldError, OrganisationId, ProjectId};
use serde::Deserialize;
use store::{EnvironmentRow, ProjectRow};

use crate::call::Call;
use crate::projects::named;

/// The context parameters of the query, as far as they are there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Context {
    account_identifier: Option<String>,
    org_identifier: Option<String>,
    project_identifier: Option<String>,
    environment_identifier: Option<String>,
}

impl Context {
    /// The organisation.
    pub(crate) fn organisation(&self) -> Result<OrganisationId, Error> {
        Ok(OrganisationId::parse(required("orgIdentifier", self.org_identifier.as_deref())?)?)
    }

    /// Whether the query names a project.
    pub(crate) fn names_project(&self) -> bool {
        self.project_identifier.as_deref().is_some_and(|text| !text.is_empty())
    }

    /// The environment that the query names, if it names one.
    pub(crate) fn environment_id(&self) -> Result<Option<EnvironmentId>, Error> {
        let identifier = self.environment_identifier.as_deref().filter(|text| !text.is_empty());
        Ok(identifier.map(EnvironmentId::parse).transpose()?)
    }
}

/// An environment, and where it is.
pub(crate) struct Place {
    pub(crate) project: ProjectRow,
    pub(crate) environment: EnvironmentRow,
}

/// Every look-up goes through here: an identifier of another account or project is not found.
impl Call {
    /// The account, which the caller's token must cover.
    pub(crate) fn account(&self) -> Result<AccountId, Error> {
        let identifier = required("accountIdentifier", self.context.account_identifier.as_deref())?;
        let account = AccountId::parse(identifier)?;
        self.access.check_account(&account)?;
        Ok(account)
    }

    /// The project that the query names.
    pub(crate) async fn project(&self) -> Result<ProjectRow, Error> {
        let identifier = required("projectIdentifier", self.context.project_identifier.as_deref())?;
        self.find_project("projectIdentifier", identifier).await
    }

    /// The project that the path names.
    pub(crate) async fn project_of_path(&self) -> Result<ProjectRow, Error> {
        self.find_project("identifier", &self.identifier).await
    }

    /// The project that the body names.
    pub(crate) async fn project_of_body(&self, identifier: &str) -> Result<ProjectRow, Error> {
        self.find_project("project", identifier).await
    }

    /// The project, from a field of that name.
    async fn find_project(&self, field: &str, identifier: &str) -> Result<ProjectRow, Error> {
        let account = self.account()?;
        let identifier = ProjectId::parse(identifier).map_err(|error| named(field, error))?;
        let organisation = self.context.organisation()?;
        let project = store::project_by_identifier(self.db(), &account, &organisation, &identifier).await?;
        self.access.check_project(&project)?;
        Ok(project)
    }

    /// The environment that the query must name.
    pub(crate) async fn environment(&self, project: &ProjectRow) -> Result<EnvironmentRow, Error> {
        let identifier = required("environmentIdentifier", self.context.environment_identifier.as_deref())?;
        store::environment_by_identifier(self.db(), &project.id, &EnvironmentId::parse(identifier)?).await
    }

    /// The environment that the query names, if it names one.
    pub(crate) async fn named_environment(
        &self,
        project: &ProjectRow,
    ) -> Result<Option<EnvironmentRow>, Error> {
        let Some(identifier) = self.context.environment_id()? else { return Ok(None) };
        store::environment_by_identifier(self.db(), &project.id, &identifier).await.map(Some)
    }

    /// The environment that the query names, in the project that it names.
    pub(crate) async fn place(&self) -> Result<Place, Error> {
        let project = self.project().await?;
        let environment = self.environment(&project).await?;
        Ok(Place { project, environment })
    }

    /// The environment that the body names, in the project that it names.
    pub(crate) async fn place_of_body(&self, project: &str, environment: &str) -> Result<Place, Error> {
        let project = self.project_of_body(project).await?;
        let environment = EnvironmentId::parse(environment).map_err(|error| named("environment", error))?;
        let environment = store::environment_by_identifier(self.db(), &project.id, &environment).await?;
        Ok(Place { project, environment })
    }
}

fn required<'a>(name: &'static str, value: Option<&'a str>) -> Result<&'a str, FieldError> {
    value
        .filter(|text| !text.is_empty())
        .ok_or_else(|| FieldError::new(name, format!("is missing from the query; add {name}=…")))
}
