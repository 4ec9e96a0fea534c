//! Targets: the list of those whom SDKs have seen or somebody has written down.
//!
//! The list is for people. What a target is served follows from flags, segments and what its SDK says about
//! it, whether it is listed or not.

mod answer;
mod change;
mod directory;
mod instruction;
mod list;
mod membership;
mod request;
mod upload;

use api::{Json, Path, Problem};
use axum::extract::State;
use http::StatusCode;
use model::{EnvironmentId, Error, ObjectKind};

use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::instructions::{PatchRequest, RawInstruction, checked_comment, parse_all};
use crate::projects::named;
use crate::segments::Place;
use answer::TargetAnswer;
use change::{ChangeTarget, CreateTarget, DeleteTarget, Edit};

pub(crate) use directory::{info, list as directory};
pub(crate) use list::{attributes, list};
pub(crate) use membership::{available, of_target};
pub use request::TargetRequest;
pub(crate) use upload::upload;

pub(crate) async fn create(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Json(request): Json<TargetRequest>,
) -> Result<StatusCode, Problem> {
    access.check_edit()?;
    let db = &*admin.platform.db;
    let project = context.project_of_body(db, &access, &request.project).await?;
    let environment =
        EnvironmentId::parse(&request.environment).map_err(|error| named("environment", error))?;
    let environment = store::environment_by_identifier(db, &project.id, &environment).await?;
    let decision = CreateTarget { environment: environment.id, target: request.parse()? };
    admin.writer.write(&project.id, &access.author(None), &decision).await?;
    Ok(StatusCode::CREATED)
}

pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<Json<TargetAnswer>, Problem> {
    let place = Place::of(&*admin.platform.db, &access, &context).await?;
    answer(&admin, &place, &identifier).await
}

pub(crate) async fn patch(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    Json(request): Json<PatchRequest>,
) -> Result<Json<TargetAnswer>, Problem> {
    access.check_edit()?;
    let place = Place::of(&*admin.platform.db, &access, &context).await?;
    let parse = |raw: &RawInstruction, at: &str| instruction::parse(raw, at, &identifier);
    let edits = parse_all(&request.instructions, request.execution_time, "", parse)?;
    let edits = edits.into_iter().map(|placed| placed.instruction).collect();
    let environment = place.environment.id.clone();
    let decision = ChangeTarget { environment, identifier: identifier.clone(), edits };
    let author = access.author(checked_comment(request.comment)?);
    admin.writer.write(&place.project.id, &author, &decision).await?;
    answer(&admin, &place, &identifier).await
}

/// Replaces name and attributes.
pub(crate) async fn put(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    Json(request): Json<TargetRequest>,
) -> Result<Json<TargetAnswer>, Problem> {
    access.check_edit()?;
    let place = Place::of(&*admin.platform.db, &access, &context).await?;
    request.check_is(&identifier, &place)?;
    let target = request.parse()?;
    let edits = vec![Edit::Name(target.name), Edit::Attributes(target.attributes)];
    let environment = place.environment.id.clone();
    let decision = ChangeTarget { environment, identifier: identifier.clone(), edits };
    admin.writer.write(&place.project.id, &access.author(None), &decision).await?;
    answer(&admin, &place, &identifier).await
}

pub(crate) async fn delete(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<StatusCode, Problem> {
    access.check_edit()?;
    let place = Place::of(&*admin.platform.db, &access, &context).await?;
    let decision = DeleteTarget { environment: place.environment.id, identifier };
    admin.writer.write(&place.project.id, &access.author(None), &decision).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn answer(admin: &Admin, place: &Place, identifier: &str) -> Result<Json<TargetAnswer>, Problem> {
    let row = store::listed_target(&*admin.platform.db, &place.environment.id, identifier).await?;
    let row = row.ok_or_else(|| Error::not_found(ObjectKind::Target, identifier))?;
    Ok(Json(TargetAnswer::new(row, place)))
}
