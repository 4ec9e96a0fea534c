//! The keys that sign SDK tokens: the operator's, or one that the installation keeps for itself.

use api::TokenKeys;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Error;
use platform::Platform;
use platform::config::{Fallback, Kind, Var};

/// Under which a made key is kept in the database.
const SETTING: &str = "token_keys";

/// Bytes of a made key.
const MADE_BYTES: usize = 32;

/// The setting of whoever makes or verifies tokens. All of an installation need the same.
pub const TOKEN_KEYS: Var = Var {
    name: "BURGEE_TOKEN_KEYS",
    kind: Kind::Form { form: "kid:base64[,kid:base64…]", mistake },
    default: Fallback::Optional,
    secret: true,
    help: "Keys that sign SDK tokens: kid:base64[,kid:base64…], at least 32 bytes each; the first signs. Without it one is made and kept in the database.",
};

fn mistake(text: &str) -> Option<String> {
    TokenKeys::parse(text).err().map(|error| format!("cannot be used: {error}"))
}

/// The operator's keys (the value of [`TOKEN_KEYS`]), or one that is made once and kept in the database.
///
/// # Errors
/// `Unavailable`; `Internal` if what is kept is damaged.
pub async fn token_keys(platform: &Platform, set: Option<&str>) -> Result<TokenKeys, Error> {
    let text = match set {
        Some(text) => text.to_owned(),
        None => kept(platform).await?,
    };
    TokenKeys::parse(&text).map_err(Error::internal)
}

/// Whoever comes first decides for all.
async fn kept(platform: &Platform) -> Result<String, Error> {
    if let Some(kept) = store::setting(&*platform.db, SETTING).await? {
        return Ok(kept);
    }
    let mut bytes = [0; MADE_BYTES];
    platform.random.fill(&mut bytes);
    let made = format!("1:{}", STANDARD.encode(bytes));
    store::put_setting_once(&*platform.db, SETTING, &made).await
}
