//! A change feed in this process: a bounded log that wakes its readers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Notify;

use crate::{ChangeFeed, Clock, Cursor, FeedError, FeedPage, within};

/// Entries kept. A reader further behind is told of the gap and catches up from the database.
const ENTRIES_MAX: usize = 10_000;

/// A bounded log. What it forgets at the end of the process is in the database.
pub struct MemoryFeed {
    clock: Arc<dyn Clock>,
    log: Mutex<Log>,
    appended: Notify,
}

#[derive(Default)]
struct Log {
    entries: VecDeque<Bytes>,
    /// How many entries were ever appended.
    end: u64,
}

impl MemoryFeed {
    /// An empty feed whose readers wait by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, log: Mutex::default(), appended: Notify::new() }
    }

    fn page_after(&self, after: u64, limit: usize) -> FeedPage {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let first = log.end - log.entries.len() as u64;
        let from = after.clamp(first, log.end);
        let skip = usize::try_from(from - first).unwrap_or(usize::MAX);
        let entries: Vec<Bytes> = log.entries.iter().skip(skip).take(limit).cloned().collect();
        let next = from + entries.len() as u64;
        FeedPage { entries, next: Cursor(next.to_string()), gap: after != from }
    }
}

#[async_trait]
impl ChangeFeed for MemoryFeed {
    async fn append(&self, entry: Bytes) -> Result<(), FeedError> {
        {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.entries.push_back(entry);
            log.end += 1;
            if log.entries.len() > ENTRIES_MAX {
                log.entries.pop_front();
            }
        }
        self.appended.notify_waiters();
        Ok(())
    }

    async fn position(&self) -> Result<Cursor, FeedError> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Cursor(log.end.to_string()))
    }

    async fn read_after(&self, cursor: &Cursor, limit: usize, wait: Duration) -> Result<FeedPage, FeedError> {
        let after = cursor
            .0
            .parse()
            .map_err(|_| FeedError(format!("{:?} is not a cursor of this feed", cursor.0)))?;
        // Registered before looking, so that an entry appended in between still wakes us.
        let mut appended = std::pin::pin!(self.appended.notified());
        appended.as_mut().enable();
        let page = self.page_after(after, limit);
        if !page.entries.is_empty() || page.gap || wait.is_zero() {
            return Ok(page);
        }
        within(&*self.clock, wait, appended).await;
        Ok(self.page_after(after, limit))
    }
}
