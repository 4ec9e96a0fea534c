//! The envelope of instructions, the same for flags, segments and targets.

use model::limits::INSTRUCTIONS_PER_PATCH_MAX;
use model::{Error, FieldError, Tag};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::projects::{checked_description, checked_tags, named};

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
        self.object(place)?;
        api::read_json(&self.parameters, place)
    }

    /// The one parameter of that name, which the kind needs. A type for each kind would do the same in
    /// many times as much code.
    pub(crate) fn parameter<T: DeserializeOwned>(&self, place: &str, name: &str) -> Result<T, Error> {
        let missing = || Error::invalid(format!("{place}.{name}"), "is missing");
        self.optional(place, name)?.ok_or_else(missing)
    }

    /// The one parameter of that name, if it is there.
    pub(crate) fn optional<T: DeserializeOwned>(&self, place: &str, name: &str) -> Result<Option<T>, Error> {
        let value = self.object(place)?.get(name);
        value.map(|value| api::read_json(value, &format!("{place}.{name}"))).transpose()
    }

    fn object(&self, place: &str) -> Result<&Map<String, Value>, Error> {
        let missing = || Error::invalid(place, format!("{} needs an object of parameters", self.kind));
        self.parameters.as_object().ok_or_else(missing)
    }

    /// The parameters as a tag.
    pub(crate) fn tag(&self, place: &str) -> Result<Tag, Error> {
        // Clients that leave a name out send null for it, too.
        let text = |name| {
            Ok::<_, Error>(self.optional::<Option<String>>(place, name)?.flatten().unwrap_or_default())
        };
        let tag = Tag { name: text("name")?, identifier: text("identifier")? };
        let tags = checked_tags(Some(vec![tag])).map_err(|error| {
            let field = error.field.trim_start_matches("tags[0]").trim_start_matches('.');
            if field.is_empty() { named(place, error) } else { named(&format!("{place}.{field}"), error) }
        });
        Ok(tags?.pop().unwrap_or_default())
    }
}

/// An instruction with its place in the request, for mistakes that show when it is applied.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) instruction: T,
    /// Such as `instructions[2]`.
    place: String,
}

impl<T> Placed<T> {
    /// Applies it; `apply` names fields of the parameters.
    pub(crate) fn apply(&self, apply: impl FnOnce(&T) -> Result<(), Error>) -> Result<(), Error> {
        apply(&self.instruction).map_err(|error| match error {
            Error::Invalid(errors) => {
                let place = format!("{}.parameters", self.place);
                Error::Invalid(errors.into_iter().map(|error| error.under(&place)).collect())
            }
            error => error,
        })
    }
}

/// The instructions, parsed one by one; `parse` gets each with its place, such as `instructions[2]`. What
/// is around them is named in `within`, such as `flags[1].`.
///
/// # Errors
/// `NotOffered` for a schedule, `Invalid` for none or too many.
pub(crate) fn parse_all<T>(
    instructions: &[RawInstruction],
    execution_time: Option<i64>,
    within: &str,
    parse: impl Fn(&RawInstruction, &str) -> Result<T, Error>,
) -> Result<Vec<Placed<T>>, Error> {
    if execution_time.is_some() {
        let message = "executionTime: scheduled changes are planned but not offered yet; leave it out to apply them now";
        return Err(Error::NotOffered(message.to_owned()));
    }
    if instructions.is_empty() {
        return Err(Error::invalid(
            format!("{within}instructions"),
            "is empty; send at least one instruction",
        ));
    }
    if instructions.len() > INSTRUCTIONS_PER_PATCH_MAX {
        let message =
            format!("holds more than {INSTRUCTIONS_PER_PATCH_MAX} instructions; send several requests");
        return Err(Error::invalid(format!("{within}instructions"), message));
    }
    let parse = |(index, raw)| {
        let place = format!("{within}instructions[{index}]");
        Ok(Placed { instruction: parse(raw, &place)?, place })
    };
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
