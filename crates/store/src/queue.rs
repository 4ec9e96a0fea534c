//! The work queue in a table, for installations without Redis.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use model::Error;
use platform::{Clock, Db, DbError, Dialect, Job, Platform, QueueError, Random, Row, Statement, WorkQueue};

use crate::fault::unavailable;

/// Jobs that may wait. Beyond it, pushing is refused and the SDK keeps its counts for the next try.
const JOBS_MAX: i64 = 10_000;

/// How often a waiting claim looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

const COUNT: &str = "SELECT count(*) FROM work_queue";

const PUSH: &str = "INSERT INTO work_queue (id, payload, available_ms) VALUES ($1, $2, $3)";

/// A lease never ends later than a whole one from now: a claim says so, so that jobs do not wait for an hour
/// because the clock was put back by one. Workers that claim at the same time do not wait for each other.
const CLAIM_POSTGRES: &str = "UPDATE work_queue SET available_ms = $1 WHERE id IN (
    SELECT id FROM work_queue WHERE available_ms <= $2 OR available_ms > $1 ORDER BY id LIMIT $3
    FOR UPDATE SKIP LOCKED) RETURNING id, payload";

/// SQLite has one writer, and no locks on rows: it looks first.
const WAITING_SQLITE: &str = "SELECT id, payload, available_ms FROM work_queue
    WHERE available_ms <= $1 OR available_ms > $2 ORDER BY id LIMIT $3";

/// The condition makes two workers that saw the same job agree on one of them.
const CLAIM_SQLITE: &str = "UPDATE work_queue SET available_ms = $1 WHERE id = $2 AND available_ms = $3";

const RELEASE: &str = "UPDATE work_queue SET available_ms = 0 WHERE available_ms > 0";

const ACK: &str = "DELETE FROM work_queue WHERE id = $1";

/// A queue in the table `work_queue`, with leases.
pub struct TableQueue {
    db: Arc<dyn Db>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// The platform's own queue, or the table.
pub fn work_queue(platform: &Platform) -> Arc<dyn WorkQueue> {
    platform.queue.clone().unwrap_or_else(|| {
        Arc::new(TableQueue {
            db: platform.db.clone(),
            clock: platform.clock.clone(),
            random: platform.random.clone(),
        })
    })
}

/// Ends every lease. For the one process of an installation when it starts: whoever held them is dead.
///
/// # Errors
/// `Unavailable`.
pub async fn release_leases(db: &dyn Db) -> Result<(), Error> {
    db.batch(vec![Statement::new(RELEASE)]).await.map(drop).map_err(unavailable)
}

#[async_trait]
impl WorkQueue for TableQueue {
    async fn push(&self, payload: Bytes) -> Result<(), QueueError> {
        let waiting = self.db.query(Statement::new(COUNT)).await.map_err(away)?;
        if waiting.first().map_or(Ok(0), |row| row.int(0)).map_err(away)? >= JOBS_MAX {
            return Err(QueueError::Full { limit: JOBS_MAX.unsigned_abs() });
        }
        let now_ms = self.clock.now_ms();
        let id = format!("{now_ms:015}-{}", self.random.uuid());
        let push = Statement::new(PUSH).bind(id).bind(payload.to_vec()).bind(now_ms).expect_rows(1);
        self.db.batch(vec![push]).await.map_err(away)?;
        Ok(())
    }

    async fn claim(&self, limit: usize, wait: Duration, lease: Duration) -> Result<Vec<Job>, QueueError> {
        let mut left = wait;
        loop {
            let jobs = self.claim_now(limit, lease).await?;
            if !jobs.is_empty() || left.is_zero() {
                return Ok(jobs);
            }
            let pause = left.min(LOOK_AGAIN);
            self.clock.sleep(pause).await;
            left -= pause;
        }
    }

    async fn ack(&self, ids: &[String]) -> Result<(), QueueError> {
        let statements = ids.iter().map(|id| Statement::new(ACK).bind(id.as_str())).collect();
        self.db.batch(statements).await.map_err(away)?;
        Ok(())
    }
}

impl TableQueue {
    async fn claim_now(&self, limit: usize, lease: Duration) -> Result<Vec<Job>, QueueError> {
        let now_ms = self.clock.now_ms();
        let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let until_ms = now_ms.saturating_add(lease_ms);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let claimed = match self.db.dialect() {
            Dialect::Postgres => self.claim_on_postgres(now_ms, until_ms, limit).await,
            Dialect::Sqlite => self.claim_on_sqlite(now_ms, until_ms, limit).await,
        };
        claimed.map_err(away)
    }

    async fn claim_on_postgres(&self, now_ms: i64, until_ms: i64, limit: i64) -> Result<Vec<Job>, DbError> {
        let claim = Statement::new(CLAIM_POSTGRES).bind(until_ms).bind(now_ms).bind(limit);
        let rows = self.db.query(claim).await?;
        let mut jobs: Vec<Job> = rows.iter().map(read).collect::<Result<_, _>>()?;
        // It answers in any order.
        jobs.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Ok(jobs)
    }

    async fn claim_on_sqlite(&self, now_ms: i64, until_ms: i64, limit: i64) -> Result<Vec<Job>, DbError> {
        let waiting = Statement::new(WAITING_SQLITE).bind(now_ms).bind(until_ms).bind(limit);
        let rows = self.db.query(waiting).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let waiting: Vec<(Job, i64)> =
            rows.iter().map(|row| Ok((read(row)?, row.int(2)?))).collect::<Result<_, DbError>>()?;
        let claims = waiting.iter().map(|(job, available_ms)| {
            Statement::new(CLAIM_SQLITE).bind(until_ms).bind(job.id.as_str()).bind(*available_ms)
        });
        let claimed = self.db.batch(claims.collect()).await?;
        let ours = waiting.into_iter().zip(claimed).filter(|(_, rows)| *rows == 1);
        Ok(ours.map(|((job, _), _)| job).collect())
    }
}

fn read(row: &Row) -> Result<Job, DbError> {
    Ok(Job { id: row.text(0)?.to_owned(), payload: Bytes::copy_from_slice(row.bytes(1)?) })
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of `map_err`")]
fn away(error: DbError) -> QueueError {
    QueueError::Unavailable(error.to_string())
}
