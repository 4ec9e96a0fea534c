//! The secrets that tokens are signed with.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use model::Error;

use super::{SdkClaims, hs256};
use crate::limits::TOKEN_BYTES_MAX;

/// Bytes below which a secret could be guessed.
const SECRET_BYTES_MIN: usize = 32;

const BAD_TOKEN: Error = Error::Unauthenticated(
    "the bearer token is not one of this server's; authenticate again with POST /client/auth",
);

/// Why a list of token keys cannot be used. Never holds the secret itself.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct TokenKeysError(String);

/// The secrets of this installation: the first signs, all verify, so that they can be changed without
/// any SDK noticing.
pub struct TokenKeys {
    signing: TokenKey,
    retired: Vec<TokenKey>,
}

struct TokenKey {
    /// Names the secret in a token's header.
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl TokenKeys {
    /// Reads `kid:base64[,kid:base64…]`.
    ///
    /// # Errors
    /// Names the entry that is malformed, too short (under 32 bytes) or repeated.
    pub fn parse(text: &str) -> Result<Self, TokenKeysError> {
        let mut keys = Vec::<TokenKey>::new();
        for (index, entry) in text.split(',').enumerate() {
            let key = TokenKey::parse(entry.trim(), index + 1)?;
            if keys.iter().any(|known| known.kid == key.kid) {
                return Err(TokenKeysError(format!("the token key {:?} is listed twice", key.kid)));
            }
            keys.push(key);
        }
        hs256::install();
        let mut keys = keys.into_iter();
        match keys.next() {
            Some(signing) => Ok(Self { signing, retired: keys.collect() }),
            None => Err(TokenKeysError("there is no token key".to_owned())),
        }
    }

    /// Signs claims (HS256).
    ///
    /// # Errors
    /// `Internal` only.
    pub fn sign(&self, claims: &SdkClaims) -> Result<String, Error> {
        let header = format!(r#"{{"typ":"JWT","alg":"HS256","kid":"{}"}}"#, self.signing.kid);
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_json()?, &mut token);
        let signature =
            jsonwebtoken::crypto::sign(token.as_bytes(), &self.signing.encoding, Algorithm::HS256)
                .map_err(Error::internal)?;
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }

    /// The claims of a token that one of these keys signed. Says nothing about whether the SDK key
    /// it was issued for is still alive.
    ///
    /// # Errors
    /// `Unauthenticated` for everything else: another algorithm (`none` included), another key, an
    /// edited or truncated token.
    pub fn verify(&self, token: &str) -> Result<SdkClaims, Error> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(BAD_TOKEN);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| BAD_TOKEN)?;
        let key = header.kid.as_deref().and_then(|kid| self.find(kid)).ok_or(BAD_TOKEN)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        rules.validate_aud = false;
        let token = jsonwebtoken::decode(token, &key.decoding, &rules).map_err(|_| BAD_TOKEN)?;
        Ok(token.claims)
    }

    fn find(&self, kid: &str) -> Option<&TokenKey> {
        std::iter::once(&self.signing).chain(&self.retired).find(|key| key.kid == kid)
    }
}

impl TokenKey {
    fn parse(entry: &str, position: usize) -> Result<Self, TokenKeysError> {
        let (kid, secret) = entry
            .split_once(':')
            .ok_or_else(|| TokenKeysError(format!("token key {position} is not of the form name:base64")))?;
        // The name goes into a header that must look the same in base64 and base64url.
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if kid.is_empty() || !kid.chars().all(fits) {
            return Err(TokenKeysError(format!(
                "the name of token key {position} may hold letters, digits, '_', '-' and '.' only"
            )));
        }
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let secret = GeneralPurpose::new(&STANDARD, config)
            .decode(secret)
            .map_err(|_| TokenKeysError(format!("the secret of token key {kid:?} is not base64")))?;
        if secret.len() < SECRET_BYTES_MIN {
            return Err(TokenKeysError(format!(
                "the secret of token key {kid:?} has {} bytes; {SECRET_BYTES_MIN} are needed, \
                 as `openssl rand -base64 {SECRET_BYTES_MIN}` makes them",
                secret.len()
            )));
        }
        Ok(Self {
            kid: kid.to_owned(),
            encoding: EncodingKey::from_secret(&secret),
            decoding: DecodingKey::from_secret(&secret),
        })
    }
}
