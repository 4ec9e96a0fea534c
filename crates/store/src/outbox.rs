//! Announcing what was committed.
//!
//! Nobody announces its own change. A flush reads the change rows that are not yet marked sent, in the
//! order of their versions, appends one feed entry per version, and marks them. Whoever appends version
//! *v* has appended, or seen marked, everything below it: first occurrences in the feed are in order and
//! repeats are harmless. The order matters because SDKs drop a late patch by its version, but a late
//! `delete` removes a live flag for good.

use std::time::Duration;

use bytes::Bytes;
use model::{Domain, EnvironmentUuid, Error, EventKind, FeedEntry, FlagId, StreamEvent, Version};
use platform::{Db, DbError, Platform, Row, Statement, within};
use tracing::{debug, warn};

use crate::announced::announce;
use crate::fault::unavailable;
use crate::objects::Kind;

/// Change rows read at once. A version with more rows than this is read whole all the same.
const ROWS_PER_FLUSH: i64 = 1_000;

const UNSENT: &str = "SELECT version, kind, identifier, event, dependants, at_ms FROM change
    WHERE environment_id = $1 AND NOT sent AND version <= (
        SELECT max(version) FROM (
            SELECT version FROM change WHERE environment_id = $1 AND NOT sent ORDER BY version LIMIT $2) AS oldest)
    ORDER BY version, position";

const MARK: &str = "UPDATE change SET sent = TRUE WHERE environment_id = $1 AND version <= $2 AND NOT sent";

const UNSENT_ENVIRONMENTS: &str = "SELECT DISTINCT environment_id FROM change WHERE NOT sent LIMIT 1000";

const DATE: &str = "UPDATE current_object SET changed_ms = $1 WHERE (scope, kind, identifier, version) IN (
    SELECT environment_id, kind, identifier, version FROM change WHERE NOT sent)";

/// Announces everything of the environment that is committed and not announced. Repeating it does no
/// harm. Returns the newest version announced, if any.
///
/// # Errors
/// `Unavailable`; what was not announced is left for the next flush.
pub async fn flush(platform: &Platform, environment: &EnvironmentUuid) -> Result<Option<Version>, Error> {
    let statement = Statement::new(UNSENT).bind(environment.as_str()).bind(ROWS_PER_FLUSH);
    let rows = platform.db.query(statement).await.map_err(unavailable)?;
    let entries = entries(environment, &rows).map_err(unavailable)?;
    let Some(newest) = entries.last().map(|entry| entry.version) else { return Ok(None) };
    // Readers must not answer with anything older once the feed tells of it: first `v`, then the feed.
    let away = |error| Error::unavailable("the change could not be announced yet", error);
    announce(platform, environment, newest).await?;
    for entry in &entries {
        let payload = serde_json::to_vec(entry).map_err(Error::internal)?;
        platform.feed.append(Bytes::from(payload)).await.map_err(|error| away(error.to_string()))?;
    }
    let mark = Statement::new(MARK).bind(environment.as_str()).bind(newest.0);
    platform.db.batch(vec![mark]).await.map_err(unavailable)?;
    debug!(environment = %environment, version = newest.0, "announced environment {environment} up to {newest}");
    Ok(Some(newest))
}

/// Environments with changes that are not announced.
///
/// # Errors
/// `Unavailable`.
pub async fn unsent_environments(platform: &Platform) -> Result<Vec<EnvironmentUuid>, Error> {
    let rows = platform.db.query(Statement::new(UNSENT_ENVIRONMENTS)).await.map_err(unavailable)?;
    let read = |row: &Row| Ok(EnvironmentUuid::from_wire(row.text(0)?));
    rows.iter().map(|row| read(row).map_err(unavailable)).collect()
}

/// Dates what is committed and not announced as made at `now_ms` (Unix milliseconds). For a server that starts: a
/// stream that comes back is told what changed lately, and what nobody was told of before the last server ended,
/// or what a tool wrote since, is news however long that is ago. Returns the number of objects.
///
/// # Errors
/// `Unavailable`.
pub async fn date_unsent(db: &dyn Db, now_ms: i64) -> Result<u64, Error> {
    let dated = db.batch(vec![Statement::new(DATE).bind(now_ms)]).await.map_err(unavailable)?;
    Ok(dated.first().copied().unwrap_or_default())
}

/// Flushes for at most `limit`. A failure is coped with: `tick` announces what is left.
pub(crate) async fn flush_within(platform: &Platform, environment: &EnvironmentUuid, limit: Duration) {
    match within(&*platform.clock, limit, flush(platform, environment)).await {
        Some(Ok(_)) => {}
        Some(Err(error)) => {
            warn!(environment = %environment, error = error.in_full(), "a committed change of environment {environment} is not announced yet; the next tick repeats it");
        }
        None => {
            warn!(environment = %environment, "announcing a change of environment {environment} took too long; the next tick repeats it");
        }
    }
}

/// The feed entries of change rows, which come in the order of their versions: one for each version.
pub(crate) fn entries(environment: &EnvironmentUuid, rows: &[Row]) -> Result<Vec<FeedEntry>, DbError> {
    let mut entries: Vec<FeedEntry> = Vec::new();
    for row in rows {
        let version = Version(row.int(0)?);
        if entries.last().is_none_or(|entry| entry.version != version) {
            let at_ms = row.int(5)?;
            entries.push(FeedEntry { environment: environment.clone(), version, at_ms, events: Vec::new() });
        }
        if let Some(entry) = entries.last_mut() {
            read_events(row, version, &mut entry.events)?;
        }
    }
    Ok(entries)
}

fn read_events(row: &Row, version: Version, events: &mut Vec<StreamEvent>) -> Result<(), DbError> {
    let Some(domain) = Kind::read(row.text(1)?)?.domain() else { return Ok(()) };
    let event = match row.text(3)? {
        "create" => EventKind::Create,
        "patch" => EventKind::Patch,
        "delete" => EventKind::Delete,
        other => return Err(DbError::Invalid(format!("{other:?} is not an event"))),
    };
    events.push(StreamEvent { event, domain, identifier: row.text(2)?.to_owned(), version });
    let dependants: Vec<FlagId> = serde_json::from_str(row.text(4)?)
        .map_err(|error| DbError::Invalid(format!("damaged dependants: {error}")))?;
    events.extend(dependants.into_iter().map(|flag| StreamEvent {
        event: EventKind::Patch,
        domain: Domain::Flag,
        identifier: flag.to_string(),
        version,
    }));
    Ok(())
}
