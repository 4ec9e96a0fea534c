//! What callers say about a target.

use model::limits::TARGET_ATTRIBUTES_BYTES_MAX;
use model::{Error, FieldError, Target, TargetId};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::projects::{checked_name, named};
use crate::reserved;

/// `TargetRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TargetRequest {
    /// Unique in the environment; never changes.
    pub identifier: String,
    /// For people; the identifier if left out.
    #[serde(default)]
    pub name: String,
    /// The project's identifier.
    pub project: String,
    /// The environment's identifier.
    pub environment: String,
    /// Anonymous targets are not listed, so only `false` makes sense.
    #[serde(default)]
    pub anonymous: Option<bool>,
    /// By name.
    #[serde(default)]
    pub attributes: Option<Map<String, Value>>,
}

impl TargetRequest {
    /// The target, within its limits.
    pub(super) fn parse(self) -> Result<Target, Error> {
        let identifier = parse_identifier(&self.identifier)?;
        if self.anonymous == Some(true) {
            let message = "anonymous targets are never listed: leave it out, or do not send the target";
            return Err(Error::invalid("anonymous", message));
        }
        Ok(Target {
            identifier: identifier.as_str().into(),
            name: checked_name(&self.name, &self.identifier)?.into(),
            anonymous: false,
            attributes: checked_attributes("attributes", self.attributes.unwrap_or_default())?,
        })
    }

    /// Refuses a body that is about another target than the one at `identifier`.
    pub(super) fn check_is(&self, identifier: &str, place: &crate::context::Place) -> Result<(), Error> {
        let pairs = [
            ("identifier", &*self.identifier, identifier),
            ("project", &*self.project, place.project.identifier.as_str()),
            ("environment", &*self.environment, place.environment.identifier.as_str()),
        ];
        match pairs.into_iter().find(|(_, sent, is)| sent != is) {
            None => Ok(()),
            Some((field, sent, is)) => {
                let message =
                    format!("{sent:?} is not {is:?}, which the path or query names and never changes");
                Err(Error::invalid(field, message))
            }
        }
    }
}

/// The identifier of a target that is to be listed.
pub(super) fn parse_identifier(text: &str) -> Result<TargetId, FieldError> {
    reserved::check(reserved::TARGETS, text)?;
    TargetId::parse(text)
}

/// Attributes within their limit.
pub(super) fn checked_attributes(
    field: &str,
    attributes: Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    if attributes.keys().any(|name| name.trim().is_empty()) {
        return Err(Error::invalid(field, "holds an attribute without a name"));
    }
    let bytes = serde_json::to_vec(&attributes).map_err(Error::internal)?.len();
    if bytes > TARGET_ATTRIBUTES_BYTES_MAX {
        let message =
            format!("are {bytes} bytes as JSON, more than {TARGET_ATTRIBUTES_BYTES_MAX}; leave some out");
        return Err(Error::invalid(field, message));
    }
    Ok(attributes)
}

/// A new name for the target of that identifier.
pub(super) fn checked_new_name(field: &str, name: &str, identifier: &str) -> Result<Box<str>, Error> {
    match checked_name(name, identifier) {
        Ok(name) => Ok(name.into()),
        Err(Error::Invalid(errors)) => {
            Err(Error::Invalid(errors.into_iter().map(|error| named(field, error)).collect()))
        }
        Err(error) => Err(error),
    }
}
