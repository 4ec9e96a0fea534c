//! Projects, and the organisations that come into being with them.

use std::collections::HashSet;

use api::Page;
use async_trait::async_trait;
use http::StatusCode;
use model::limits::{DESCRIPTION_BYTES_MAX, IDENTIFIER_BYTES_MAX, NAME_BYTES_MAX, TAGS_PER_OBJECT_MAX};
use model::{Error, EventKind, FieldError, ProjectId, ProjectUuid, Tag, Version};
use serde::{Deserialize, Serialize};
use store::{Decision, Kind, ObjectStep, Plan, ProjectRow, ProjectState, Scope};

use crate::answer::Answer;
use crate::call::Call;
use crate::retire::RemoveProject;

/// Postgres takes no NUL, and people cannot see the others.
const CONTROL: &str = "holds a control character; leave it out";

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
struct Projects {
    #[serde(flatten)]
    page: Page,
    projects: Vec<Project>,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        Self { identifier: row.identifier, name: row.name, description: row.description, tags: row.tags }
    }
}

pub(crate) async fn create(call: Call, request: ProjectRequest) -> Result<Answer, Error> {
    call.access.check_own()?;
    call.access.check_account_wide()?;
    let now_ms = call.now_ms();
    let project = ProjectRow {
        id: ProjectUuid::from_wire(call.random().uuid()),
        account: call.account()?,
        organisation: call.organisation()?,
        identifier: ProjectId::parse(&request.identifier).map_err(|error| named("identifier", error))?,
        name: checked_name(&request.name, &request.identifier)?,
        description: checked_description(request.description)?,
        tags: checked_tags(request.tags)?,
        revision: 0,
        head: Vec::new(),
        created_ms: now_ms,
        modified_ms: now_ms,
    };
    call.admin.writer.create_project(project.clone(), &call.access.author(None)).await?;
    Ok(Answer::created(&Project::from(project))?.wrapped(call.random()))
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let account = call.account()?;
    let rows = store::projects_of(call.db(), &account, &call.organisation()?).await?;
    let rows = rows.into_iter().filter(|project| call.access.covers(project)).collect();
    let (rows, page) = page.cut(rows);
    let projects = Projects { page, projects: rows.into_iter().map(Project::from).collect() };
    Ok(Answer::ok(&projects)?.wrapped(call.random()))
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let project = call.project_of_path().await?;
    let version = Version(project.revision);
    Ok(Answer::ok(&Project::from(project))?.wrapped(call.random()).tagged(version))
}

/// Replaces name, description and tags.
pub(crate) async fn put(call: Call, request: ProjectRequest) -> Result<Answer, Error> {
    call.access.check_own()?;
    let project = call.project_of_path().await?;
    check_identifier("identifier", &request.identifier, &call.identifier)?;
    let decision = UpdateProject {
        name: checked_name(&request.name, &call.identifier)?,
        description: checked_description(request.description)?,
        tags: checked_tags(request.tags)?,
    };
    call.write(&project.id, &decision).await?;
    let UpdateProject { name, description, tags } = decision;
    Ok(Answer::ok(&Project { identifier: project.identifier, name, description, tags })?
        .wrapped(call.random()))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Error> {
    call.access.check_own()?;
    let project = call.project_of_path().await?;
    call.write(&project.id, &RemoveProject).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// What the environments of the project repeat of it is its identifier, which never changes: nobody's answers
/// change with the rest.
struct UpdateProject {
    name: String,
    description: String,
    tags: Vec<Tag>,
}

#[async_trait]
impl Decision for UpdateProject {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let before = &state.project;
        let after = ProjectRow {
            name: self.name.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
            ..before.clone()
        };
        let mut plan = Plan::new(());
        if after != *before {
            plan.step(step(Some(before), Some(&after), "ProjectPatched")?);
            plan.row(store::update_project(&after)?);
        }
        Ok(plan)
    }

    /// The project's revision.
    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        Ok(Some(Version(state.project.revision)))
    }
}

/// The change row of a project.
pub(crate) fn step(
    before: Option<&ProjectRow>,
    after: Option<&ProjectRow>,
    action: &'static str,
) -> Result<ObjectStep, Error> {
    let body = |project: &ProjectRow| {
        let body = serde_json::json!({
            "identifier": project.identifier, "name": project.name,
            "description": project.description, "tags": project.tags,
        });
        serde_json::to_string(&body).map_err(Error::internal)
    };
    Ok(ObjectStep {
        scope: Scope::Project,
        kind: Kind::Project,
        identifier: before.or(after).map(|project| project.identifier.to_string()).unwrap_or_default(),
        action,
        event: if after.is_some() { EventKind::Patch } else { EventKind::Delete },
        before: before.map(body).transpose()?,
        after: after.map(body).transpose()?,
        references: Vec::new(),
        dependants: Vec::new(),
    })
}

/// Refuses a body that names another object than the path.
pub(crate) fn check_identifier(field: &str, sent: &str, is: &str) -> Result<(), FieldError> {
    if sent == is {
        return Ok(());
    }
    Err(FieldError::new(field, format!("{sent:?} is not {is:?}; an identifier never changes")))
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
    if name.chars().any(char::is_control) {
        return Err(Error::invalid("name", CONTROL));
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
    // Lines and tabs are what people write.
    if description.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Error::invalid("description", CONTROL));
    }
    Ok(description)
}

/// Tags within their limits, each once. A tag is known by its identifier; one sent by name alone is known
/// by its name.
pub(crate) fn checked_tags(tags: Option<Vec<Tag>>) -> Result<Vec<Tag>, FieldError> {
    let mut tags = tags.unwrap_or_default();
    if tags.len() > TAGS_PER_OBJECT_MAX {
        return Err(FieldError::new(
            "tags",
            format!("holds more than {TAGS_PER_OBJECT_MAX} tags; leave some out"),
        ));
    }
    let mut seen = HashSet::new();
    for (index, tag) in tags.iter_mut().enumerate() {
        let place = format!("tags[{index}]");
        if tag.identifier.is_empty() {
            tag.identifier.clone_from(&tag.name);
        }
        if tag.name.is_empty() {
            tag.name.clone_from(&tag.identifier);
        }
        if tag.identifier.is_empty() {
            return Err(FieldError::new(format!("{place}.identifier"), "is missing"));
        }
        if [&tag.identifier, &tag.name].into_iter().any(|text| text.chars().any(char::is_control)) {
            return Err(FieldError::new(place, CONTROL));
        }
        if !seen.insert(tag.identifier.clone()) {
            let message = format!("{:?} is there twice", tag.identifier);
            return Err(FieldError::new(format!("{place}.identifier"), message));
        }
        if tag.identifier.len() > IDENTIFIER_BYTES_MAX || tag.name.len() > NAME_BYTES_MAX {
            let rule =
                format!("is longer than {IDENTIFIER_BYTES_MAX} bytes (name: {NAME_BYTES_MAX}); shorten it");
            return Err(FieldError::new(place, rule));
        }
    }
    Ok(tags)
}
