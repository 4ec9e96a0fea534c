//! Flags: create, read, list, change, archive, delete.

mod answer;
mod change;
mod create;
mod instruction;
mod list;
mod remove;

use api::{Json, Path, Problem, Query};
use axum::extract::State;
use http::StatusCode;
use model::limits::INSTRUCTIONS_PER_PATCH_MAX;
use model::{Error, Flag, FlagId, ObjectKind};
use platform::Db;
use serde::Deserialize;
use serde_json::Value;
use store::{EnvironmentRow, Kind, ProjectRow};

use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::projects::{checked_description, named};
use answer::{Feature, Metadata};
use change::ChangeFlag;
use create::CreateFlag;
use instruction::Instruction;
use remove::RemoveFlag;

pub use create::FlagRequest;
pub(crate) use list::list;

/// The envelope of instructions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchRequest {
    /// Why; kept in the audit.
    #[serde(default)]
    pub comment: Option<String>,
    /// When; not offered yet.
    #[serde(default)]
    pub execution_time: Option<i64>,
    /// Applied in order, all or none.
    #[serde(default)]
    pub instructions: Vec<RawInstruction>,
}

/// One instruction as it was sent.
#[derive(Clone, Debug, Deserialize)]
pub struct RawInstruction {
    /// Such as `setFeatureFlagState`.
    pub kind: String,
    /// What that kind needs.
    #[serde(default)]
    pub parameters: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteQuery {
    force_delete: Option<bool>,
}

pub(crate) async fn create(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Json(request): Json<FlagRequest>,
) -> Result<(StatusCode, Json<Metadata>), Problem> {
    access.check_edit()?;
    let project = context.project_named(&*admin.platform.db, &access, &request.project).await?;
    let decision = CreateFlag::parse(request, &project)?;
    let written = admin.writer.write(&project.id, &access.author(None), &decision).await?;
    let feature = Feature::new(written.answer, &project, None);
    Ok((StatusCode::CREATED, Json(Metadata::new(feature))))
}

pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<Json<Feature>, Problem> {
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = named_environment(db, &project, &context).await?;
    let flag = find(db, &project, &FlagId::parse(&identifier)?).await?;
    Ok(Json(answer::feature(db, flag, &project, environment.as_ref()).await?))
}

pub(crate) async fn patch(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    Json(request): Json<PatchRequest>,
) -> Result<Json<Metadata>, Problem> {
    access.check_edit()?;
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = named_environment(db, &project, &context).await?;
    let flag = FlagId::parse(&identifier)?;
    let decision = ChangeFlag {
        flag: flag.clone(),
        environment: environment.as_ref().map(|row| row.id.clone()),
        instructions: instructions(&request)?,
    };
    let comment = request.comment.map(|comment| checked_description(Some(comment))).transpose();
    let author = access.author(comment.map_err(|_| too_long_comment())?);
    admin.writer.write(&project.id, &author, &decision).await?;
    let flag = find(db, &project, &flag).await?;
    Ok(Json(Metadata::new(answer::feature(db, flag, &project, environment.as_ref()).await?)))
}

pub(crate) async fn delete(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    Query(query): Query<DeleteQuery>,
) -> Result<StatusCode, Problem> {
    access.check_edit()?;
    let project = context.project(&*admin.platform.db, &access).await?;
    let flag = FlagId::parse(&identifier)?;
    let decision = if query.force_delete.unwrap_or(false) {
        RemoveFlag::for_good(flag)
    } else {
        RemoveFlag::to_archive(flag)
    };
    admin.writer.write(&project.id, &access.author(None), &decision).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn instructions(request: &PatchRequest) -> Result<Vec<Instruction>, Error> {
    if request.execution_time.is_some() {
        let message =
            "executionTime: scheduled changes are planned but not offered yet; leave it out to apply now";
        return Err(Error::NotOffered(message.to_owned()));
    }
    if request.instructions.is_empty() {
        return Err(Error::invalid("instructions", "is empty; send at least one instruction"));
    }
    if request.instructions.len() > INSTRUCTIONS_PER_PATCH_MAX {
        let message =
            format!("holds more than {INSTRUCTIONS_PER_PATCH_MAX} instructions; send several requests");
        return Err(Error::invalid("instructions", message));
    }
    let parse = |(index, raw)| Instruction::parse(raw, &format!("instructions[{index}]"));
    request.instructions.iter().enumerate().map(parse).collect()
}

fn too_long_comment() -> Error {
    named("comment", model::FieldError::new("comment", "is too long; shorten it to 4096 bytes")).into()
}

/// The flag, archived or not.
async fn find(db: &dyn Db, project: &ProjectRow, id: &FlagId) -> Result<Flag, Error> {
    let object = store::current(db, project.id.as_str(), Kind::Flag, id.as_str()).await?;
    let body = object.and_then(|object| object.body);
    let body = body.ok_or_else(|| Error::not_found(ObjectKind::Flag, id))?;
    serde_json::from_str(&body).map_err(Error::internal)
}

async fn named_environment(
    db: &dyn Db,
    project: &ProjectRow,
    context: &Context,
) -> Result<Option<EnvironmentRow>, Error> {
    match context.environment_id()? {
        Some(identifier) => Ok(Some(store::environment_by_identifier(db, &project.id, &identifier).await?)),
        None => Ok(None),
    }
}
