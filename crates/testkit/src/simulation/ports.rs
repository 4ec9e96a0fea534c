//! The ports of a platform, with a step before and after whatever is done to a store.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use platform::memory::MemoryCache;
use platform::{
    Cache, CacheError, ChangeFeed, Clock, Cursor, Db, DbError, Dialect, FeedError, FeedPage, Random, Row,
    Statement,
};
use platform_native::Sqlite;

use super::chance::Universe;

const SIMULATED: &str = "simulated";

pub(super) struct SimulatedClock(pub(super) Universe);

#[async_trait]
impl Clock for SimulatedClock {
    fn now_ms(&self) -> i64 {
        self.0.now_ms()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

pub(super) struct SimulatedRandom(pub(super) Universe);

impl Random for SimulatedRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = u8::try_from(self.0.below(256)).unwrap_or_default();
        }
    }
}

/// The database as one process reaches it.
pub(super) struct SimulatedDb {
    pub(super) inner: Arc<Sqlite>,
    pub(super) universe: Universe,
    pub(super) process: u64,
}

#[async_trait]
impl Db for SimulatedDb {
    async fn query(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        self.universe.step(self.process).await;
        if self.universe.happens(self.process, |faults| faults.fail) {
            return Err(DbError::Unavailable(SIMULATED.to_owned()));
        }
        let rows = now(self.inner.query(statement));
        self.universe.step(self.process).await;
        rows
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<u64>, DbError> {
        self.universe.step(self.process).await;
        if self.universe.happens(self.process, |faults| faults.fail) {
            return Err(DbError::Unavailable(SIMULATED.to_owned()));
        }
        let is_lost = self.universe.happens(self.process, |faults| faults.unknown);
        if is_lost && self.universe.below(2) == 0 {
            return Err(DbError::OutcomeUnknown(SIMULATED.to_owned()));
        }
        let affected = now(self.inner.batch(statements));
        self.universe.step(self.process).await;
        if is_lost {
            return Err(DbError::OutcomeUnknown(SIMULATED.to_owned()));
        }
        affected
    }

    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }
}

/// The database itself: nothing goes wrong, and nobody else runs until it has answered.
pub(super) struct StillDb(pub(super) Arc<Sqlite>);

#[async_trait]
impl Db for StillDb {
    async fn query(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        now(self.0.query(statement))
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<u64>, DbError> {
        now(self.0.batch(statements))
    }

    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }
}

/// A shared cache as one process reaches it.
pub(super) struct SimulatedCache {
    pub(super) inner: Arc<MemoryCache>,
    pub(super) universe: Universe,
    pub(super) process: u64,
}

impl SimulatedCache {
    /// A step, and perhaps a failure: the caller does what it wanted before or after it.
    async fn reach(&self) -> Result<(), CacheError> {
        self.universe.step(self.process).await;
        if self.universe.happens(self.process, |faults| faults.forget) {
            self.universe.set_faults(super::Faults { forget: 0, ..self.universe.faults() });
            self.inner.clear();
        }
        match self.universe.happens(self.process, |faults| faults.fail) {
            true => Err(CacheError(SIMULATED.to_owned())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Cache for SimulatedCache {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        self.reach().await?;
        self.inner.get(key).await
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), CacheError> {
        self.reach().await?;
        self.inner.set(key, value, ttl).await
    }

    async fn remove(&self, key: &str) -> Result<(), CacheError> {
        self.reach().await?;
        self.inner.remove(key).await
    }

    async fn begin(&self, key: &str) -> Result<(), CacheError> {
        self.reach().await?;
        self.inner.begin(key).await?;
        self.reach().await
    }

    async fn advance(&self, key: &str, least: i64, value: i64) -> Result<Option<i64>, CacheError> {
        self.reach().await?;
        let number = self.inner.advance(key, least, value).await?;
        self.reach().await?;
        Ok(number)
    }
}

/// A shared feed as one process reaches it.
pub(super) struct SimulatedFeed {
    pub(super) inner: Arc<dyn ChangeFeed>,
    pub(super) universe: Universe,
    pub(super) process: u64,
}

#[async_trait]
impl ChangeFeed for SimulatedFeed {
    async fn append(&self, entry: Bytes) -> Result<(), FeedError> {
        self.universe.step(self.process).await;
        if self.universe.happens(self.process, |faults| faults.fail) {
            return Err(FeedError(SIMULATED.to_owned()));
        }
        self.inner.append(entry).await?;
        self.universe.step(self.process).await;
        match self.universe.happens(self.process, |faults| faults.unknown) {
            true => Err(FeedError(SIMULATED.to_owned())),
            false => Ok(()),
        }
    }

    async fn position(&self) -> Result<Cursor, FeedError> {
        self.universe.step(self.process).await;
        self.inner.position().await
    }

    async fn read_after(&self, cursor: &Cursor, limit: usize, wait: Duration) -> Result<FeedPage, FeedError> {
        self.universe.step(self.process).await;
        if self.universe.happens(self.process, |faults| faults.fail) {
            return Err(FeedError(SIMULATED.to_owned()));
        }
        let mut page = self.inner.read_after(cursor, limit, wait).await?;
        self.disturb(&mut page);
        Ok(page)
    }
}

impl SimulatedFeed {
    /// What a log that is copied, trimmed and failed over can do to its readers.
    fn disturb(&self, page: &mut FeedPage) {
        let happens = |chances: fn(&super::Faults) -> u64| self.universe.happens(self.process, chances);
        let mut entries = Vec::with_capacity(page.entries.len());
        for entry in page.entries.drain(..) {
            if happens(|faults| faults.lose) {
                page.gap |= self.universe.below(2) == 0;
                continue;
            }
            if happens(|faults| faults.repeat) {
                entries.push(entry.clone());
            }
            entries.push(entry);
        }
        for place in 1..entries.len() {
            if happens(|faults| faults.swap) {
                entries.swap(place - 1, place);
            }
        }
        page.entries = entries;
    }
}

/// The end of a future that another thread works for, without letting anybody else run meanwhile.
fn now<T>(work: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut work = pin!(work);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}
