//! Making secrets.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::KeyKind;
use platform::{Platform, Random};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Random bytes in a made secret, or in what it is made from.
const SECRET_BYTES: usize = 32;

/// Characters of a secret that may be shown again, to recognise it by.
const PREFIX_CHARS: usize = 8;

/// What an SDK key begins with that serves rules, one that serves values, and an access token.
const SERVER_KEY: &str = "srv_";
const CLIENT_KEY: &str = "cli_";
const ACCESS_TOKEN: &str = "adm_";

/// Makes the secrets of one request: from a random seed and from what only its caller holds.
///
/// A request that may be sent again has its first answer told again, secret included, though no secret is
/// ever stored: the seed is, and the same caller's same request makes the same secret of it. Whoever reads
/// the seed in the database can make nothing of it.
#[derive(Clone)]
pub(crate) struct SecretMaker([u8; SECRET_BYTES]);

impl SecretMaker {
    /// For the bearer of an access token, and the name that it gave its request.
    pub(crate) fn new(access_token: &str, request: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        for part in [b"burgee made secret".as_slice(), access_token.as_bytes(), request] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// A new SDK key: 256 bits after four characters that tell its kind.
    pub(crate) fn key(&self, kind: KeyKind, seed: &Seed) -> String {
        match kind {
            KeyKind::Server => self.secret(SERVER_KEY, seed),
            KeyKind::Client => self.secret(CLIENT_KEY, seed),
        }
    }

    /// A new access token: 256 bits after four characters that tell what it is.
    pub(crate) fn token(&self, seed: &Seed) -> String {
        self.secret(ACCESS_TOKEN, seed)
    }

    fn secret(&self, prefix: &str, seed: &Seed) -> String {
        let digest = Sha256::new().chain_update(self.0).chain_update(seed.0.as_bytes()).finalize();
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(digest))
    }
}

impl fmt::Debug for SecretMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretMaker")
    }
}

/// What a secret is made from; random, but not secret itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Seed(String);

impl Seed {
    fn new(random: &dyn Random) -> Self {
        Self(random_text(random))
    }
}

/// When a secret was made, and what from. Kept with the request: sent again, it is answered with what follows
/// from this and from what it says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) seed: Seed,
    /// Unix milliseconds.
    pub(crate) at_ms: i64,
}

impl Made {
    /// Now, and from something new.
    pub(crate) fn now(platform: &Platform) -> Self {
        Self { seed: Seed::new(&*platform.random), at_ms: platform.clock.now_ms() }
    }
}

/// An access token for the first start, which nobody asks for: 256 random bits after four characters that
/// tell what it is.
pub fn made_token(random: &dyn Random) -> String {
    format!("{ACCESS_TOKEN}{}", random_text(random))
}

/// What of a secret may be shown again.
pub(crate) fn prefix(secret: &str) -> String {
    secret.chars().take(PREFIX_CHARS).collect()
}

fn random_text(random: &dyn Random) -> String {
    let mut bytes = [0; SECRET_BYTES];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_again_by_the_same_caller_and_request_only() {
        let seed = Seed("seed".to_owned());
        let secret = SecretMaker::new("token", b"request").token(&seed);

        assert_eq!(secret, SecretMaker::new("token", b"request").token(&seed));
        assert_eq!(secret.len(), "adm_".len() + 43);
        for (token, request) in [("other", "request"), ("token", "other"), ("tokenr", "equest")] {
            assert_ne!(secret, SecretMaker::new(token, request.as_bytes()).token(&seed));
        }
        assert_ne!(secret, SecretMaker::new("token", b"request").token(&Seed("other".to_owned())));
    }

    #[test]
    fn what_makes_secrets_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", SecretMaker::new("token", b"")), "SecretMaker");
    }
}
