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

use http::StatusCode;
use model::limits::INSTRUCTIONS_PER_PATCH_MAX;
use model::{Error, Flag, FlagId, ObjectKind, Stored};
use platform::Db;
use serde::Deserialize;
use store::{EnvironmentRow, Kind, ProjectRow};

use crate::answer::Answer;
use crate::call::Call;
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

pub(crate) async fn create(call: Call, request: FlagRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let project = call.project_of_body(&request.project).await?;
    let decision = CreateFlag::parse(request, &project)?;
    let stored = call.write_answered(&project.id, &decision).await?;
    let flag = Flag::from_json(stored.as_bytes()).map_err(Error::internal)?;
    Answer::created(&Metadata::new(Feature::new(flag, &project, None)))
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let db = call.db();
    let project = call.project().await?;
    let environment = call.named_environment(&project).await?;
    let flag = FlagId::parse(&call.identifier)?;
    // Read before the flag: a tag that is older than its body is harmless, a newer one hides a change.
    let id = environment.as_ref().map(|row| &row.id);
    let version = version::version(db, &project.id, id, &flag).await?;
    let flag = find(db, &project, &flag).await?;
    let feature = answer::feature(db, flag, &project, environment.as_ref()).await?;
    Ok(Answer::ok(&feature)?.tagged(version))
}

pub(crate) async fn patch(call: Call, request: PatchRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let project = call.project().await?;
    let environment = call.named_environment(&project).await?;
    let flag = FlagId::parse(&call.identifier)?;
    let parse = |raw: &RawInstruction, place: &str| Instruction::parse(raw, place, call.random());
    let instructions = parse_all(&request.instructions, request.execution_time, "", parse)?;
    let decision = ChangeFlags {
        environment: environment.as_ref().map(|row| row.id.clone()),
        flags: vec![(flag.clone(), instructions)],
    };
    call.write_because(checked_comment(request.comment)?, &project.id, &decision).await?;
    Answer::ok(&written(call.db(), &project, environment.as_ref(), &flag).await?)
}

pub(crate) async fn patch_many(call: Call, request: PatchManyRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let project = call.project().await?;
    let environment = call.named_environment(&project).await?;
    if request.flags.is_empty() || request.flags.len() > INSTRUCTIONS_PER_PATCH_MAX {
        let message = format!("holds {} flags; send 1 to {INSTRUCTIONS_PER_PATCH_MAX}", request.flags.len());
        return Err(Error::invalid("flags", message));
    }
    let mut flags = Vec::with_capacity(request.flags.len());
    for (index, flag) in request.flags.iter().enumerate() {
        let parse = |raw: &RawInstruction, place: &str| Instruction::parse(raw, place, call.random());
        let id = FlagId::parse(&flag.identifier).map_err(|error| error.under(&format!("flags[{index}]")))?;
        flags.push((
            id,
            parse_all(&flag.instructions, request.execution_time, &format!("flags[{index}]."), parse)?,
        ));
    }
    let decision = ChangeFlags { environment: environment.as_ref().map(|row| row.id.clone()), flags };
    call.write_because(checked_comment(request.comment)?, &project.id, &decision).await?;
    let mut answers = Vec::with_capacity(decision.flags.len());
    for (flag, _) in &decision.flags {
        answers.push(written(call.db(), &project, environment.as_ref(), flag).await?);
    }
    Answer::ok(&answers)
}

pub(crate) async fn put(call: Call, request: PutRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let project = call.project().await?;
    let flag = FlagId::parse(&call.identifier)?;
    let decision = PutFlag { flag: flag.clone(), environment: call.environment_id()?, request };
    call.write(&project.id, &decision).await?;
    Answer::ok(&written(call.db(), &project, None, &flag).await?)
}

pub(crate) async fn restore(call: Call) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let project = call.project().await?;
    let flag = FlagId::parse(&call.identifier)?;
    let decision = RestoreFlag { flag: flag.clone(), environment: call.environment_id()? };
    call.write(&project.id, &decision).await?;
    Answer::created(&written(call.db(), &project, None, &flag).await?)
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Error> {
    let for_good = call.forces_delete()?;
    call.access.check_edit()?;
    let project = call.project().await?;
    let flag = FlagId::parse(&call.identifier)?;
    let environment = call.environment_id()?;
    let decision = if for_good {
        RemoveFlag::for_good(flag, environment)
    } else {
        RemoveFlag::to_archive(flag, environment)
    };
    call.write(&project.id, &decision).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// The flag as writes answer with it.
pub(crate) async fn written(
    db: &dyn Db,
    project: &ProjectRow,
    environment: Option<&EnvironmentRow>,
    flag: &FlagId,
) -> Result<Metadata, Error> {
    let flag = find(db, project, flag).await?;
    Ok(Metadata::new(answer::feature(db, flag, project, environment).await?))
}

/// The flag, archived or not.
async fn find(db: &dyn Db, project: &ProjectRow, id: &FlagId) -> Result<Flag, Error> {
    let object = store::current(db, project.id.as_str(), Kind::Flag, id.as_str()).await?;
    let body = object.and_then(|object| object.body);
    let body = body.ok_or_else(|| Error::not_found(ObjectKind::Flag, id))?;
    store::read_body(&body)
}
