//! Making a flag: it is off everywhere.

use async_trait::async_trait;
use model::limits::{FLAGS_PER_PROJECT_MAX, FLAGS_WARNED_FOR_NODE};
use model::{
    Error, EventKind, FieldError, Flag, FlagId, FlagKind, ObjectKind, Prerequisite, Service, Tag, Variation,
    VariationId,
};
use serde::Deserialize;
use store::{Decision, Kind, ObjectStep, Plan, ProjectRow, ProjectState, Scope};
use tracing::warn;

use super::check;
use super::working::{Changes, body, prerequisites};
use crate::environments::{config_created, first_config};
use crate::parts::VariationRequest;
use crate::projects::{checked_description, checked_name, checked_tags, named};
use crate::reserved;

/// `FeatureFlagRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagRequest {
    /// Unique in the project; never changes.
    pub identifier: String,
    /// For people; the identifier if left out.
    #[serde(default)]
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// The project's identifier.
    pub project: String,
    /// Type of the values.
    pub kind: FlagKind,
    /// At least two.
    pub variations: Vec<VariationRequest>,
    /// Served where the flag is on.
    pub default_on_variation: String,
    /// Served where the flag is off.
    pub default_off_variation: String,
    /// Left out of stale-flag detection.
    #[serde(default)]
    pub permanent: bool,
    /// Flags that must serve certain variations.
    #[serde(default)]
    pub prerequisites: Option<Vec<Prerequisite>>,
    /// Labels.
    #[serde(default)]
    pub tags: Option<Vec<Tag>>,
    /// Monitored services.
    #[serde(default)]
    pub services: Option<Vec<Service>>,
    /// Who looks after it.
    #[serde(default)]
    pub owner: Option<String>,
    /// A new flag is not in the archive, so only `false` makes sense.
    #[serde(default)]
    pub archived: Option<bool>,
}

/// A checked request; what depends on other flags is checked when it is decided.
pub(super) struct CreateFlag {
    flag: Flag,
}

impl CreateFlag {
    pub(super) fn parse(request: FlagRequest, project: &ProjectRow) -> Result<Self, Error> {
        debug_assert_eq!(request.project, project.identifier.as_str());
        if request.archived == Some(true) {
            let message = "a new flag is not in the archive: leave it out, then DELETE the flag";
            return Err(Error::invalid("archived", message));
        }
        reserved::check(reserved::FEATURES, &request.identifier)?;
        let variations: Vec<_> = request.variations.into_iter().map(Variation::from).collect();
        check::check_variations(&variations, request.kind)?;
        let default = |field: &'static str, id: &str| {
            let id = VariationId::parse(id).map_err(|error| named(field, error))?;
            if variations.iter().any(|variation| variation.identifier == id) {
                return Ok(id);
            }
            Err(FieldError::new(field, format!("{:?} is none of the variations", id.as_str())))
        };
        let default_on_variation = default("defaultOnVariation", &request.default_on_variation)?;
        let default_off_variation = default("defaultOffVariation", &request.default_off_variation)?;
        let flag = Flag {
            identifier: FlagId::parse(&request.identifier)?,
            name: checked_name(&request.name, &request.identifier)?,
            description: checked_description(request.description)?,
            kind: request.kind,
            default_on_variation,
            default_off_variation,
            variations,
            prerequisites: request.prerequisites.unwrap_or_default(),
            permanent: request.permanent,
            archived: false,
            tags: checked_tags(request.tags)?,
            services: request.services.unwrap_or_default(),
            owner: request.owner.unwrap_or_default(),
            created_at: 0,
            modified_at: 0,
        };
        check::check_shape(&flag)?;
        Ok(Self { flag })
    }
}

#[async_trait]
impl Decision for CreateFlag {
    /// The flag as it is stored.
    type Answer = String;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<String>, Error> {
        let id = &self.flag.identifier;
        if let Some((_, existing)) = state.flag(id).await? {
            return Err(match existing.archived {
                true => Error::InUse(format!(
                    "flag {:?} exists in the archive; restore it, delete it for good, or choose another identifier",
                    id.as_str()
                )),
                false => Error::exists(ObjectKind::Flag, id),
            });
        }
        let flags = store::count(state.db, state.project.id.as_str(), Kind::Flag).await?;
        if flags >= FLAGS_PER_PROJECT_MAX {
            let message =
                format!("the project has {FLAGS_PER_PROJECT_MAX} flags, the most allowed; delete some first");
            return Err(Error::TooLarge(message));
        }
        if flags == FLAGS_WARNED_FOR_NODE {
            warn!(
                project = %state.project.identifier,
                "project {} now has more than {FLAGS_WARNED_FOR_NODE} flags: Node applications without a store of \
                 their own should set a larger cache", state.project.identifier
            );
        }
        let alone = Changes { state, changed: Vec::new() };
        check::check_prerequisites(&alone, &self.flag).await?;
        let flag = Flag { created_at: state.now_ms, modified_at: state.now_ms, ..self.flag.clone() };
        let stored = body(&flag)?;
        let mut plan = Plan::new(stored.clone());
        plan.step(created(&flag, stored));
        for environment in &state.environments {
            let config = first_config(&flag, state, environment);
            plan.step(config_created(&config, &environment.id)?);
        }
        Ok(plan)
    }
}

fn created(flag: &Flag, body: String) -> ObjectStep {
    ObjectStep {
        scope: Scope::Project,
        kind: Kind::Flag,
        identifier: flag.identifier.to_string(),
        action: "FeatureCreated",
        event: EventKind::Create,
        before: None,
        after: Some(body),
        references: prerequisites(flag),
        dependants: Vec::new(),
    }
}
