//! Flags: create, read, list, change, archive, delete.

mod activity;
mod answer;
mod change;
mod check;
mod create;
mod evaluations;
mod instruction;
mod list;
mod put;
mod remove;
mod restore;
mod revert;
mod version;
mod working;

use api::{Json, Path, Problem, Query, entity_tag};
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::ETAG;
use model::limits::INSTRUCTIONS_PER_PATCH_MAX;
use model::{Error, FieldError, Flag, FlagId, ObjectKind};
use platform::Db;
use serde::Deserialize;
use store::{EnvironmentRow, Kind, ProjectRow};

use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::instructions::{PatchRequest, RawInstruction, checked_comment, parse_all};
use answer::Feature;
use change::ChangeFlags;
use create::CreateFlag;
use instruction::Instruction;
use put::PutFlag;
use remove::RemoveFlag;
use restore::RestoreFlag;

pub(crate) use answer::Metadata;
pub use create::FlagRequest;
pub(crate) use evaluations::{evaluations, metrics};
pub(crate) use list::{dependants, list};
pub use put::PutRequest;
pub(crate) use revert::RevertFlag;
pub(crate) use working::{config_patched, flag_patched};

/// Instructions for several flags, all or none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchManyRequest {
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    execution_time: Option<i64>,
    #[serde(default)]
    flags: Vec<FlagInstructions>,
}

#[derive(Clone, Debug, Deserialize)]
struct FlagInstructions {
    identifier: String,
    #[serde(default)]
    instructions: Vec<RawInstruction>,
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
    let project = context.project_of_body(&*admin.platform.db, &access, &request.project).await?;
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
) -> Result<impl IntoResponse, Problem> {
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = named_environment(db, &project, &context).await?;
    let flag = FlagId::parse(&identifier)?;
    // Read before the flag: a tag that is older than its body is harmless, a newer one hides a change.
    let id = environment.as_ref().map(|row| &row.id);
    let version = version::version(db, &project.id, id, &flag).await?;
    let flag = find(db, &project, &flag).await?;
    let feature = answer::feature(db, flag, &project, environment.as_ref()).await?;
    Ok(([(ETAG, entity_tag::of(version))], Json(feature)))
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
    let parse = |raw: &RawInstruction, place: &str| Instruction::parse(raw, place, &*admin.platform.random);
    let instructions = parse_all(&request.instructions, request.execution_time, "", parse)?;
    let decision = ChangeFlags {
        environment: environment.as_ref().map(|row| row.id.clone()),
        flags: vec![(flag.clone(), instructions)],
    };
    let author = access.author(checked_comment(request.comment)?);
    admin.writer.write(&project.id, &author, &decision).await?;
    answer(db, &project, environment.as_ref(), &flag).await
}

pub(crate) async fn patch_many(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Json(request): Json<PatchManyRequest>,
) -> Result<Json<Vec<Metadata>>, Problem> {
    access.check_edit()?;
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = named_environment(db, &project, &context).await?;
    if request.flags.is_empty() || request.flags.len() > INSTRUCTIONS_PER_PATCH_MAX {
        let message = format!("holds {} flags; send 1 to {INSTRUCTIONS_PER_PATCH_MAX}", request.flags.len());
        return Err(FieldError::new("flags", message).into());
    }
    let mut flags = Vec::with_capacity(request.flags.len());
    for (index, flag) in request.flags.iter().enumerate() {
        let parse =
            |raw: &RawInstruction, place: &str| Instruction::parse(raw, place, &*admin.platform.random);
        let id = FlagId::parse(&flag.identifier).map_err(|error| error.under(&format!("flags[{index}]")))?;
        flags.push((
            id,
            parse_all(&flag.instructions, request.execution_time, &format!("flags[{index}]."), parse)?,
        ));
    }
    let decision = ChangeFlags { environment: environment.as_ref().map(|row| row.id.clone()), flags };
    let author = access.author(checked_comment(request.comment)?);
    admin.writer.write(&project.id, &author, &decision).await?;
    let mut answers = Vec::with_capacity(decision.flags.len());
    for (flag, _) in &decision.flags {
        let Json(one) = answer(db, &project, environment.as_ref(), flag).await?;
        answers.push(one);
    }
    Ok(Json(answers))
}

pub(crate) async fn put(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    Json(request): Json<PutRequest>,
) -> Result<Json<Metadata>, Problem> {
    access.check_edit()?;
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let flag = FlagId::parse(&identifier)?;
    let decision = PutFlag { flag: flag.clone(), environment: context.environment_id()?, request };
    admin.writer.write(&project.id, &access.author(None), &decision).await?;
    answer(db, &project, None, &flag).await
}

pub(crate) async fn restore(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<(StatusCode, Json<Metadata>), Problem> {
    access.check_edit()?;
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let flag = FlagId::parse(&identifier)?;
    let decision = RestoreFlag { flag: flag.clone(), environment: context.environment_id()? };
    admin.writer.write(&project.id, &access.author(None), &decision).await?;
    Ok((StatusCode::CREATED, answer(db, &project, None, &flag).await?))
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
    let environment = context.environment_id()?;
    let decision = if query.force_delete.unwrap_or(false) {
        RemoveFlag::for_good(flag, environment)
    } else {
        RemoveFlag::to_archive(flag, environment)
    };
    admin.writer.write(&project.id, &access.author(None), &decision).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The flag as the answer to a write.
pub(crate) async fn answer(
    db: &dyn Db,
    project: &ProjectRow,
    environment: Option<&EnvironmentRow>,
    flag: &FlagId,
) -> Result<Json<Metadata>, Problem> {
    let flag = find(db, project, flag).await?;
    Ok(Json(Metadata::new(answer::feature(db, flag, project, environment).await?)))
}

/// The flag, archived or not.
async fn find(db: &dyn Db, project: &ProjectRow, id: &FlagId) -> Result<Flag, Error> {
    let object = store::current(db, project.id.as_str(), Kind::Flag, id.as_str()).await?;
    let body = object.and_then(|object| object.body);
    let body = body.ok_or_else(|| Error::not_found(ObjectKind::Flag, id))?;
    store::read_body(&body)
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
