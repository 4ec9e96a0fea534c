//! Evaluation counts.

use model::{EnvironmentUuid, Error};
use platform::{Db, DbError, Row, Statement};

use crate::fault::unavailable;

/// How often a variation was served in one hour.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EvaluationCount {
    /// Where.
    pub environment: EnvironmentUuid,
    /// Which flag, as the SDK named it.
    pub flag: String,
    /// Which variation, as the SDK named it.
    pub variation: String,
    /// To whom; empty for a total.
    pub target: String,
    /// Unix milliseconds at which the hour begins.
    pub hour_ms: i64,
    /// How often.
    pub evaluations: i64,
}

const JOB_DONE: &str = "INSERT INTO metrics_job (id, done_ms) VALUES ($1, $2)";

const FORGET_JOBS: &str = "DELETE FROM metrics_job WHERE done_ms < $1";

const ADD: &str =
    "INSERT INTO evaluation_count (environment_id, flag, variation, target, hour_ms, evaluations)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (environment_id, flag, variation, target, hour_ms)
    DO UPDATE SET evaluations = evaluation_count.evaluations + excluded.evaluations";

const BY_VARIATION: &str =
    "SELECT flag, variation, CAST(sum(evaluations) AS BIGINT), max(hour_ms) FROM evaluation_count
    WHERE environment_id = $1 AND hour_ms >= $2 GROUP BY flag, variation ORDER BY flag, variation";

/// How often a variation was served in a stretch of time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VariationCount {
    /// Which flag, as SDKs named it; it may be gone.
    pub flag: String,
    /// Which variation, likewise.
    pub variation: String,
    /// How often.
    pub evaluations: i64,
    /// Unix milliseconds at which the last hour with an evaluation began.
    pub last_hour_ms: i64,
}

/// How often each variation of each flag was served since `since_ms` (Unix milliseconds).
///
/// # Errors
/// `Unavailable`.
pub async fn counts_by_variation(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    since_ms: i64,
) -> Result<Vec<VariationCount>, Error> {
    let statement = Statement::new(BY_VARIATION).bind(environment.as_str()).bind(since_ms);
    let rows = db.query(statement).await.map_err(unavailable)?;
    let read = |row: &Row| {
        Ok(VariationCount {
            flag: row.text(0)?.to_owned(),
            variation: row.text(1)?.to_owned(),
            evaluations: row.int(2)?,
            last_hour_ms: row.int(3)?,
        })
    };
    rows.iter().map(|row| read(row).map_err(unavailable)).collect()
}

/// How long a finished job is remembered: far longer than any lease.
const JOB_MEMORY_MS: i64 = 2 * 24 * 60 * 60 * 1000;

/// Adds the counts of one job, together with `rows` that the job also asks for. A job that was counted
/// before is not counted again; returns whether it was new.
///
/// # Errors
/// `Unavailable`: nothing was counted.
pub async fn record_counts(
    db: &dyn Db,
    job: &str,
    counts: &[EvaluationCount],
    rows: Vec<Statement>,
    now_ms: i64,
) -> Result<bool, Error> {
    let mut statements = vec![
        Statement::new(JOB_DONE).bind(job).bind(now_ms).expect_rows(1),
        Statement::new(FORGET_JOBS).bind(now_ms.saturating_sub(JOB_MEMORY_MS)),
    ];
    statements.extend(counts.iter().map(|count| {
        Statement::new(ADD)
            .bind(count.environment.as_str())
            .bind(count.flag.as_str())
            .bind(count.variation.as_str())
            .bind(count.target.as_str())
            .bind(count.hour_ms)
            .bind(count.evaluations)
    }));
    statements.extend(rows);
    match db.batch(statements).await {
        Ok(_) => Ok(true),
        Err(DbError::Duplicate(_)) => Ok(false),
        Err(error) => Err(unavailable(error)),
    }
}
