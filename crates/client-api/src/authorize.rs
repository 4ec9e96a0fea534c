//! Who asks: a token or key, and the record of the key behind it.

use api::{SdkClaims, TokenKeys, credentials};
use model::{Error, KeyHash, KeyRecord};

use crate::Source;

/// What a request was sent with. Readable, but the key may be dead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credential {
    /// The hash of the SDK key.
    pub hash: KeyHash,
    /// What the token says, if there was a token.
    pub claims: Option<SdkClaims>,
}

/// Who a request comes from: a live key, and the token that was issued for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caller {
    /// The key as it is now.
    pub key: KeyRecord,
    /// What the token says, if there was a token.
    pub claims: Option<SdkClaims>,
}

impl Credential {
    /// Reads a bearer token or, failing that, an SDK key in clear. Streams are opened with both, and
    /// some SDKs send only one that is good.
    ///
    /// # Errors
    /// `Unauthenticated` when there is neither, or only a token that is not ours.
    pub fn read(tokens: &TokenKeys, api_key: Option<&str>, bearer: Option<&str>) -> Result<Self, Error> {
        let token = bearer.map(|bearer| tokens.verify(bearer));
        match (token, api_key) {
            (Some(Ok(claims)), _) => match claims.key_hash() {
                Some(hash) => Ok(Self { hash, claims: Some(claims) }),
                None => Err(Error::Unauthenticated("the token names no SDK key; authenticate again")),
            },
            (_, Some(key)) => Ok(Self { hash: credentials::secret_hash(key), claims: None }),
            (Some(Err(error)), None) => Err(error),
            (None, None) => Err(Error::Unauthenticated(
                "the request carries no bearer token; authenticate with POST /client/auth first",
            )),
        }
    }

    /// Joins the credential with what its hash led to.
    ///
    /// # Errors
    /// `Forbidden` when there is no such key any more, or it now belongs to another environment than
    /// the token was issued for (a key brought along may have moved).
    pub fn admit(self, key: Option<KeyRecord>) -> Result<Caller, Error> {
        let key = key.ok_or_else(dead_key)?;
        let same = |claims: &SdkClaims| claims.environment == key.environment_uuid.as_str();
        if !self.claims.as_ref().is_none_or(same) {
            return Err(Error::Forbidden(
                "the SDK key belongs to another environment than its token; authenticate again".to_owned(),
            ));
        }
        Ok(Caller { key, claims: self.claims })
    }
}

/// Refuses a key that is unknown, revoked or expired. 403 on the wire: the one status that every
/// server SDK takes as final.
pub(crate) fn dead_key() -> Error {
    Error::Forbidden("the SDK key is unknown, was revoked or has expired; use a live one".to_owned())
}

/// The caller behind a bearer token or an SDK key.
///
/// # Errors
/// As [`authorize`].
pub async fn identify(
    source: &dyn Source,
    tokens: &TokenKeys,
    api_key: Option<&str>,
    bearer: Option<&str>,
) -> Result<Caller, Error> {
    let credential = Credential::read(tokens, api_key, bearer)?;
    let key = source.key(&credential.hash).await?;
    credential.admit(key)
}

/// The live key behind a bearer token or an SDK key.
///
/// # Errors
/// `Unauthenticated` without a readable credential, `Forbidden` for a dead key, `Unavailable` while
/// it cannot be known.
pub async fn authorize(
    source: &dyn Source,
    tokens: &TokenKeys,
    api_key: Option<&str>,
    bearer: Option<&str>,
) -> Result<KeyRecord, Error> {
    Ok(identify(source, tokens, api_key, bearer).await?.key)
}
