//! SDK keys: made here, or brought along so that applications keep theirs.

use api::{Json, Page, PageRequest, Path, Problem};
use async_trait::async_trait;
use axum::extract::State;
use http::StatusCode;
use model::limits::KEYS_PER_ENVIRONMENT_MAX;
use model::{EnvironmentUuid, Error, EventKind, FieldError, KeyHash, KeyKind, ObjectKind};
use serde::{Deserialize, Serialize};
use store::{Decision, KeyRow, Kind, ObjectStep, Plan, ProjectState, Scope};

use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::projects::{checked_description, checked_name};
use crate::secrets;

/// The shortest clear key that may be brought along.
const BROUGHT_CHARS_MIN: usize = 16;

/// The longest.
const BROUGHT_BYTES_MAX: usize = 512;

/// `APIKeyRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRequest {
    /// Unique in the environment.
    pub identifier: String,
    /// For people; the identifier if left out.
    #[serde(default)]
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// `Server` or `Client`.
    pub r#type: String,
    /// Unix milliseconds after which the key is refused.
    #[serde(default)]
    pub expired_at: Option<i64>,
    /// A clear key to keep (at least 16 characters).
    #[serde(default)]
    pub api_key: Option<String>,
    /// The SHA-256 of a key to keep, in hexadecimal digits.
    #[serde(default)]
    pub key: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Key {
    identifier: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    /// In clear once, in the answer that makes it; later only its first characters.
    api_key: String,
    /// SHA-256.
    key: KeyHash,
    r#type: KeyKind,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<i64>,
}

/// A page of keys.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Keys {
    #[serde(flatten)]
    page: Page,
    api_keys: Vec<Key>,
}

