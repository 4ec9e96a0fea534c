//! Environments.

mod change;

use api::Page;
use http::StatusCode;
use model::{EnvironmentId, EnvironmentUuid, Error, FieldError, Tag, Version};
use serde::{Deserialize, Serialize};
use store::{EnvironmentRow, ProjectRow};

use crate::answer::Answer;
use crate::call::Call;
use crate::keys::{self, Keys};
use crate::projects::{check_identifier, checked_description, checked_name, checked_tags, named};
use crate::reserved;
use crate::retire::RemoveEnvironment;
use change::{CreateEnvironment, Described, UpdateEnvironment};

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
    let id = EnvironmentUuid::from_wire(call.random().uuid());
    let decision = CreateEnvironment { id, described: request.describe()? };
    let id = call.write_answered(&project.id, &decision).await?;
    let environment = answer(&call, &project, id, decision.described).await?;
    Ok(Answer::created(&environment)?.wrapped(call.random()))
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let project = call.project().await?;
    let mut rows = store::environments_of(call.db(), &project.id).await?;
    rows.sort_by(|one, other| one.identifier.cmp(&other.identifier));
    let (rows, page) = page.cut(rows);
    let mut environments = Vec::with_capacity(rows.len());
    for row in rows {
        environments.push(answer_with(&call, &project, row).await?);
    }
    Ok(Answer::ok(&Environments { page, environments })?.wrapped(call.random()))
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let project = call.project().await?;
    let row = store::environment_by_identifier(call.db(), &project.id, &parse_identifier(&call.identifier)?)
        .await?;
    let environment = answer_with(&call, &project, row).await?;
    // The environment's own version tells of what it serves, not of its name.
    Ok(Answer::ok(&environment)?.wrapped(call.random()).tagged(Version(project.revision)))
}

/// Replaces name, description and tags.
pub(crate) async fn put(call: Call, request: EnvironmentRequest) -> Result<Answer, Error> {
    call.access.check_own()?;
    let project = call.project().await?;
    check_identifier("identifier", &request.identifier, &call.identifier)?;
    check_identifier("project", &request.project, project.identifier.as_str())?;
    let decision = UpdateEnvironment { described: request.describe()? };
    let id = call.write_answered(&project.id, &decision).await?;
    let environment = answer(&call, &project, id, decision.described).await?;
    Ok(Answer::ok(&environment)?.wrapped(call.random()))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Error> {
    call.access.check_own()?;
    let project = call.project().await?;
    let decision = RemoveEnvironment { identifier: parse_identifier(&call.identifier)? };
    call.write(&project.id, &decision).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn parse_identifier(identifier: &str) -> Result<EnvironmentId, FieldError> {
    EnvironmentId::parse(identifier).map_err(|error| named("identifier", error))
}

impl EnvironmentRequest {
    fn describe(self) -> Result<Described, Error> {
        Ok(Described {
            identifier: parse_identifier(&self.identifier)?,
            name: checked_name(&self.name, &self.identifier)?,
            description: checked_description(self.description)?,
            tags: checked_tags(self.tags)?,
        })
    }
}

async fn answer_with(call: &Call, project: &ProjectRow, row: EnvironmentRow) -> Result<Environment, Error> {
    let EnvironmentRow { id, identifier, name, description, tags, .. } = row;
    answer(call, project, id, Described { identifier, name, description, tags }).await
}

async fn answer(
    call: &Call,
    project: &ProjectRow,
    id: EnvironmentUuid,
    described: Described,
) -> Result<Environment, Error> {
    let Described { identifier, name, description, tags } = described;
    let api_keys = keys::redacted(&call.admin, &id).await?;
    Ok(Environment {
        id,
        identifier,
        name,
        description,
        project: project.identifier.to_string(),
        tags,
        api_keys,
    })
}
