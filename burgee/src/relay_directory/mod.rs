//! The offline directory of the Harness relay proxy: one folder for each environment, `env-<uuid>`.
//!
//! The proxy reads four files of a folder. What they cannot hold, such as names of flags and kinds of
//! keys, is in a fifth that only Burgee reads and writes.

mod json;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, EnvironmentUuid, Flag, FlagConfig, KeyHash, KeyKind, OrganisationId, Segment, Tag};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::TargetRow;

pub(crate) use read::read;
pub(crate) use write::write;

/// How the folder of an environment is called, before its id.
const FOLDER_PREFIX: &str = "env-";

const FLAGS: &str = "feature_config.json";
const SEGMENTS: &str = "segments.json";
const TARGETS: &str = "targets.json";
const KEYS: &str = "auth_config.json";
const COMPANION: &str = "burgee.json";
const README: &str = "README.md";

/// What the folder of one environment holds.
pub(crate) struct EnvironmentFolder {
    pub(crate) id: EnvironmentUuid,
    pub(crate) scope: Scope,
    pub(crate) flags: Vec<FlagConfig>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) targets: Vec<TargetRow>,
    /// Identifiers of targets that are marked as anonymous.
    pub(crate) anonymous: Vec<String>,
    pub(crate) keys: Vec<KeyHash>,
    pub(crate) companion: Option<Companion>,
    /// File by file, the fields that are not known here.
    pub(crate) unknown: BTreeMap<&'static str, BTreeSet<String>>,
}

/// What files say about where they belong; each may be said several times, or not at all.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) accounts: BTreeSet<String>,
    pub(crate) organisations: BTreeSet<String>,
    pub(crate) projects: BTreeSet<String>,
    pub(crate) environments: BTreeSet<String>,
}

/// What the proxy's files cannot hold.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Companion {
    pub(crate) account: AccountId,
    pub(crate) organisation: OrganisationId,
    pub(crate) project: Named,
    pub(crate) environment: Named,
    /// Every flag of the project, archived ones included.
    pub(crate) flags: Vec<Flag>,
    pub(crate) keys: Vec<NamedKey>,
}

/// A project or an environment.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Named {
    pub(crate) identifier: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
}

/// An SDK key.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamedKey {
    pub(crate) hash: KeyHash,
    pub(crate) identifier: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: KeyKind,
    /// The first characters of the clear key, if they are known.
    pub(crate) prefix: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<i64>,
}

/// A target in `targets.json`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct TargetEntry {
    account: Option<String>,
    org: Option<String>,
    project: Option<String>,
    environment: Option<String>,
    identifier: Option<String>,
    name: Option<String>,
    anonymous: Option<bool>,
    attributes: Option<Map<String, Value>>,
    created_at: Option<i64>,
    /// The groups that it is in; the groups say so themselves.
    segments: Option<Value>,
    /// Ours: whether SDKs leave name and attributes as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    written_by_admin: Option<bool>,
}

impl Named {
    /// Something of which only the identifier is known.
    pub(crate) fn unnamed(identifier: impl Into<String>) -> Self {
        let identifier = identifier.into();
        Self { name: identifier.clone(), identifier, ..Self::default() }
    }
}