pub(crate) async fn create(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Json(request): Json<KeyRequest>,
) -> Result<(StatusCode, Json<Key>), Problem> {
    access.check_own()?;
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = context.environment(db, &project).await?;
    let kind = parse_kind(&request.r#type)?;
    let (clear, hash) = secret(&admin, kind, &request)?;
    let identifier = parse_identifier(&request.identifier)?;
    let row = KeyRow {
        hash,
        project: project.id.clone(),
        environment: environment.id,
        name: checked_name(&request.name, &identifier)?,
        identifier,
        description: checked_description(request.description)?,
        kind,
        prefix: clear.as_deref().map(secrets::prefix).unwrap_or_default(),
        created_ms: admin.platform.clock.now_ms(),
        expires_ms: request.expired_at,
        last_used_ms: None,
    };
    let written = admin.writer.write(&project.id, &access.author(None), &CreateKey { row }).await?;
    let mut key = Key::from(written.answer);
    if let Some(clear) = clear {
        key.api_key = clear;
    }
    Ok((StatusCode::CREATED, Json(key)))
}

pub(crate) async fn list(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    page: PageRequest,
) -> Result<Json<Keys>, Problem> {
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = context.environment(db, &project).await?;
    Ok(Json(page_of(&admin, &environment.id, page).await?))
}

pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<Json<Key>, Problem> {
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = context.environment(db, &project).await?;
    Ok(Json(store::key_by_identifier(db, &environment.id, &identifier).await?.into()))
}

pub(crate) async fn delete(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<StatusCode, Problem> {
    access.check_own()?;
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = context.environment(db, &project).await?;
    let decision = DeleteKey { environment: environment.id, identifier };
    admin.writer.write(&project.id, &access.author(None), &decision).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The keys of an environment as answers about the environment show them.
pub(crate) async fn redacted(admin: &Admin, environment: &EnvironmentUuid) -> Result<Keys, Error> {
    page_of(admin, environment, PageRequest { number: 0, size: KEYS_PER_ENVIRONMENT_MAX }).await
}

async fn page_of(admin: &Admin, environment: &EnvironmentUuid, page: PageRequest) -> Result<Keys, Error> {
    let (rows, page) = page.cut(store::keys_of(&*admin.platform.db, environment).await?);
    Ok(Keys { page, api_keys: rows.into_iter().map(Key::from).collect() })
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            identifier: row.identifier,
            name: row.name,
            description: row.description,
            api_key: format!("{}********", row.prefix),
            key: row.hash,
            r#type: row.kind,
            created_at: row.created_ms,
            expired_at: row.expires_ms,
            last_used_at: row.last_used_ms,
        }
    }
}

fn parse_kind(text: &str) -> Result<KeyKind, FieldError> {
    match text {
        "Server" | "server" => Ok(KeyKind::Server),
        "Client" | "client" => Ok(KeyKind::Client),
        other => {
            Err(FieldError::new("type", format!("{other:?} is not a type of key; use Server or Client")))
        }
    }
}

fn parse_identifier(text: &str) -> Result<String, FieldError> {
    // The rule of object identifiers; the type of its own would carry nothing else.
    model::SegmentId::parse(text).map(|id| id.to_string())
}

/// The key in clear, unless only its hash is known, and the hash.
fn secret(
    admin: &Admin,
    kind: KeyKind,
    request: &KeyRequest,
) -> Result<(Option<String>, KeyHash), FieldError> {
    match (&request.api_key, &request.key) {
        (Some(_), Some(_)) => {
            Err(FieldError::new("key", "send either apiKey (in clear) or key (its SHA-256), not both"))
        }
        (None, Some(hash)) => Ok((None, KeyHash::parse(&hash.to_ascii_lowercase())?)),
        (Some(clear), None) => {
            let fits = clear.chars().count() >= BROUGHT_CHARS_MIN
                && clear.len() <= BROUGHT_BYTES_MAX
                && clear.chars().all(|c| c.is_ascii_graphic());
            if !fits {
                let rule = "a key to keep needs 16 to 512 printable ASCII characters without spaces";
                return Err(FieldError::new("apiKey", rule));
            }
            Ok((Some(clear.clone()), api::credentials::secret_hash(clear)))
        }
        (None, None) => {
            let clear = secrets::made_key(kind, &*admin.platform.random);
            let hash = api::credentials::secret_hash(&clear);
            Ok((Some(clear), hash))
        }
    }
}

struct CreateKey {
    row: KeyRow,
}

#[async_trait]
impl Decision for CreateKey {
    type Answer = KeyRow;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<KeyRow>, Error> {
        let keys = store::keys_of(state.db, &self.row.environment).await?;
        if keys.iter().any(|key| key.identifier == self.row.identifier) {
            return Err(Error::exists(ObjectKind::Key, &self.row.identifier));
        }
        if keys.len() >= KEYS_PER_ENVIRONMENT_MAX {
            let message = format!(
                "the environment has {KEYS_PER_ENVIRONMENT_MAX} keys, the most allowed; delete one first"
            );
            return Err(Error::TooLarge(message));
        }
        if store::key_record(state.db, &self.row.hash).await?.is_some() {
            let message =
                "this SDK key is in use already; a key belongs to one environment of the installation";
            return Err(Error::InUse(message.to_owned()));
        }
        let mut plan = Plan::new(self.row.clone());
        plan.on_duplicate(ObjectKind::Key, self.row.identifier.as_str());
        plan.step(step(&self.row, EventKind::Create, "ApiKeyCreated")?);
        plan.row(store::insert_key(&self.row));
        Ok(plan)
    }
}

struct DeleteKey {
    environment: EnvironmentUuid,
    identifier: String,
}

#[async_trait]
impl Decision for DeleteKey {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let row = store::key_by_identifier(state.db, &self.environment, &self.identifier).await?;
        let mut plan = Plan::new(());
        plan.step(step(&row, EventKind::Delete, "ApiKeyDeleted")?);
        plan.row(store::delete_key(&row.hash));
        Ok(plan)
    }
}

/// The change row of a key; its identifier is the hash, by which streams know their key.
fn step(row: &KeyRow, event: EventKind, action: &'static str) -> Result<ObjectStep, Error> {
    let body = serde_json::json!({
        "identifier": row.identifier, "name": row.name, "description": row.description,
        "type": row.kind, "expiredAt": row.expires_ms,
    });
    let body = serde_json::to_string(&body).map_err(Error::internal)?;
    let (before, after) = if event == EventKind::Delete { (Some(body), None) } else { (None, Some(body)) };
    Ok(ObjectStep {
        scope: Scope::Environment(row.environment.clone()),
        kind: Kind::Key,
        identifier: row.hash.to_string(),
        action,
        event,
        before,
        after,
        references: Vec::new(),
        dependants: Vec::new(),
    })
}
