//! Evaluation counts: by hour for two weeks, by day for more than a year.

use model::{EnvironmentUuid, Error, ProjectUuid};
use platform::{Db, DbError, Row, Statement};

use crate::fault::unavailable;

const HOUR_MS: i64 = 60 * 60 * 1000;

const DAY_MS: i64 = 24 * HOUR_MS;

/// How long counts by hour are kept.
const HOURS_KEPT_MS: i64 = 14 * DAY_MS;

/// How long counts by day are kept: a year can be compared with the one before.
const DAYS_KEPT_MS: i64 = 400 * DAY_MS;

/// How long a finished job is remembered: far longer than any lease.
const JOB_MEMORY_MS: i64 = 2 * DAY_MS;

/// How often a variation was served in one hour.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EvaluationCount {
    /// Where.
    pub environment: EnvironmentUuid,
    /// Which flag, as the SDK named it.
    pub flag: String,
    /// Which variation, as the SDK named it.
    pub variation: String,
    /// Unix milliseconds at which the hour begins.
    pub hour_ms: i64,
    /// How often.
    pub evaluations: i64,
}

/// How often a variation was served in a stretch of time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VariationCount {
    /// Which flag; it may be gone.
    pub flag: String,
    /// Which variation, likewise.
    pub variation: String,
    /// How often.
    pub evaluations: i64,
    /// Unix milliseconds at which the last hour with an evaluation began.
    pub last_hour_ms: i64,
}

/// How often a variation of a flag was served on one day.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DayCount {
    /// Unix milliseconds at which the day begins, in UTC.
    pub day_ms: i64,
    /// Which variation; it may be gone.
    pub variation: String,
    /// How often.
    pub evaluations: i64,
}

const JOB_DONE: &str = "INSERT INTO metrics_job (id, done_ms) VALUES ($1, $2)";

const FORGET_JOBS: &str = "DELETE FROM metrics_job WHERE done_ms < $1";

const ADD_TO_HOUR: &str =
    "INSERT INTO evaluation_hour (environment_id, flag, variation, hour_ms, evaluations)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (environment_id, flag, variation, hour_ms)
    DO UPDATE SET evaluations = evaluation_hour.evaluations + excluded.evaluations";

const ADD_TO_DAY: &str =
    "INSERT INTO evaluation_day (environment_id, flag, variation, day_ms, evaluations, last_hour_ms)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (environment_id, flag, variation, day_ms)
    DO UPDATE SET evaluations = evaluation_day.evaluations + excluded.evaluations,
    last_hour_ms = CASE WHEN evaluation_day.last_hour_ms < excluded.last_hour_ms
    THEN excluded.last_hour_ms ELSE evaluation_day.last_hour_ms END";

const BY_VARIATION: &str =
    "SELECT flag, variation, CAST(sum(evaluations) AS BIGINT), max(last_hour_ms) FROM evaluation_day
    WHERE environment_id = $1 AND day_ms >= $2 GROUP BY flag, variation ORDER BY flag, variation";

const BY_DAY: &str = "SELECT day_ms, variation, CAST(sum(evaluations) AS BIGINT) FROM evaluation_day
    WHERE environment_id IN (SELECT id FROM environment WHERE project_id = $1 AND NOT deleted
    AND (CAST($2 AS TEXT) IS NULL OR id = $2))
    AND flag = $3 AND day_ms >= $4 AND day_ms <= $5
    GROUP BY day_ms, variation ORDER BY day_ms, variation";

const ANY_OLD: &str = "SELECT 1 FROM evaluation_hour WHERE hour_ms < $1
    UNION ALL SELECT 1 FROM evaluation_day WHERE day_ms < $2 LIMIT 1";

const FORGET_HOURS: &str = "DELETE FROM evaluation_hour WHERE hour_ms < $1";

const FORGET_DAYS: &str = "DELETE FROM evaluation_day WHERE day_ms < $1";

