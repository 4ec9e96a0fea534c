//! Projects, and the organisations that come into being with them.

use api::{Json, Page, PageRequest, Path, Problem};
use axum::extract::State;
use http::StatusCode;
use model::limits::{DESCRIPTION_BYTES_MAX, NAME_BYTES_MAX};
use model::{Error, FieldError, ProjectId, ProjectUuid, Tag};
use serde::{Deserialize, Serialize};
use store::ProjectRow;

use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::wrapped::Wrapped;

/// `ProjectRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ProjectRequest {
    /// Unique in the organisation; never changes.
    pub identifier: String,
    /// For people; the identifier if left out.
    #[serde(default)]
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Labels.
    #[serde(default)]
    pub tags: Option<Vec<Tag>>,
}

#[derive(Serialize)]
pub(crate) struct Project {
    identifier: ProjectId,
    name: String,
    description: String,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
pub(crate) struct Projects {
    #[serde(flatten)]
    page: Page,
    projects: Vec<Project>,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        Self { identifier: row.identifier, name: row.name, description: row.description, tags: row.tags }
    }
}

pub(crate) async fn create(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Json(request): Json<ProjectRequest>,
) -> Result<(StatusCode, Json<Wrapped<Project>>), Problem> {
    access.check_own()?;
    access.check_account_wide()?;
    let now_ms = admin.platform.clock.now_ms();
    let project = ProjectRow {
        id: ProjectUuid::from_wire(admin.platform.random.uuid()),
        account: context.account(&access)?,
        organisation: context.organisation()?,
        identifier: ProjectId::parse(&request.identifier).map_err(|error| named("identifier", error))?,
        name: checked_name(&request.name, &request.identifier)?,
        description: checked_description(request.description)?,
        tags: request.tags.unwrap_or_default(),
        revision: 0,
        head: Vec::new(),
        created_ms: now_ms,
        modified_ms: now_ms,
    };
    admin.writer.create_project(project.clone(), &access.author(None)).await?;
    Ok((StatusCode::CREATED, Json(Wrapped::new(project.into(), &*admin.platform.random))))
}

pub(crate) async fn list(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    page: PageRequest,
) -> Result<Json<Wrapped<Projects>>, Problem> {
    let account = context.account(&access)?;
    let rows = store::projects_of(&*admin.platform.db, &account, &context.organisation()?).await?;
    let rows = rows.into_iter().filter(|project| access.covers(project)).collect();
    let (rows, page) = page.cut(rows);
    let projects = Projects { page, projects: rows.into_iter().map(Project::from).collect() };
    Ok(Json(Wrapped::new(projects, &*admin.platform.random)))
}

pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<Json<Wrapped<Project>>, Problem> {
    let project = context.project_named(&*admin.platform.db, &access, &identifier).await?;
    Ok(Json(Wrapped::new(project.into(), &*admin.platform.random)))
}

/// The same error about a field of another name.
pub(crate) fn named(field: &str, error: FieldError) -> FieldError {
    FieldError { field: field.to_owned(), ..error }
}

/// A name within its limit; the identifier where none is given.
pub(crate) fn checked_name(name: &str, identifier: &str) -> Result<String, Error> {
    let name = if name.trim().is_empty() { identifier } else { name };
    if name.len() > NAME_BYTES_MAX {
        return Err(Error::invalid("name", format!("is longer than {NAME_BYTES_MAX} bytes; shorten it")));
    }
    Ok(name.to_owned())
}

/// A description within its limit.
pub(crate) fn checked_description(description: Option<String>) -> Result<String, Error> {
    let description = description.unwrap_or_default();
    if description.len() > DESCRIPTION_BYTES_MAX {
        let message = format!("is longer than {DESCRIPTION_BYTES_MAX} bytes; shorten it");
        return Err(Error::invalid("description", message));
    }
    Ok(description)
}
