//! Making secrets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::KeyKind;
use platform::Random;

/// Random bytes in a made secret.
const SECRET_BYTES: usize = 32;

/// Characters of a secret that may be shown again, to recognise it by.
const PREFIX_CHARS: usize = 8;

/// A new SDK key: 256 random bits after four characters that tell its kind.
pub(crate) fn made_key(kind: KeyKind, random: &dyn Random) -> String {
    match kind {
        KeyKind::Server => secret("srv_", random),
        KeyKind::Client => secret("cli_", random),
    }
}

/// A new access token: 256 random bits after four characters that tell what it is.
pub fn made_token(random: &dyn Random) -> String {
    secret("adm_", random)
}

/// What of a secret may be shown again.
pub(crate) fn prefix(secret: &str) -> String {
    secret.chars().take(PREFIX_CHARS).collect()
}

fn secret(prefix: &str, random: &dyn Random) -> String {
    let mut bytes = [0; SECRET_BYTES];
    random.fill(&mut bytes);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}