const FORGET_HOURS_OF: &str = "DELETE FROM evaluation_hour WHERE environment_id = $1";

const FORGET_DAYS_OF: &str = "DELETE FROM evaluation_day WHERE environment_id = $1";

/// How often each variation of each flag was served since the day of `since_ms` (Unix milliseconds) began.
///
/// # Errors
/// `Unavailable`.
pub async fn counts_by_variation(
    db: &dyn Db,
    environment: &EnvironmentUuid,
    since_ms: i64,
) -> Result<Vec<VariationCount>, Error> {
    let statement = Statement::new(BY_VARIATION).bind(environment.as_str()).bind(day_of(since_ms));
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

/// How often each variation of a flag was served on each day from that of `from_ms` to that of `to_ms`, in
/// one environment or in all of the project.
///
/// # Errors
/// `Unavailable`.
pub async fn counts_by_day(
    db: &dyn Db,
    (project, environment): (&ProjectUuid, Option<&EnvironmentUuid>),
    flag: &str,
    (from_ms, to_ms): (i64, i64),
) -> Result<Vec<DayCount>, Error> {
    let statement = Statement::new(BY_DAY)
        .bind(project.as_str())
        .bind(environment.map(EnvironmentUuid::as_str))
        .bind(flag)
        .bind(day_of(from_ms))
        .bind(day_of(to_ms));
    let rows = db.query(statement).await.map_err(unavailable)?;
    let read = |row: &Row| {
        Ok(DayCount { day_ms: row.int(0)?, variation: row.text(1)?.to_owned(), evaluations: row.int(2)? })
    };
    rows.iter().map(|row| read(row).map_err(unavailable)).collect()
}

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
    statements.extend(counts.iter().flat_map(|count| [count.add_to_hour(), count.add_to_day()]));
    statements.extend(rows);
    match db.batch(statements).await {
        Ok(_) => Ok(true),
        Err(DbError::Duplicate(_)) => Ok(false),
        Err(error) => Err(unavailable(error)),
    }
}

/// Forgets counts that are older than they are kept. Repeating it does no harm.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_counts(db: &dyn Db, now_ms: i64) -> Result<(), Error> {
    let (hours_ms, days_ms) = (now_ms.saturating_sub(HOURS_KEPT_MS), now_ms.saturating_sub(DAYS_KEPT_MS));
    let any = db.query(Statement::new(ANY_OLD).bind(hours_ms).bind(days_ms)).await.map_err(unavailable)?;
    // Looking is cheap; a batch that deletes nothing still waits for the disk.
    if !any.is_empty() {
        let forget =
            vec![Statement::new(FORGET_HOURS).bind(hours_ms), Statement::new(FORGET_DAYS).bind(days_ms)];
        db.batch(forget).await.map_err(unavailable)?;
    }
    Ok(())
}

/// What forgets all counts of an environment.
pub fn delete_counts_of(environment: &EnvironmentUuid) -> [Statement; 2] {
    [FORGET_HOURS_OF, FORGET_DAYS_OF].map(|sql| Statement::new(sql).bind(environment.as_str()))
}

const fn day_of(at_ms: i64) -> i64 {
    at_ms - at_ms.rem_euclid(DAY_MS)
}

impl EvaluationCount {
    fn add_to_hour(&self) -> Statement {
        Statement::new(ADD_TO_HOUR)
            .bind(self.environment.as_str())
            .bind(self.flag.as_str())
            .bind(self.variation.as_str())
            .bind(self.hour_ms)
            .bind(self.evaluations)
    }

    fn add_to_day(&self) -> Statement {
        Statement::new(ADD_TO_DAY)
            .bind(self.environment.as_str())
            .bind(self.flag.as_str())
            .bind(self.variation.as_str())
            .bind(day_of(self.hour_ms))
            .bind(self.evaluations)
            .bind(self.hour_ms)
    }
}
