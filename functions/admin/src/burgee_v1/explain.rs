//! Why a flag serves what it serves to a target, or served at an earlier version.

use eval::Explanation;
use model::{Error, FlagId, ObjectKind, Target};
use serde::{Deserialize, Serialize};

use super::snapshot;
use crate::answer::Answer;
use crate::call::Call;

/// `ExplainRequest` of openapi/burgee.yaml.
#[derive(Clone, Debug, Deserialize)]
pub struct ExplainRequest {
    /// As an SDK would have it; what is in the list of targets is not looked at.
    pub target: Target,
    /// The environment's version; now, if left out.
    #[serde(default)]
    pub version: Option<i64>,
}

#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    explanation: Explanation,
    /// The same for people, one check a line.
    text: String,
}

pub(crate) async fn explain(call: Call, request: ExplainRequest) -> Result<Answer, Error> {
    let id = FlagId::parse(&call.identifier)?;
    let place = call.place().await?;
    let snapshot = snapshot::at_version(call.db(), &place.environment, request.version).await?;
    let (ruleset, _) = eval::compile(&snapshot);
    let flag = ruleset.flag(id.as_str()).ok_or_else(|| Error::not_found(ObjectKind::Flag, &id))?;
    let explanation = ruleset.explain(flag, &request.target);
    let text = explanation.to_string();
    // It holds what is known of a person.
    Ok(Answer::ok(&Explained { explanation, text })?.not_stored())
}
