//! The change feed: one stream, trimmed, whose entry ids are the cursors.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use platform::redis::FIELD;
use platform::{ChangeFeed, Cursor, FeedError, FeedPage};
use redis::streams::{StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{FromRedisValue, Value, cmd, from_redis_value, pipe};

use super::cache::milliseconds;
use super::link::{Failure, Link};
use super::payload;

pub(super) struct RedisFeed {
    link: Arc<Link>,
    key: String,
    entries_max: usize,
}

/// The id of an entry, in the order of the stream.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Id {
    ms: u64,
    sequence: u64,
}

/// Before the first entry.
const START: Id = Id { ms: 0, sequence: 0 };

/// What Redis says of a stream.
struct State {
    length: u64,
    /// Entries ever added.
    added: u64,
    newest: Id,
}

impl RedisFeed {
    pub(super) const fn new(link: Arc<Link>, key: String, entries_max: usize) -> Self {
        Self { link, key, entries_max }
    }

    /// `None` if nothing was ever appended, or the stream was lost.
    async fn state(&self) -> Result<Option<State>, FeedError> {
        let mut info = cmd("XINFO");
        info.arg("STREAM").arg(&self.key);
        let said: HashMap<String, Value> = match self.link.ask(&info).await {
            Err(Failure::Refused(error)) if is_no_such_key(&error) => return Ok(None),
            said => said.map_err(|failure| self.away(failure))?,
        };
        let length = field(&said, "length").unwrap_or_default();
        // Redis before 7 does not count.
        let added = field(&said, "entries-added").unwrap_or(length);
        let newest = field::<String>(&said, "last-generated-id").and_then(|id| Id::parse(&id));
        Ok(Some(State { length, added, newest: newest.unwrap_or(START) }))
    }

    fn away(&self, failure: Failure) -> FeedError {
        FeedError(self.link.tell(failure))
    }
}

#[async_trait]
impl ChangeFeed for RedisFeed {
    async fn append(&self, entry: Bytes) -> Result<(), FeedError> {
        let mut add = cmd("XADD");
        add.arg(&self.key).arg("MAXLEN").arg("~").arg(self.entries_max).arg("*").arg(FIELD).arg(&entry[..]);
        self.link.ask(&add).await.map_err(|failure| self.away(failure))
    }

    async fn position(&self) -> Result<Cursor, FeedError> {
        Ok(self.state().await?.map_or(START, |state| state.newest).cursor())
    }

    /// A cursor is an entry that was read, and Redis trims the oldest first: while that entry is there,
    /// nothing after it was lost. It is looked for after the new ones were read, in the same round trip.
    async fn read_after(&self, cursor: &Cursor, limit: usize, wait: Duration) -> Result<FeedPage, FeedError> {
        let unknown = || FeedError(format!("{:?} is not a cursor of this feed", cursor.0));
        let after = Id::parse(&cursor.0).ok_or_else(unknown)?;
        let mut options = StreamReadOptions::default().count(limit);
        if !wait.is_zero() {
            // No time would mean for ever.
            let block_ms = usize::try_from(milliseconds(wait)).unwrap_or(usize::MAX).max(1);
            options = options.block(block_ms);
        }
        let mut both = pipe();
        both.xread_options(&[&self.key], &[&cursor.0], &options).xrange(&self.key, &cursor.0, &cursor.0);
        let (read, found): (Option<StreamReadReply>, StreamRangeReply) =
            self.link.ask_waiting(wait, &both).await.map_err(|failure| self.away(failure))?;
        let entries =
            read.and_then(|read| read.keys.into_iter().next()).map(|key| key.ids).unwrap_or_default();
        let last = entries.last().and_then(|entry| Id::parse(&entry.id));
        let (gap, newest) = match found.ids.is_empty() {
            false => (false, after),
            true => lost_after(after, self.state().await?.as_ref()),
        };
        let next = last.unwrap_or(if gap { newest } else { after });
        let entries = entries.into_iter().map(|entry| Bytes::from(payload(entry))).collect();
        Ok(FeedPage { entries, next: next.cursor(), gap })
    }
}

/// Whether entries may be lost between a cursor whose own entry is not there and the oldest one, and where
/// the stream ends. Says so once too often rather than once too rarely.
fn lost_after(cursor: Id, state: Option<&State>) -> (bool, Id) {
    let Some(state) = state else { return (cursor != START, START) };
    let gap = if cursor == START { state.added > state.length } else { cursor != state.newest };
    (gap, state.newest)
}

impl Id {
    fn parse(text: &str) -> Option<Self> {
        let (ms, sequence) = text.split_once('-')?;
        Some(Self { ms: ms.parse().ok()?, sequence: sequence.parse().ok()? })
    }

    fn cursor(self) -> Cursor {
        Cursor(format!("{}-{}", self.ms, self.sequence))
    }
}

fn field<T: FromRedisValue>(said: &HashMap<String, Value>, name: &str) -> Option<T> {
    from_redis_value(said.get(name)?.clone()).ok()
}

fn is_no_such_key(error: &redis::RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("no such key"))
}
