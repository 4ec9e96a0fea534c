//! Environments.

mod change;

use api::Page;
use http::StatusCode;
use model::{EnvironmentId, EnvironmentUuid, Error, FieldError, Tag, Version};
use serde::{Deserialize, Serialize};
use store::{EnvironmentRow, ProjectRow};

use crate::Admin;
use crate::answer::Answer;
use crate::call::Call;
use crate::keys::{self, Keys};
use crate::projects::{check_identifier, checked_description, checked_name, checked_tags, named};
use crate::reserved;
use crate::retire::RemoveEnvironment;
use change::{CreateEnvironment, UpdateEnvironment};

pub(crate) use change::{body, config_created, first_config};

/// `EnvironmentRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EnvironmentRequest {
    /// Unique in the project; never changes.
    pub identifier: String,
    /// For people; the identifier if left out.
    #[serde(default)]
    pub name: String,
    /// The project's identifier.
    pub project: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Labels.
    #[serde(default)]
    pub tags: Option<Vec<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Environment {
    id: EnvironmentUuid,
    identifier: EnvironmentId,
    name: String,
    description: String,
    project: String,
    tags: Vec<Tag>,
    api_keys: Keys,
}

#[derive(Serialize)]
pub(crate) struct Environments {
    #[serde(flatten)]
    page: Page,
    environments: Vec<Environment>,
}

pub(crate) async fn create(call: Call, request: EnvironmentRequest) -> Result<Answer, Error> {
    call.access.check_own()?;
    let project = call.project_of_body(&request.project).await?;
    reserved::check(reserved::ENVIRONMENTS, &request.identifier)?;
    let decision = CreateEnvironment {
        id: EnvironmentUuid::from_wire(call.random().uuid()),
        identifier: EnvironmentId::parse(&request.identifier).map_err(|error| named("identifier", error))?,
        name: checked_name(&request.name, &request.identifier)?,
        description: checked_description(request.description)?,
        tags: checked_tags(request.tags)?,
    };
    let row = call.write(&project.id, &decision).await?;
    let environment = answer(&call.admin, &project, row).await?;
    Answer::created(&call.wrap(environment))
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let project = call.project().await?;
    let mut rows = store::environments_of(call.db(), &project.id).await?;
    rows.sort_by(|one, other| one.identifier.cmp(&other.identifier));
    let (rows, page) = page.cut(rows);
    let mut environments = Vec::with_capacity(rows.len());
    for row in rows {
        environments.push(answer(&call.admin, &project, row).await?);
    }
    Answer::ok(&call.wrap(Environments { page, environments }))
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let project = call.project().await?;
    let row = store::environment_by_identifier(call.db(), &project.id, &of_path(&call.identifier)?).await?;
    let environment = answer(&call.admin, &project, row).await?;
    // The environment's own version tells of what it serves, not of its name.
    Ok(Answer::ok(&call.wrap(environment))?.tagged(Version(project.revision)))
}

/// Replaces name, description and tags.
pub(crate) async fn put(call: Call, request: EnvironmentRequest) -> Result<Answer, Error> {
    call.access.check_own()?;
    let project = call.project().await?;
    check_identifier("identifier", &request.identifier, &call.identifier)?;
    check_identifier("project", &request.project, project.identifier.as_str())?;
    let decision = UpdateEnvironment {
        identifier: of_path(&call.identifier)?,
        name: checked_name(&request.name, &call.identifier)?,
        description: checked_description(request.description)?,
        tags: checked_tags(request.tags)?,
    };
    let row = call.write(&project.id, &decision).await?;
    let environment = answer(&call.admin, &project, row).await?;
    Answer::ok(&call.wrap(environment))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Error> {
    call.access.check_own()?;
    let project = call.project().await?;
    let decision = RemoveEnvironment { identifier: of_path(&call.identifier)? };
    call.write(&project.id, &decision).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn of_path(identifier: &str) -> Result<EnvironmentId, FieldError> {
    EnvironmentId::parse(identifier).map_err(|error| named("identifier", error))
}

async fn answer(admin: &Admin, project: &ProjectRow, row: EnvironmentRow) -> Result<Environment, Error> {
    Ok(Environment {
        api_keys: keys::redacted(admin, &row.id).await?,
        id: row.id,
        identifier: row.identifier,
        name: row.name,
        description: row.description,
        project: project.identifier.to_string(),
        tags: row.tags,
    })
}
