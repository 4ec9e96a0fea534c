//! Environments.

mod change;

use api::{Json, Page, PageRequest, Path, Problem, entity_tag};
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::ETAG;
use model::{EnvironmentId, EnvironmentUuid, Error, FieldError, Tag, Version};
use serde::{Deserialize, Serialize};
use store::{EnvironmentRow, ProjectRow};

use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::keys::{self, Keys};
use crate::projects::{check_identifier, checked_description, checked_name, checked_tags, named};
use crate::reserved;
use crate::retire::RemoveEnvironment;
use crate::wrapped::Wrapped;
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

pub(crate) async fn create(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Json(request): Json<EnvironmentRequest>,
) -> Result<(StatusCode, Json<Wrapped<Environment>>), Problem> {
    access.check_own()?;
    let project = context.project_of_body(&*admin.platform.db, &access, &request.project).await?;
    reserved::check(reserved::ENVIRONMENTS, &request.identifier)?;
    let decision = CreateEnvironment {
        id: EnvironmentUuid::from_wire(admin.platform.random.uuid()),
        identifier: EnvironmentId::parse(&request.identifier).map_err(|error| named("identifier", error))?,
        name: checked_name(&request.name, &request.identifier)?,
        description: checked_description(request.description)?,
        tags: checked_tags(request.tags)?,
    };
    let written = admin.writer.write(&project.id, &access.author(None), &decision).await?;
    let environment = answer(&admin, &project, written.answer).await?;
    Ok((StatusCode::CREATED, Json(Wrapped::new(environment, &*admin.platform.random))))
}

pub(crate) async fn list(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    page: PageRequest,
) -> Result<Json<Wrapped<Environments>>, Problem> {
    let project = context.project(&*admin.platform.db, &access).await?;
    let mut rows = store::environments_of(&*admin.platform.db, &project.id).await?;
    rows.sort_by(|one, other| one.identifier.cmp(&other.identifier));
    let (rows, page) = page.cut(rows);
    let mut environments = Vec::with_capacity(rows.len());
    for row in rows {
        environments.push(answer(&admin, &project, row).await?);
    }
    Ok(Json(Wrapped::new(Environments { page, environments }, &*admin.platform.random)))
}

pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let row = store::environment_by_identifier(db, &project.id, &of_path(&identifier)?).await?;
    let environment = answer(&admin, &project, row).await?;
    // The environment's own version tells of what it serves, not of its name.
    let tag = entity_tag::of(Version(project.revision));
    Ok(([(ETAG, tag)], Json(Wrapped::new(environment, &*admin.platform.random))))
}

/// Replaces name, description and tags.
pub(crate) async fn put(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    Json(request): Json<EnvironmentRequest>,
) -> Result<Json<Wrapped<Environment>>, Problem> {
    access.check_own()?;
    let project = context.project(&*admin.platform.db, &access).await?;
    check_identifier("identifier", &request.identifier, &identifier)?;
    check_identifier("project", &request.project, project.identifier.as_str())?;
    let decision = UpdateEnvironment {
        identifier: of_path(&identifier)?,
        name: checked_name(&request.name, &identifier)?,
        description: checked_description(request.description)?,
        tags: checked_tags(request.tags)?,
    };
    let written = admin.writer.write(&project.id, &access.author(None), &decision).await?;
    let environment = answer(&admin, &project, written.answer).await?;
    Ok(Json(Wrapped::new(environment, &*admin.platform.random)))
}

pub(crate) async fn delete(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<StatusCode, Problem> {
    access.check_own()?;
    let project = context.project(&*admin.platform.db, &access).await?;
    let decision = RemoveEnvironment { identifier: of_path(&identifier)? };
    admin.writer.write(&project.id, &access.author(None), &decision).await?;
    Ok(StatusCode::NO_CONTENT)
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
