//! Taking a flag back to what it was.

use model::{EnvironmentId, Error, FlagId, Version};
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::flags::{self, RevertFlag};
use crate::instructions::checked_comment;

/// `RevertRequest` of openapi/burgee.yaml.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevertRequest {
    /// The environment's version whose serving is to be had again; without an environment, the project's
    /// revision whose flag is.
    pub version: i64,
    /// The environment; it may be in the query as well.
    #[serde(default)]
    pub environment_identifier: Option<String>,
    /// Why; kept in the audit.
    #[serde(default)]
    pub comment: Option<String>,
}

pub(crate) async fn revert(call: Call, request: RevertRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let flag = FlagId::parse(&call.identifier)?;
    let environment = request.environment(&call)?;
    let project = call.project().await?;
    let row = match &environment {
        Some(identifier) => Some(store::environment_by_identifier(call.db(), &project.id, identifier).await?),
        None => None,
    };
    let decision = RevertFlag { flag, environment, version: Version(request.version) };
    let comment = request.comment.filter(|comment| !comment.is_empty());
    let comment = comment.unwrap_or_else(|| format!("Back to version {}", request.version));
    let comment = checked_comment(Some(comment))?;
    call.write_because(comment, &project.id, &decision).await?;
    Answer::ok(&flags::written(call.db(), &project, row.as_ref(), &decision.flag).await?)
}

impl RevertRequest {
    fn environment(&self, call: &Call) -> Result<Option<EnvironmentId>, Error> {
        let in_query = call.environment_id()?;
        let in_body = self.environment_identifier.as_deref().filter(|text| !text.is_empty());
        let in_body = in_body.map(EnvironmentId::parse).transpose()?;
        match (in_query, in_body) {
            (Some(query), Some(body)) if query != body => {
                let message = format!("is {:?} here and {:?} in the query", body.as_str(), query.as_str());
                Err(Error::invalid("environmentIdentifier", message))
            }
            (query, body) => Ok(body.or(query)),
        }
    }
}
