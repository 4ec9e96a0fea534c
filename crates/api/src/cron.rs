//! Work that a cron asks for over HTTP, where the platform has no schedule of its own.

use http::HeaderMap;
use model::Error;
use platform::config::{Fallback, Var};

use crate::credentials::{CHOSEN_SECRET, bearer, same_secret};

/// What a cron shows to have its work done.
pub const CRON_SECRET: Var = Var {
    name: "BURGEE_CRON_SECRET",
    kind: CHOSEN_SECRET,
    default: Fallback::Optional,
    secret: true,
    help: "What a cron sends as Authorization: Bearer … with POST /tick and POST /drain, at least 32 characters. Without it both are refused.",
};

/// Whether the headers carry the secret (the value of [`CRON_SECRET`]).
///
/// # Errors
/// `Unauthenticated`; `Forbidden` if no secret is set, whatever the headers carry.
pub fn check_cron(secret: Option<&str>, headers: &HeaderMap) -> Result<(), Error> {
    let Some(secret) = secret else {
        let text = "BURGEE_CRON_SECRET is not set; set it to what your cron sends as Authorization: Bearer …";
        return Err(Error::Forbidden(text.to_owned()));
    };
    match bearer(headers) {
        Some(sent) if same_secret(sent, secret) => Ok(()),
        _ => Err(Error::Unauthenticated("send Authorization: Bearer with the value of BURGEE_CRON_SECRET")),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::AUTHORIZATION;

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn sent(text: &str) -> HeaderMap {
        [(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {text}")).unwrap())].into_iter().collect()
    }

    #[test]
    fn only_the_whole_secret_opens_and_nothing_does_where_none_is_set() {
        assert!(check_cron(Some(SECRET), &sent(SECRET)).is_ok());
        for headers in [HeaderMap::new(), sent("0123456789abcdef0123456789abcde"), sent("other")] {
            assert!(matches!(check_cron(Some(SECRET), &headers), Err(Error::Unauthenticated(_))));
        }
        for headers in [HeaderMap::new(), sent(SECRET), sent("")] {
            assert!(matches!(check_cron(None, &headers), Err(Error::Forbidden(_))));
        }
    }
}
