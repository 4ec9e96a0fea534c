//! The change feed of installations that have none: what changed is asked of the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use model::{EnvironmentUuid, FeedEntry};
use platform::{ChangeFeed, Clock, Cursor, Db, DbError, FeedError, FeedPage, Platform, Statement};

use crate::outbox;

/// How often a reader that waits looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

const VERSIONS: &str = "SELECT id, version FROM environment ORDER BY id";

const CHANGED: &str = "SELECT version, kind, identifier, event, dependants, at_ms FROM change
    WHERE environment_id = $1 AND version > $2 AND version <= $3 ORDER BY version, position";

/// The platform's own feed, or the database where it keeps no entries.
pub fn change_feed(platform: &Platform) -> Arc<dyn ChangeFeed> {
    if platform.feed.keeps_entries() {
        return Arc::clone(&platform.feed);
    }
    Arc::new(QueryFeed { db: Arc::clone(&platform.db), clock: Arc::clone(&platform.clock) })
}

/// What was committed, in the order of each environment's versions. Nothing is ever lost, so there is no
/// gap; appending is not needed and does nothing.
struct QueryFeed {
    db: Arc<dyn Db>,
    clock: Arc<dyn Clock>,
}

/// How far each environment was read. As a cursor, JSON: `{"<environment>": 17}`.
type Versions = BTreeMap<EnvironmentUuid, i64>;

#[async_trait]
impl ChangeFeed for QueryFeed {
    async fn append(&self, _: Bytes) -> Result<(), FeedError> {
        Ok(())
    }

    async fn position(&self) -> Result<Cursor, FeedError> {
        let versions = self.versions().await.map_err(away)?;
        cursor(&versions)
    }

    async fn read_after(&self, cursor: &Cursor, limit: usize, wait: Duration) -> Result<FeedPage, FeedError> {
        let unknown = |_| FeedError("that is not a cursor of this feed".to_owned());
        let mut read: Versions = serde_json::from_str(&cursor.0).map_err(unknown)?;
        let mut left = wait;
        loop {
            let entries = self.read(&mut read, limit).await.map_err(away)?;
            if !entries.is_empty() || left.is_zero() {
                let entries = entries.iter().map(|entry| serde_json::to_vec(entry).map(Bytes::from));
                let entries = entries.collect::<Result<_, _>>().map_err(away)?;
                return Ok(FeedPage { entries, next: self::cursor(&read)?, gap: false });
            }
            let pause = left.min(LOOK_AGAIN);
            self.clock.sleep(pause).await;
            left -= pause;
        }
    }

    fn keeps_entries(&self) -> bool {
        true
    }
}

impl QueryFeed {
    /// The newest version of each environment.
    async fn versions(&self) -> Result<Versions, DbError> {
        let rows = self.db.query(Statement::new(VERSIONS)).await?;
        rows.iter().map(|row| Ok((EnvironmentUuid::from_wire(row.text(0)?), row.int(1)?))).collect()
    }

    /// At most `limit` entries after what was `read`, which is brought up to them.
    async fn read(&self, read: &mut Versions, limit: usize) -> Result<Vec<FeedEntry>, DbError> {
        let mut found = Vec::new();
        for (environment, newest) in self.versions().await? {
            let known = read.get(&environment).copied().unwrap_or_default();
            if newest <= known || found.len() >= limit {
                continue;
            }
            let changed = Statement::new(CHANGED).bind(environment.as_str()).bind(known).bind(newest);
            let mut entries = outbox::entries(&environment, &self.db.query(changed).await?)?;
            let rest = limit - found.len();
            let reached = match entries.get(rest) {
                Some(_) => entries.get(rest - 1).map_or(known, |last| last.version.0),
                None => newest,
            };
            entries.truncate(rest);
            found.extend(entries);
            read.insert(environment, reached);
        }
        Ok(found)
    }
}

fn cursor(versions: &Versions) -> Result<Cursor, FeedError> {
    serde_json::to_string(versions).map(Cursor).map_err(away)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of `map_err`")]
fn away(error: impl ToString) -> FeedError {
    FeedError(error.to_string())
}
