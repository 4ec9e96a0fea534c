//! Environments.

use api::{Json, Page, PageRequest, Path, Problem};
use async_trait::async_trait;
use axum::extract::State;
use http::StatusCode;
use model::limits::ENVIRONMENTS_PER_PROJECT_MAX;
use model::{
    EnvironmentId, EnvironmentUuid, Error, EventKind, Flag, FlagConfig, FlagState, ObjectKind, Serve, Tag,
    Version,
};
use serde::{Deserialize, Serialize};
use store::{Decision, EnvironmentRow, Kind, ObjectStep, Plan, ProjectRow, ProjectState, Scope};

use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::keys::{self, Keys};
use crate::projects::{checked_description, checked_name, named};
use crate::wrapped::Wrapped;

/// `EnvironmentRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EnvironmentRequest {
    /// Unique in the project; never changes.
    pub identifier: String,
    /// For people; the identifier if left out.
    #[serde(default)]
    pub name: String,
    /// The project's identifier.
    pub project: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Labels.
    #[serde(default)]
    pub tags: Option<Vec<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Environment {
    id: EnvironmentUuid,
    identifier: EnvironmentId,
    name: String,
    description: String,
    project: String,
    tags: Vec<Tag>,
    api_keys: Keys,
}

#[derive(Serialize)]
pub(crate) struct Environments {
    #[serde(flatten)]
    page: Page,
    environments: Vec<Environment>,
}

pub(crate) async fn create(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Json(request): Json<EnvironmentRequest>,
) -> Result<(StatusCode, Json<Wrapped<Environment>>), Problem> {
    access.check_own()?;
    let project = context.project_named(&*admin.platform.db, &access, &request.project).await?;
    let decision = CreateEnvironment {
        id: EnvironmentUuid::from_wire(admin.platform.random.uuid()),
        identifier: EnvironmentId::parse(&request.identifier).map_err(|error| named("identifier", error))?,
        name: checked_name(&request.name, &request.identifier)?,
        description: checked_description(request.description)?,
        tags: request.tags.unwrap_or_default(),
    };
    let written = admin.writer.write(&project.id, &access.author(None), &decision).await?;
    let environment = answer(&admin, &project, written.answer).await?;
    Ok((StatusCode::CREATED, Json(Wrapped::new(environment, &*admin.platform.random))))
}

pub(crate) async fn list(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    page: PageRequest,
) -> Result<Json<Wrapped<Environments>>, Problem> {
    let project = context.project(&*admin.platform.db, &access).await?;
    let mut rows = store::environments_of(&*admin.platform.db, &project.id).await?;
    rows.sort_by(|one, other| one.identifier.cmp(&other.identifier));
    let (rows, page) = page.cut(rows);
    let mut environments = Vec::with_capacity(rows.len());
    for row in rows {
        environments.push(answer(&admin, &project, row).await?);
    }
    Ok(Json(Wrapped::new(Environments { page, environments }, &*admin.platform.random)))
}

pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<Json<Wrapped<Environment>>, Problem> {
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let row = store::environment_by_identifier(db, &project.id, &EnvironmentId::parse(&identifier)?).await?;
    let environment = answer(&admin, &project, row).await?;
    Ok(Json(Wrapped::new(environment, &*admin.platform.random)))
}

async fn answer(admin: &Admin, project: &ProjectRow, row: EnvironmentRow) -> Result<Environment, Error> {
    Ok(Environment {
        api_keys: keys::redacted(admin, &row.id).await?,
        id: row.id,
        identifier: row.identifier,
        name: row.name,
        description: row.description,
        project: project.identifier.to_string(),
        tags: row.tags,
    })
}

/// A new environment starts at version 1 with every flag of the project, off.
struct CreateEnvironment {
    id: EnvironmentUuid,
    identifier: EnvironmentId,
    name: String,
    description: String,
    tags: Vec<Tag>,
}

#[async_trait]
impl Decision for CreateEnvironment {
    type Answer = EnvironmentRow;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<EnvironmentRow>, Error> {
        if state.environment(&self.identifier).is_ok() {
            return Err(Error::exists(ObjectKind::Environment, &self.identifier));
        }
        if state.environments.len() >= ENVIRONMENTS_PER_PROJECT_MAX {
            return Err(Error::TooLarge(format!(
                "the project has {ENVIRONMENTS_PER_PROJECT_MAX} environments, the most allowed; delete one first"
            )));
        }
        let row = EnvironmentRow {
            id: self.id.clone(),
            project: state.project.id.clone(),
            identifier: self.identifier.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
            version: Version(1),
            created_ms: state.now_ms,
            modified_ms: state.now_ms,
        };
        let mut plan = Plan::new(row.clone());
        plan.on_duplicate(ObjectKind::Environment, self.identifier.as_str());
        plan.step(self.created()?);
        for flag in state.flags().await?.iter().filter(|flag| !flag.archived) {
            let config = first_config(flag, state, &row);
            plan.step(config_created(&config, &row.id)?);
        }
        plan.new_environment(row);
        Ok(plan)
    }
}

impl CreateEnvironment {
    fn created(&self) -> Result<ObjectStep, Error> {
        let body = serde_json::json!({
            "id": self.id, "identifier": self.identifier, "name": self.name,
            "description": self.description, "tags": self.tags,
        });
        Ok(ObjectStep {
            scope: Scope::Environment(self.id.clone()),
            kind: Kind::Environment,
            identifier: self.identifier.to_string(),
            action: "EnvironmentCreated",
            event: EventKind::Create,
            before: None,
            after: Some(serde_json::to_string(&body).map_err(Error::internal)?),
            references: Vec::new(),
            dependants: Vec::new(),
        })
    }
}

/// What a flag serves in an environment that it is new to: it is off, and its defaults apply.
pub(crate) fn first_config(
    flag: &Flag,
    state: &ProjectState<'_>,
    environment: &EnvironmentRow,
) -> FlagConfig {
    FlagConfig {
        project: state.project.identifier.as_str().into(),
        environment: environment.identifier.as_str().into(),
        feature: flag.identifier.clone(),
        state: FlagState::Off,
        kind: flag.kind,
        variations: flag.variations.clone(),
        off_variation: flag.default_off_variation.clone(),
        default_serve: Serve::variation(flag.default_on_variation.clone()),
        rules: Vec::new(),
        variation_to_target_map: Vec::new(),
        prerequisites: flag.prerequisites.clone(),
        version: state.next_version(&environment.id),
    }
}

/// The step that makes a flag known in an environment.
pub(crate) fn config_created(
    config: &FlagConfig,
    environment: &EnvironmentUuid,
) -> Result<ObjectStep, Error> {
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind: Kind::FlagConfig,
        identifier: config.feature.to_string(),
        action: "FeatureActivationCreated",
        event: EventKind::Create,
        before: None,
        after: Some(serde_json::to_string(config).map_err(Error::internal)?),
        references: Vec::new(),
        dependants: Vec::new(),
    })
}
