//! The change feed, of which components write the end only: whoever reads it is a relay, and those are
//! native.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use platform::redis::{CHANGES_MAX, FIELD};
use platform::{ChangeFeed, Cursor, FeedError, FeedPage};

use super::{Link, Word};

pub(super) struct RedisFeed {
    link: Arc<Link>,
    key: String,
}

impl RedisFeed {
    pub(super) const fn new(link: Arc<Link>, key: String) -> Self {
        Self { link, key }
    }
}

#[async_trait]
impl ChangeFeed for RedisFeed {
    async fn append(&self, entry: Bytes) -> Result<(), FeedError> {
        let words = [
            Word::Text(&self.key),
            Word::Text("MAXLEN"),
            Word::Text("~"),
            Word::Number(i64::from(CHANGES_MAX)),
            Word::Text("*"),
            Word::Text(FIELD),
            Word::Bytes(&entry),
        ];
        self.link.call("XADD", &words).await.map(drop).map_err(FeedError)
    }

    async fn position(&self) -> Result<Cursor, FeedError> {
        Err(not_read())
    }

    async fn read_after(&self, _: &Cursor, _: usize, _: Duration) -> Result<FeedPage, FeedError> {
        Err(not_read())
    }
}

fn not_read() -> FeedError {
    FeedError("a component of Spin writes the feed and does not read it; a relay does".to_owned())
}
