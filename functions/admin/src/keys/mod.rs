//! SDK keys: made here, or brought along so that applications keep theirs.

mod change;

use api::{Page, PageRequest};
use http::StatusCode;
use model::limits::KEYS_PER_ENVIRONMENT_MAX;
use model::{EnvironmentUuid, Error, FieldError, KeyHash, KeyKind};
use serde::{Deserialize, Deserializer, Serialize};
use store::KeyRow;

use crate::Admin;
use crate::answer::Answer;
use crate::call::Call;
use crate::context::Place;
use crate::projects::{checked_description, checked_name};
use crate::secrets::{self, Made};
use change::{CreateKey, DeleteKey, UpdateKey};

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
    /// Unix milliseconds after which the key is refused; none, or 0, for never.
    #[serde(default)]
    pub expired_at: Option<i64>,
    /// A clear key to keep (at least 16 characters).
    #[serde(default)]
    pub api_key: Option<String>,
    /// The SHA-256 of a key to keep, in hexadecimal digits.
    #[serde(default)]
    pub key: Option<String>,
}

/// `APIKeyUpdateRequest` of openapi/admin.yaml: what is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyUpdateRequest {
    /// For people; the identifier if empty.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Unix milliseconds after which the key is refused; `null` or 0 for never.
    #[serde(deserialize_with = "given")]
    pub expired_at: Option<Option<i64>>,
}

/// A field that is there, be it `null`.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
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

pub(crate) async fn create(call: Call, request: KeyRequest) -> Result<Answer, Error> {
    call.access.check_own()?;
    let place = call.place().await?;
    let made = Made::now(&call.admin.platform);
    let (row, _) = request.row(&call, &place, &made)?;
    // Of a request that was sent before, the key that was made then.
    let made = call.write_answered(&place.project.id, &CreateKey { row, made }).await?;
    let (row, clear) = request.row(&call, &place, &made)?;
    let mut key = Key::from(row);
    if let Some(clear) = clear {
        key.api_key = clear;
    }
    Ok(Answer::created(&key)?.not_stored())
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let place = call.place().await?;
    Answer::ok(&page_of(&call.admin, &place.environment.id, page).await?)
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let identifier = parse_identifier(&call.identifier)?;
    let place = call.place().await?;
    Answer::ok(&find(&call, &place, &identifier).await?)
}

pub(crate) async fn put(call: Call, request: KeyUpdateRequest) -> Result<Answer, Error> {
    call.access.check_own()?;
    let identifier = parse_identifier(&call.identifier)?;
    let place = call.place().await?;
    let name = request.name.map(|name| checked_name(&name, &identifier)).transpose()?;
    let description = request.description.map(|text| checked_description(Some(text))).transpose()?;
    let decision = UpdateKey {
        environment: place.environment.id.clone(),
        identifier,
        name,
        description,
        expired_at: request.expired_at,
    };
    call.write(&place.project.id, &decision).await?;
    Answer::ok(&find(&call, &place, &decision.identifier).await?)
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Error> {
    call.access.check_own()?;
    let identifier = parse_identifier(&call.identifier)?;
    let place = call.place().await?;
    let decision = DeleteKey { environment: place.environment.id, identifier };
    call.write(&place.project.id, &decision).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn find(call: &Call, place: &Place, identifier: &str) -> Result<Key, Error> {
    Ok(store::key_by_identifier(call.db(), &place.environment.id, identifier).await?.into())
}

/// The keys of an environment as answers about the environment show them.
pub(crate) async fn redacted(admin: &Admin, environment: &EnvironmentUuid) -> Result<Keys, Error> {
    page_of(admin, environment, PageRequest { number: 0, size: KEYS_PER_ENVIRONMENT_MAX }).await
}

async fn page_of(admin: &Admin, environment: &EnvironmentUuid, page: PageRequest) -> Result<Keys, Error> {
    let (rows, page) = page.cut(store::keys_of(&*admin.platform.db, environment).await?);
    Ok(Keys { page, api_keys: rows.into_iter().map(Key::from).collect() })
}

impl KeyRequest {
    /// The new key, and its clear text unless only its hash is known.
    fn row(&self, call: &Call, place: &Place, made: &Made) -> Result<(KeyRow, Option<String>), Error> {
        let kind = parse_kind(&self.r#type)?;
        let (clear, hash) = secret(call.access.secrets.key(kind, &made.seed), self)?;
        let identifier = parse_identifier(&self.identifier)?;
        let row = KeyRow {
            hash,
            project: place.project.id.clone(),
            environment: place.environment.id.clone(),
            name: checked_name(&self.name, &identifier)?,
            identifier,
            description: checked_description(self.description.clone())?,
            kind,
            prefix: clear.as_deref().map(secrets::prefix).unwrap_or_default(),
            created_ms: made.at_ms,
            expires_ms: checked_expiry(self.expired_at, None, made.at_ms)?,
            last_used_ms: None,
        };
        Ok((row, clear))
    }
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

/// When a key expires. A time in the past is a mistake (seconds for milliseconds, in the main), unless the key
/// has it already.
fn checked_expiry(wanted: Option<i64>, current: Option<i64>, now_ms: i64) -> Result<Option<i64>, FieldError> {
    match wanted.filter(|expires_ms| *expires_ms != 0) {
        Some(expires_ms) if expires_ms <= now_ms && current != Some(expires_ms) => {
            let message = format!(
                "{expires_ms} has passed, in Unix milliseconds; leave it out for a key that does not expire, \
                 delete the key to revoke it now"
            );
            Err(FieldError::new("expiredAt", message))
        }
        expires_ms => Ok(expires_ms),
    }
}

fn parse_identifier(text: &str) -> Result<String, FieldError> {
    // The rule of object identifiers; the type of its own would carry nothing else.
    model::SegmentId::parse(text).map(|id| id.to_string())
}

/// The key in clear, unless only its hash is known, and the hash; `made` if none is brought along.
fn secret(made: String, request: &KeyRequest) -> Result<(Option<String>, KeyHash), FieldError> {
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
            let hash = api::credentials::secret_hash(&made);
            Ok((Some(made), hash))
        }
    }
}
