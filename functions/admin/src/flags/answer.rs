//! A flag as the admin API shows it: `Feature` of openapi/admin.yaml.

use model::{
    Error, Flag, FlagConfig, FlagId, FlagKind, FlagState, Prerequisite, Serve, Service, ServingRule, Tag,
    Variation, VariationId, VariationMap, Version,
};
use platform::Db;
use serde::Serialize;
use store::{EnvironmentRow, Kind, ProjectRow};

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
    created_at: i64,
    pub(super) modified_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) env_properties: Option<EnvProperties>,
}

/// What a flag serves in one environment.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnvProperties {
    environment: String,
    pub(super) state: FlagState,
    default_serve: Serve,
    off_variation: VariationId,
    rules: Vec<ServingRule>,
    variation_map: Vec<VariationMap>,
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
            rules: config.rules,
            variation_map: config.variation_to_target_map,
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
    let scope = environment.id.as_str();
    let body = store::last_body(db, scope, Kind::FlagConfig, flag.identifier.as_str()).await?;
    let config = body.map(|body| serde_json::from_str(&body).map_err(Error::internal)).transpose()?;
    Ok(Feature::new(flag, project, config))
}
