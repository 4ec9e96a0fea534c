//! A flag as the admin API shows it: `Feature` of openapi/admin.yaml.

use model::{
    Error, Flag, FlagConfig, FlagId, FlagKind, FlagState, Prerequisite, Serve, Service, ServingRule, Tag,
    Variation, VariationId, VariationMap, Version,
};
use platform::Db;
use serde::Serialize;
use store::{EnvironmentRow, Kind, ProjectRow};

use super::activity::{ServedCount, Status};

/// A flag, with what it serves in one environment if one is asked for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Feature {
    pub(super) identifier: FlagId,
    pub(super) name: String,
    description: String,
    project: String,
    pub(super) kind: FlagKind,
    variations: Vec<Variation>,
    default_on_variation: VariationId,
    default_off_variation: VariationId,
    prerequisites: Vec<Prerequisite>,
    pub(super) permanent: bool,
    pub(super) archived: bool,
    pub(super) tags: Vec<Tag>,
    services: Vec<Service>,
    owner: Vec<String>,
    pub(super) created_at: i64,
    pub(super) modified_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) env_properties: Option<EnvProperties>,
    /// The value and the variation that a target is served, if the list was asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evaluation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evaluation_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) results: Option<Vec<ServedCount>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stale: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stale_reason: Option<&'static str>,
}

/// What a flag serves in one environment.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnvProperties {
    environment: String,
    pub(super) state: FlagState,
    default_serve: Serve,
    off_variation: VariationId,
    /// Unix milliseconds of the last change here.
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Vec<ServingRule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) variation_map: Option<Vec<VariationMap>>,
    /// Flags have no pipelines here.
    pipeline_configured: bool,
    version: Version,
}

/// The answer to a write: older clients read a `Feature`, newer ones `details`.
#[derive(Serialize)]
pub(crate) struct Metadata {
    #[serde(flatten)]
    feature: Feature,
    details: Details,
}

#[derive(Serialize)]
struct Details {}

impl Metadata {
    pub(super) fn new(feature: Feature) -> Self {
        Self { feature, details: Details {} }
    }
}

impl Feature {
    pub(super) fn new(flag: Flag, project: &ProjectRow, config: Option<FlagConfig>) -> Self {
        Self {
            identifier: flag.identifier,
            name: flag.name,
            description: flag.description,
            project: project.identifier.to_string(),
            kind: flag.kind,
            variations: flag.variations,
            default_on_variation: flag.default_on_variation,
            default_off_variation: flag.default_off_variation,
            prerequisites: flag.prerequisites,
            permanent: flag.permanent,
            archived: flag.archived,
            tags: flag.tags,
            services: flag.services,
            owner: if flag.owner.is_empty() { Vec::new() } else { vec![flag.owner] },
            created_at: flag.created_at,
            modified_at: flag.modified_at,
            env_properties: config.map(EnvProperties::from),
            evaluation: None,
            evaluation_identifier: None,
            results: None,
            status: None,
            stale: None,
            stale_reason: None,
        }
    }

    /// The same with the time of the last change in the environment (Unix milliseconds).
    pub(super) fn changed_at(mut self, changed_ms: i64) -> Self {
        if let Some(properties) = &mut self.env_properties {
            properties.modified_at = Some(changed_ms);
        }
        self
    }

    /// A variation's name; the identifier of one that is gone or has no name.
    pub(super) fn variation_name(&self, identifier: &str) -> String {
        let found = self.variations.iter().find(|variation| variation.identifier.as_str() == identifier);
        let name = found.map(|variation| &*variation.name).filter(|name| !name.is_empty());
        name.unwrap_or(identifier).to_owned()
    }

    /// Leaves out what a summary does not need.
    pub(super) fn summarise(&mut self) {
        if let Some(properties) = &mut self.env_properties {
            properties.rules = None;
            properties.variation_map = None;
        }
    }
}

impl From<FlagConfig> for EnvProperties {
    fn from(config: FlagConfig) -> Self {
        Self {
            environment: config.environment.into(),
            state: config.state,
            default_serve: config.default_serve,
            off_variation: config.off_variation,
            modified_at: None,
            rules: Some(config.rules),
            variation_map: Some(config.variation_to_target_map),
            pipeline_configured: false,
            version: config.version,
        }
    }
}

/// The flag with its configuration in `environment`; for an archived flag, the one it had.
pub(super) async fn feature(
    db: &dyn Db,
    flag: Flag,
    project: &ProjectRow,
    environment: Option<&EnvironmentRow>,
) -> Result<Feature, Error> {
    let Some(environment) = environment else { return Ok(Feature::new(flag, project, None)) };
    let (scope, id) = (environment.id.as_str(), flag.identifier.as_str());
    let body = store::last_body(db, scope, Kind::FlagConfig, id).await?;
    let config = body.as_deref().map(store::read_body).transpose()?;
    let current = store::current(db, scope, Kind::FlagConfig, id).await?;
    let feature = Feature::new(flag, project, config);
    Ok(match current {
        Some(current) => feature.changed_at(current.changed_ms),
        None => feature,
    })
}
