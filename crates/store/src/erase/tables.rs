//! A target outside of any history: where it is listed, kept for tokens, queued.

use model::{EnvironmentUuid, Error, MetricsJob};
use platform::{Db, DbError, Row, Statement};

use super::mentions::Forgotten;
use crate::fault::unavailable;

/// Rows looked at in one go.
const ROWS: i64 = 200;

const LISTED: &str = "SELECT count(*) FROM target WHERE environment_id = $1 AND identifier = $2";

const UNLIST: &str = "DELETE FROM target WHERE environment_id = $1 AND identifier = $2";

const TOKEN_TARGETS: &str = "SELECT hash, body FROM token_target
    WHERE hash > $1 AND replace(body, $2, '') <> body ORDER BY hash LIMIT $3";

const FORGET_TOKEN_TARGET: &str = "DELETE FROM token_target WHERE hash = $1";

const JOBS: &str = "SELECT id, payload FROM work_queue WHERE id > $1 ORDER BY id LIMIT $2";

const REWRITE_JOB: &str = "UPDATE work_queue SET payload = $1 WHERE id = $2";

const ANSWERS: &str = "SELECT count(*) FROM idempotency_key WHERE replace(answer, $1, '') <> answer";

const FORGET_ANSWERS: &str = "DELETE FROM idempotency_key WHERE replace(answer, $1, '') <> answer";

/// Rows of no environment that name the target, and what makes them forget it.
#[derive(Default)]
pub(super) struct Anywhere {
    pub(super) token_targets: u64,
    pub(super) reports: u64,
    pub(super) answers: u64,
    pub(super) statements: Vec<Statement>,
}

impl Forgotten {
    /// Whether an environment lists the target: 1 or 0.
    pub(super) async fn listed(&self, db: &dyn Db, environment: &EnvironmentUuid) -> Result<u64, Error> {
        count(db, Statement::new(LISTED).bind(environment.as_str()).bind(self.identifier())).await
    }

    /// What takes the target off an environment's list.
    pub(super) fn unlist(&self, environment: &EnvironmentUuid) -> Statement {
        Statement::new(UNLIST).bind(environment.as_str()).bind(self.identifier())
    }

    /// Finds the target in the tables of no environment.
    pub(super) async fn anywhere(&self, db: &dyn Db) -> Result<Anywhere, Error> {
        let mut anywhere = Anywhere::default();
        self.token_targets(db, &mut anywhere).await.map_err(unavailable)?;
        self.reports(db, &mut anywhere).await?;
        anywhere.answers = count(db, Statement::new(ANSWERS).bind(self.quoted())).await?;
        if anywhere.answers > 0 {
            anywhere.statements.push(Statement::new(FORGET_ANSWERS).bind(self.quoted()));
        }
        Ok(anywhere)
    }

    async fn token_targets(&self, db: &dyn Db, anywhere: &mut Anywhere) -> Result<(), DbError> {
        let mut last = String::new();
        loop {
            let page = Statement::new(TOKEN_TARGETS).bind(last.as_str()).bind(self.quoted()).bind(ROWS);
            let rows = db.query(page).await?;
            let Some(row) = rows.last() else { return Ok(()) };
            row.text(0)?.clone_into(&mut last);
            for row in &rows {
                if self.is(row.text(1)?) {
                    anywhere.token_targets += 1;
                    anywhere.statements.push(Statement::new(FORGET_TOKEN_TARGET).bind(row.text(0)?));
                }
            }
        }
    }

    async fn reports(&self, db: &dyn Db, anywhere: &mut Anywhere) -> Result<(), Error> {
        let mut last = String::new();
        loop {
            let page = Statement::new(JOBS).bind(last.as_str()).bind(ROWS);
            let rows = db.query(page).await.map_err(unavailable)?;
            let Some(row) = rows.last() else { return Ok(()) };
            row.text(0).map_err(unavailable)?.clone_into(&mut last);
            for row in &rows {
                // A job that cannot be read is nobody's report.
                let payload = row.bytes(1).map_err(unavailable)?;
                let Ok(mut job) = serde_json::from_slice::<MetricsJob>(payload) else { continue };
                if self.leave_report(&mut job) {
                    let payload = serde_json::to_vec(&job).map_err(Error::internal)?;
                    anywhere.reports += 1;
                    anywhere.statements.push(rewrite_job(row, payload).map_err(unavailable)?);
                }
            }
        }
    }
}

fn rewrite_job(row: &Row, payload: Vec<u8>) -> Result<Statement, DbError> {
    Ok(Statement::new(REWRITE_JOB).bind(payload).bind(row.text(0)?))
}

async fn count(db: &dyn Db, statement: Statement) -> Result<u64, Error> {
    let rows = db.query(statement).await.map_err(unavailable)?;
    let count = rows.first().map_or(Ok(0), |row| row.int(0)).map_err(unavailable)?;
    u64::try_from(count).map_err(Error::internal)
}
