//! The newest version of an environment that anybody was told of, which the cache holds for all processes.
//!
//! A cache may lose the number at any time, and whoever puts it back must not put back an older one: two
//! writers may have announced 7 and 8, the cache may forget, and the first may be late. Therefore a number
//! that is not there begins as 0, which tells nobody anything, and is raised from there only by somebody who
//! has read the primary *after* it began. What was announced before the loss is in that answer; what is
//! announced after it finds the number and raises it.

use model::{EnvironmentUuid, Error, Version};
use platform::{Cache, CacheError, Platform, Statement};

use crate::fault::unavailable;

/// The lowest number that says something.
const TOLD: i64 = 1;

const VERSION: &str = "SELECT version FROM environment WHERE id = $1";

/// The cache key of an environment's announced version.
pub fn announced_key(environment: &EnvironmentUuid) -> String {
    format!("v:{environment}")
}

/// The announced version. `None` if the cache does not know: then the primary does, read after this.
///
/// # Errors
/// If the cache does not answer.
pub async fn announced(
    cache: &dyn Cache,
    environment: &EnvironmentUuid,
) -> Result<Option<Version>, CacheError> {
    let key = announced_key(environment);
    let Some(value) = cache.get(&key).await? else {
        cache.begin(&key).await?;
        return Ok(None);
    };
    let number = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
    Ok(number.filter(|number| *number >= TOLD).map(Version))
}

/// Lets every process know of `version`, which is committed, so that none answers from before it.
///
/// # Errors
/// `Unavailable`: repeat it, or have the next flush do so.
pub async fn announce(
    platform: &Platform,
    environment: &EnvironmentUuid,
    version: Version,
) -> Result<(), Error> {
    let away = |error: CacheError| Error::unavailable("the change could not be announced yet", error);
    let (cache, key) = (&platform.cache, announced_key(environment));
    if cache.advance(&key, TOLD, version.0).await.map_err(away)?.is_some() {
        return Ok(());
    }
    cache.begin(&key).await.map_err(away)?;
    let statement = Statement::new(VERSION).bind(environment.as_str());
    let rows = platform.db.query(statement).await.map_err(unavailable)?;
    let committed = rows.first().map_or(Ok(0), |row| row.int(0)).map_err(unavailable)?;
    match cache.advance(&key, 0, committed.max(version.0)).await.map_err(away)? {
        Some(_) => Ok(()),
        None => Err(Error::unavailable("the change could not be announced yet", "the cache lost it again")),
    }
}
