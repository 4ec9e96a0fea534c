//! SDK keys: what admits an application to one environment.

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, EnvironmentId, EnvironmentUuid, KeyHash, OrganisationId, ProjectId, ProjectUuid};

/// What a key admits to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// May read rules; evaluates by itself.
    Server,
    /// May read evaluated values only.
    Client,
}

impl KeyKind {
    /// The kind as admin answers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// A live SDK key with everything that a token says about it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// SHA-256 of the clear key.
    pub hash: KeyHash,
    /// Server or client.
    pub kind: KeyKind,
    /// Unix milliseconds after which it is refused.
    pub expires_ms: Option<i64>,
    /// The account's identifier.
    pub account: AccountId,
    /// The organisation's identifier.
    pub organisation: OrganisationId,
    /// The project's identifier.
    pub project: ProjectId,
    /// The project's UUID.
    pub project_uuid: ProjectUuid,
    /// The environment's identifier.
    pub environment: EnvironmentId,
    /// The environment's UUID, as in the paths of SDKs.
    pub environment_uuid: EnvironmentUuid,
}
