//! The envelope of instructions, the same for flags, segments and targets.

use model::limits::INSTRUCTIONS_PER_PATCH_MAX;
use model::{Error, FieldError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::projects::{checked_description, named};

/// `{comment?, executionTime?, instructions: [{kind, parameters}]}`.
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

impl RawInstruction {
    /// The parameters as the kind needs them; `place` names them in errors.
    pub(crate) fn parameters<T: DeserializeOwned>(&self, place: &str) -> Result<T, Error> {
        if !matches!(self.parameters, Value::Object(_)) {
            return Err(Error::invalid(place, format!("{} needs an object of parameters", self.kind)));
        }
        T::deserialize(&self.parameters)
            .map_err(|error| Error::invalid(place, format!("{} cannot be read: {error}", self.kind)))
    }
}

/// The instructions, parsed one by one; `parse` gets each with its place, such as `instructions[2]`.
///
/// # Errors
/// `NotOffered` for a schedule, `Invalid` for none or too many.
pub(crate) fn parse_all<T>(
    instructions: &[RawInstruction],
    execution_time: Option<i64>,
    parse: impl Fn(&RawInstruction, &str) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    if execution_time.is_some() {
        let message = "executionTime: scheduled changes are planned but not offered yet; leave it out to apply them now";
        return Err(Error::NotOffered(message.to_owned()));
    }
    if instructions.is_empty() {
        return Err(Error::invalid("instructions", "is empty; send at least one instruction"));
    }
    if instructions.len() > INSTRUCTIONS_PER_PATCH_MAX {
        let message =
            format!("holds more than {INSTRUCTIONS_PER_PATCH_MAX} instructions; send several requests");
        return Err(Error::invalid("instructions", message));
    }
    let parse = |(index, raw)| parse(raw, &format!("instructions[{index}]"));
    instructions.iter().enumerate().map(parse).collect()
}

/// A comment within the limit of descriptions.
pub(crate) fn checked_comment(comment: Option<String>) -> Result<Option<String>, Error> {
    match checked_description(comment) {
        Ok(comment) => Ok(Some(comment)),
        Err(Error::Invalid(errors)) => {
            Err(Error::Invalid(errors.into_iter().map(|error| named("comment", error)).collect()))
        }
        Err(error) => Err(error),
    }
}

/// An instruction of a kind that is none; `kinds` are those there are.
pub(crate) fn unknown_kind(kind: &str, place: &str, kinds: &[&str]) -> Error {
    FieldError::new(
        format!("{place}.kind"),
        format!("{kind:?} is not an instruction; use {}", kinds.join(", ")),
    )
    .into()
}
