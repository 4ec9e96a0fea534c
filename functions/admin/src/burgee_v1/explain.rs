//! Why a flag serves what it serves to a target, or served at an earlier version.

use api::{Json, Path, Problem};
use axum::extract::State;
use axum::response::IntoResponse;
use eval::Explanation;
use model::{Error, FlagId, ObjectKind, Target};
use serde::{Deserialize, Serialize};

use super::snapshot;
use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::idempotency::NO_STORE;
use crate::segments::Place;

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
struct Answer {
    #[serde(flatten)]
    explanation: Explanation,
    /// The same for people, one check a line.
    text: String,
}

pub(crate) async fn explain(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    Json(request): Json<ExplainRequest>,
) -> Result<impl IntoResponse, Problem> {
    let id = FlagId::parse(&identifier)?;
    let place = Place::of(&*admin.platform.db, &access, &context).await?;
    let snapshot = snapshot::at_version(&admin, &place.environment, request.version).await?;
    let (ruleset, _) = eval::compile(&snapshot);
    let flag = ruleset.flag(id.as_str()).ok_or_else(|| Error::not_found(ObjectKind::Flag, &id))?;
    let explanation = ruleset.explain(flag, &request.target);
    let text = explanation.to_string();
    // It holds what is known of a person.
    Ok((NO_STORE, Json(Answer { explanation, text })))
}
