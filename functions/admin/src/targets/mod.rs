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

use http::StatusCode;
use model::{Error, ObjectKind};

use crate::answer::Answer;
use crate::call::Call;
use crate::context::Place;
use crate::instructions::{PatchRequest, RawInstruction, checked_comment, parse_all};
use answer::TargetAnswer;
use change::{ChangeTarget, CreateTarget, DeleteTarget, Edit};

pub(crate) use directory::{info, list as directory};
pub(crate) use list::{attributes, list};
pub(crate) use membership::{available, of_target};
pub use request::TargetRequest;
pub(crate) use upload::upload;

pub(crate) async fn create(call: Call, request: TargetRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let place = call.place_of_body(&request.project, &request.environment).await?;
    let decision = CreateTarget { environment: place.environment.id, target: request.parse()? };
    call.write(&place.project.id, &decision).await?;
    Ok(Answer::empty(StatusCode::CREATED))
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let place = call.place().await?;
    answer(&call, &place).await
}

pub(crate) async fn patch(call: Call, request: PatchRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let place = call.place().await?;
    let parse = |raw: &RawInstruction, at: &str| instruction::parse(raw, at, &call.identifier);
    let edits = parse_all(&request.instructions, request.execution_time, "", parse)?;
    let edits = edits.into_iter().map(|placed| placed.instruction).collect();
    let environment = place.environment.id.clone();
    let decision = ChangeTarget { environment, identifier: call.identifier.clone(), edits };
    call.write_because(checked_comment(request.comment)?, &place.project.id, &decision).await?;
    answer(&call, &place).await
}

/// Replaces name and attributes.
pub(crate) async fn put(call: Call, request: TargetRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let place = call.place().await?;
    request.check_is(&call.identifier, &place)?;
    let target = request.parse()?;
    let edits = vec![Edit::Name(target.name), Edit::Attributes(target.attributes)];
    let environment = place.environment.id.clone();
    let decision = ChangeTarget { environment, identifier: call.identifier.clone(), edits };
    call.write(&place.project.id, &decision).await?;
    answer(&call, &place).await
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let place = call.place().await?;
    let decision = DeleteTarget { environment: place.environment.id, identifier: call.identifier.clone() };
    call.write(&place.project.id, &decision).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn answer(call: &Call, place: &Place) -> Result<Answer, Error> {
    let row = store::listed_target(call.db(), &place.environment.id, &call.identifier).await?;
    let row = row.ok_or_else(|| Error::not_found(ObjectKind::Target, &call.identifier))?;
    Answer::ok(&TargetAnswer::new(row, place))
}
