//! Keys and tokens as requests carry them. Nothing here knows which of them are good.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use model::KeyHash;
use platform::config::Kind;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Shorter ones could be guessed.
const CHOSEN_SECRET_CHARS_MIN: usize = 32;

/// The form of a setting that holds a secret of the operator's choice.
pub const CHOSEN_SECRET: Kind = Kind::Form {
    form: "text of at least 32 characters",
    mistake: |secret| {
        (secret.chars().count() < CHOSEN_SECRET_CHARS_MIN)
            .then(|| format!("is shorter than {CHOSEN_SECRET_CHARS_MIN} characters; choose a longer one"))
    },
};

/// The admin API's credential: `x-api-key`, or `Authorization: Bearer`.
pub fn admin(headers: &HeaderMap) -> Option<&str> {
    text(headers, "x-api-key").or_else(|| bearer(headers))
}

/// The token of `Authorization: Bearer`; the scheme in any case, as HTTP has it.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The SDK key that streams carry in `API-Key`.
pub fn sdk_key(headers: &HeaderMap) -> Option<&str> {
    text(headers, "api-key")
}

/// What is stored of a key or access token: its SHA-256 in lower-case hexadecimal digits. Keys are
/// random or at least 16 characters of the customer's choice, so no salt and no slow hash is needed.
pub fn secret_hash(secret: &str) -> KeyHash {
    let digest = Sha256::digest(secret.as_bytes());
    KeyHash::from_wire(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Whether two secrets are the same, in a time that tells nothing about either, length included.
pub fn same_secret(one: &str, other: &str) -> bool {
    let (one, other) = (Sha256::digest(one.as_bytes()), Sha256::digest(other.as_bytes()));
    one.as_slice().ct_eq(other.as_slice()).into()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let header = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        };
        pairs.iter().map(header).collect()
    }

    #[test]
    fn the_bearer_token_is_found_in_every_spelling() {
        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(bearer(&headers(&[("authorization", value)])), Some("abc"), "{value:?}");
        }
        for value in ["", "abc", "Bearer", "Bearer ", "Basic abc", "Bearerabc"] {
            assert_eq!(bearer(&headers(&[("authorization", value)])), None, "{value:?}");
        }
    }

    #[test]
    fn admin_takes_x_api_key_before_bearer() {
        assert_eq!(admin(&headers(&[("x-api-key", "a"), ("authorization", "Bearer b")])), Some("a"));
        assert_eq!(admin(&headers(&[("x-api-key", ""), ("authorization", "Bearer b")])), Some("b"));
        assert_eq!(admin(&headers(&[])), None);
    }

    #[test]
    fn the_hash_of_a_key_is_the_one_that_harness_uses() {
        // `printf abc | sha256sum`
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

        assert_eq!(secret_hash("abc").as_str(), hash);
        assert_eq!(KeyHash::parse(hash).unwrap(), secret_hash("abc"));
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same_secret("abc", "abc"));
        assert!(!same_secret("abc", "abcd"));
        assert!(!same_secret("", "a"));
    }
}
