//! Which account, organisation, project and environment a request is about.

use api::Query;
use model::{AccountId, EnvironmentId, Error, FieldError, OrganisationId, ProjectId};
use store::{EnvironmentRow, ProjectRow};

use crate::call::Call;
use crate::projects::named;

const ACCOUNT: &str = "accountIdentifier";
const ORGANISATION: &str = "orgIdentifier";
const PROJECT: &str = "projectIdentifier";
const ENVIRONMENT: &str = "environmentIdentifier";

/// Refuses context parameters that cannot be read, whether they are going to be needed or not.
pub(crate) fn check(query: &Query) -> Result<(), Error> {
    query.refuse_nul()?;
    [ACCOUNT, ORGANISATION, PROJECT, ENVIRONMENT].into_iter().try_for_each(|name| query.text(name).map(drop))
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
        let account = AccountId::parse(self.required(ACCOUNT)?)?;
        self.access.check_account(&account)?;
        Ok(account)
    }

    /// The organisation.
    pub(crate) fn organisation(&self) -> Result<OrganisationId, Error> {
        Ok(OrganisationId::parse(self.required(ORGANISATION)?)?)
    }

    /// Whether the query names a project.
    pub(crate) fn names_project(&self) -> Result<bool, Error> {
        Ok(self.query.given(PROJECT)?.is_some())
    }

    /// The project that the query names.
    pub(crate) async fn project(&self) -> Result<ProjectRow, Error> {
        self.find_project(PROJECT, self.required(PROJECT)?).await
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
        let organisation = self.organisation()?;
        let project = store::project_by_identifier(self.db(), &account, &organisation, &identifier).await?;
        self.access.check_project(&project)?;
        Ok(project)
    }

    /// The identifier of the environment that the query names, if it names one.
    pub(crate) fn environment_id(&self) -> Result<Option<EnvironmentId>, Error> {
        Ok(self.query.given(ENVIRONMENT)?.map(EnvironmentId::parse).transpose()?)
    }

    /// The environment that the query must name.
    pub(crate) async fn environment(&self, project: &ProjectRow) -> Result<EnvironmentRow, Error> {
        let identifier = EnvironmentId::parse(self.required(ENVIRONMENT)?)?;
        store::environment_by_identifier(self.db(), &project.id, &identifier).await
    }

    /// The environment that the query names, if it names one.
    pub(crate) async fn named_environment(
        &self,
        project: &ProjectRow,
    ) -> Result<Option<EnvironmentRow>, Error> {
        let Some(identifier) = self.environment_id()? else { return Ok(None) };
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

    fn required(&self, name: &'static str) -> Result<&str, Error> {
        let missing = || FieldError::new(name, format!("is missing from the query; add {name}=…"));
        Ok(self.query.given(name)?.ok_or_else(missing)?)
    }
}
