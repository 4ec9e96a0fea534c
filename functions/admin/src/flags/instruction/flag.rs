//! Instructions that change what a flag is, everywhere.

use model::{Error, FieldError, Flag, FlagId, Prerequisite, Service, Tag, Variation, VariationId};

use super::environment::known;
use crate::instructions::RawInstruction;
use crate::parts::VariationRequest;
use crate::projects::{checked_description, checked_name};

/// Their kinds.
pub(super) const KINDS: [&str; 16] = [
    "updateName",
    "updateDescription",
    "updatePermanent",
    "addVariation",
    "updateVariation",
    "deleteVariation",
    "setDefaultOnVariation",
    "setDefaultOffVariation",
    "addPrerequisite",
    "updatePrerequisite",
    "removePrerequisite",
    "addTag",
    "updateTag",
    "removeTag",
    "addService",
    "removeService",
];

/// One change to what a flag is.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::flags) enum FlagInstruction {
    Name(String),
    Description(String),
    Permanent(bool),
    AddVariation(Variation),
    UpdateVariation(VariationChange),
    DeleteVariation(VariationId),
    DefaultOn(VariationId),
    DefaultOff(VariationId),
    AddPrerequisite(Prerequisite),
    UpdatePrerequisite(Prerequisite),
    RemovePrerequisite(FlagId),
    AddTag(Tag),
    UpdateTag(Tag),
    RemoveTag(String),
    AddService(Service),
    RemoveService(String),
}

/// What is given of a variation changes; its identifier never does.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::flags) struct VariationChange {
    identifier: VariationId,
    name: Option<String>,
    value: Option<String>,
    description: Option<String>,
}

impl FlagInstruction {
    pub(super) fn parse(raw: &RawInstruction, place: &str) -> Result<Self, Error> {
        let text = |name| raw.parameter::<String>(place, name);
        let variation = || variation(&text("identifier")?, place);
        Ok(match raw.kind.as_str() {
            "updateName" => Self::Name(name(&text("name")?, place)?),
            "updateDescription" => {
                let description: Option<Option<String>> = raw.optional(place, "description")?;
                Self::Description(checked_description(description.flatten())?)
            }
            "updatePermanent" => Self::Permanent(raw.parameter(place, "permanent")?),
            "addVariation" => Self::AddVariation(raw.parameters::<VariationRequest>(place)?.into()),
            "updateVariation" => Self::UpdateVariation(VariationChange {
                identifier: VariationId::from_wire(text("identifier")?),
                name: raw.optional(place, "name")?.flatten(),
                value: raw.optional(place, "value")?.flatten(),
                description: raw.optional(place, "description")?.flatten(),
            }),
            "deleteVariation" => Self::DeleteVariation(variation()?),
            "setDefaultOnVariation" => Self::DefaultOn(variation()?),
            "setDefaultOffVariation" => Self::DefaultOff(variation()?),
            "addPrerequisite" => Self::AddPrerequisite(prerequisite(raw, place)?),
            "updatePrerequisite" => Self::UpdatePrerequisite(prerequisite(raw, place)?),
            "removePrerequisite" => Self::RemovePrerequisite(flag(&text("feature")?, place)?),
            "addTag" => Self::AddTag(raw.tag(place)?),
            "updateTag" => Self::UpdateTag(raw.tag(place)?),
            "removeTag" => Self::RemoveTag(text("identifier")?),
            "addService" => Self::AddService(Service {
                identifier: text("identifier")?,
                name: raw.optional(place, "name")?.flatten().unwrap_or_default(),
            }),
            _ => Self::RemoveService(text("identifier")?),
        })
    }

    pub(super) fn apply(&self, flag: &mut Flag) -> Result<(), Error> {
        match self {
            Self::Name(name) => flag.name.clone_from(name),
            Self::Description(description) => flag.description.clone_from(description),
            Self::Permanent(permanent) => flag.permanent = *permanent,
            Self::AddVariation(variation) => flag.variations.push(variation.clone()),
            Self::UpdateVariation(change) => change.apply(flag)?,
            Self::DeleteVariation(id) => {
                known(&flag.variations, id)?;
                flag.variations.retain(|variation| variation.identifier != *id);
            }
            Self::DefaultOn(id) => {
                known(&flag.variations, id)?;
                flag.default_on_variation = id.clone();
            }
            Self::DefaultOff(id) => {
                known(&flag.variations, id)?;
                flag.default_off_variation = id.clone();
            }
            Self::AddPrerequisite(new) => {
                if flag.prerequisites.iter().any(|prerequisite| prerequisite.feature == new.feature) {
                    let message = format!(
                        "{:?} is a prerequisite already; use updatePrerequisite",
                        new.feature.as_str()
                    );
                    return Err(Error::invalid("feature", message));
                }
                flag.prerequisites.push(new.clone());
            }
            Self::UpdatePrerequisite(new) => {
                let found =
                    flag.prerequisites.iter_mut().find(|prerequisite| prerequisite.feature == new.feature);
                *found.ok_or_else(|| no_prerequisite(&new.feature))? = new.clone();
            }
            Self::RemovePrerequisite(id) => {
                if !flag.prerequisites.iter().any(|prerequisite| prerequisite.feature == *id) {
                    return Err(no_prerequisite(id));
                }
                flag.prerequisites.retain(|prerequisite| prerequisite.feature != *id);
            }
            Self::AddTag(new) | Self::UpdateTag(new) => {
                match flag.tags.iter_mut().find(|tag| tag.identifier == new.identifier) {
                    Some(tag) => tag.clone_from(new),
                    None => flag.tags.push(new.clone()),
                }
            }
            Self::RemoveTag(id) => flag.tags.retain(|tag| tag.identifier != *id),
            Self::AddService(new) => {
                flag.services.retain(|service| service.identifier != new.identifier);
                flag.services.push(new.clone());
            }
            Self::RemoveService(id) => flag.services.retain(|service| service.identifier != *id),
        }
        Ok(())
    }
}

impl VariationChange {
    fn apply(&self, flag: &mut Flag) -> Result<(), Error> {
        known(&flag.variations, &self.identifier)?;
        for variation in
            flag.variations.iter_mut().filter(|variation| variation.identifier == self.identifier)
        {
            let set = |to: &mut Box<str>, from: &Option<String>| {
                if let Some(from) = from {
                    *to = from.as_str().into();
                }
            };
            set(&mut variation.name, &self.name);
            set(&mut variation.value, &self.value);
            set(&mut variation.description, &self.description);
        }
        Ok(())
    }
}

fn name(text: &str, place: &str) -> Result<String, Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid(format!("{place}.name"), "is empty; give the flag a name"));
    }
    checked_name(text, text)
}

fn prerequisite(raw: &RawInstruction, place: &str) -> Result<Prerequisite, Error> {
    let prerequisite: Prerequisite = raw.parameters(place)?;
    flag(prerequisite.feature.as_str(), place)?;
    Ok(prerequisite)
}

fn flag(text: &str, place: &str) -> Result<FlagId, FieldError> {
    FlagId::parse(text).map_err(|error| FieldError { field: "feature".to_owned(), ..error }.under(place))
}

fn variation(text: &str, place: &str) -> Result<VariationId, Error> {
    Ok(VariationId::parse(text)
        .map_err(|error| FieldError { field: "identifier".to_owned(), ..error }.under(place))?)
}

fn no_prerequisite(id: &FlagId) -> Error {
    Error::invalid("feature", format!("{:?} is not a prerequisite of the flag", id.as_str()))
}
