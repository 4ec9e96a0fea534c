//! What a token says.

use std::io;

use model::{Error, KeyHash, KeyKind, KeyRecord};
use serde::{Deserialize, Serialize};
use serde_json::ser::Formatter;

/// Before the hash in the claim `apiKey`, as tokens of the Harness relay proxy have it.
const KEY_PREFIX: &str = "auth-key-";

/// The claims of an SDK's token. No `exp`: stock SDKs never ask for a second token.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdkClaims {
    /// The environment's UUID, which SDKs put into paths.
    pub environment: String,
    /// The environment's identifier.
    #[serde(default)]
    pub environment_identifier: String,
    /// The project's UUID.
    #[serde(default)]
    pub project: String,
    /// The project's identifier.
    #[serde(default)]
    pub project_identifier: String,
    /// The organisation's identifier: organisations have no UUID here.
    #[serde(default)]
    pub organization: String,
    /// The organisation's identifier.
    #[serde(default)]
    pub organization_identifier: String,
    /// The account's identifier.
    #[serde(default, rename = "accountID")]
    pub account_id: String,
    /// Always `1`. Python fails and Go loops without it.
    #[serde(default)]
    pub cluster_identifier: String,
    /// `Server` or `Client`. For people; the key's record decides.
    #[serde(default, rename = "key_type")]
    pub key_type: String,
    /// `auth-key-` and the SHA-256 of the key in hexadecimal digits.
    pub api_key: String,
    /// Unix seconds.
    #[serde(default)]
    pub iat: i64,
    /// The target that authenticated: standard base64 of its JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Instead of `target` when that is too large for a header: what it is stored under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_hash: Option<String>,
}

impl SdkClaims {
    /// The claims for a key, without a target.
    pub fn new(key: &KeyRecord, issued_ms: i64) -> Self {
        let key_type = match key.kind {
            KeyKind::Server => "Server",
            KeyKind::Client => "Client",
        };
        Self {
            environment: key.environment_uuid.to_string(),
            environment_identifier: key.environment.to_string(),
            project: key.project_uuid.to_string(),
            project_identifier: key.project.to_string(),
            organization: key.organisation.to_string(),
            organization_identifier: key.organisation.to_string(),
            account_id: key.account.to_string(),
            cluster_identifier: "1".to_owned(),
            key_type: key_type.to_owned(),
            api_key: format!("{KEY_PREFIX}{}", key.hash),
            iat: issued_ms.div_euclid(1_000),
            target: None,
            target_hash: None,
        }
    }

    /// The hash of the key that the token was issued for, if the claim holds one.
    pub fn key_hash(&self) -> Option<KeyHash> {
        KeyHash::parse(self.api_key.strip_prefix(KEY_PREFIX)?).ok()
    }

    /// JSON that looks the same in base64 and base64url: Android decodes tokens with the standard
    /// alphabet. `-` and `_` can only come from bytes above ASCII and from `>`, `?`, `~` and DEL, so
    /// those are written as escapes.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, Error> {
        let mut json = Vec::with_capacity(1_024);
        let mut serializer = serde_json::Serializer::with_formatter(&mut json, PlainBase64);
        self.serialize(&mut serializer).map_err(Error::internal)?;
        Ok(json)
    }
}

/// Escapes what would need `-` or `_` in base64url.
struct PlainBase64;

impl Formatter for PlainBase64 {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(is_not_plain) {
            let (plain, tail) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut chars = tail.chars();
            for unit in chars.next().unwrap_or_default().encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

fn is_not_plain(c: char) -> bool {
    !c.is_ascii() || matches!(c, '>' | '?' | '~' | '\x7f')
}
