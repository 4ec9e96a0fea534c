//! Requests that may be sent again: the first answer is kept and given once more.
//!
//! Each write of such a request leaves a row in its own batch, with what the decision answered: the write is
//! there if and only if the row is, whatever becomes of the process afterwards. The answer that the caller
//! was given is kept in one more row as soon as it is known; until then it is derived from the others.

use std::sync::atomic::{AtomicU32, Ordering};

use model::Error;
use platform::{Db, DbError, Row, Statement};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::unavailable;

/// How long a request is remembered.
const MEMORY_MS: i64 = 24 * 60 * 60 * 1000;

/// Bytes of an answer that is kept; a longer one is derived again.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Stands in the rows of writes, which have no status.
const NO_STATUS: i64 = 0;

/// A request to which its caller gave a name, so that sending it again has no second effect.
#[derive(Debug)]
pub struct NamedRequest {
    /// Who sent it; names of different callers have nothing to do with each other.
    caller: String,
    /// The name: the value of `Idempotency-Key`.
    name: String,
    /// What is sent again under the same name must have the same digest.
    digest: Vec<u8>,
    writes: AtomicU32,
}

/// What a request was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// Empty if there was none.
    pub body: String,
}

/// One write of a named request.
pub(crate) struct NamedWrite<'a> {
    request: &'a NamedRequest,
    name: String,
}

const FIND: &str = "SELECT request_hash, status, answer FROM idempotency_key
    WHERE actor = $1 AND name = $2 AND created_ms > $3";

/// The first row stays, unless it is a day old.
const ADD: &str = "INSERT INTO idempotency_key (actor, name, request_hash, status, answer, created_ms)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (actor, name) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status,
    answer = excluded.answer, created_ms = excluded.created_ms WHERE idempotency_key.created_ms <= $7";

const ANY_OLD: &str = "SELECT name FROM idempotency_key WHERE created_ms <= $1 LIMIT 1";

const FORGET: &str = "DELETE FROM idempotency_key WHERE created_ms <= $1";

/// What the request was answered, if that is kept.
///
/// # Errors
/// `InUse` if another request has its name; `Unavailable`.
pub async fn kept_answer(
    db: &dyn Db,
    request: &NamedRequest,
    now_ms: i64,
) -> Result<Option<KeptAnswer>, Error> {
    let Some(row) = request.find(db, &request.name, now_ms).await? else { return Ok(None) };
    let status = u16::try_from(row.int(1).map_err(unavailable)?).map_err(Error::internal)?;
    Ok(Some(KeptAnswer { status, body: row.text(2).map_err(unavailable)?.to_owned() }))
}

/// Whether the request wrote something, whatever became of its answer.
///
/// # Errors
/// As [`kept_answer`].
pub async fn is_carried_out(db: &dyn Db, request: &NamedRequest, now_ms: i64) -> Result<bool, Error> {
    Ok(request.find(db, &request.write_name(0), now_ms).await?.is_some())
}

/// Keeps the answer to a request and returns it; if one is kept already, returns that one.
///
/// # Errors
/// As [`kept_answer`].
pub async fn keep_answer(
    db: &dyn Db,
    request: &NamedRequest,
    answer: KeptAnswer,
    now_ms: i64,
) -> Result<KeptAnswer, Error> {
    if answer.body.len() > ANSWER_BYTES_MAX {
        return Ok(answer);
    }
    let row = (i64::from(answer.status), answer.body.clone());
    let added = db.batch(vec![request.add(&request.name, row, now_ms)]).await.map_err(unavailable)?;
    if added.first() == Some(&1) {
        return Ok(answer);
    }
    Ok(kept_answer(db, request, now_ms).await?.unwrap_or(answer))
}

/// Forgets requests that are a day old. Repeating it does no harm.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_requests(db: &dyn Db, now_ms: i64) -> Result<(), Error> {
    let until_ms = now_ms.saturating_sub(MEMORY_MS);
    let any = db.query(Statement::new(ANY_OLD).bind(until_ms)).await.map_err(unavailable)?;
    // Looking is cheap; a batch that deletes nothing still waits for the disk.
    if !any.is_empty() {
        db.batch(vec![Statement::new(FORGET).bind(until_ms)]).await.map_err(unavailable)?;
    }
    Ok(())
}

impl NamedRequest {
    /// A request of that caller.
    pub fn new(caller: impl Into<String>, name: impl Into<String>, digest: Vec<u8>) -> Self {
        Self { caller: caller.into(), name: name.into(), digest, writes: AtomicU32::new(0) }
    }

    /// The request's next write. They follow each other in the same order every time.
    pub(crate) fn next_write(&self) -> NamedWrite<'_> {
        NamedWrite { request: self, name: self.write_name(self.writes.fetch_add(1, Ordering::Relaxed)) }
    }

    /// No caller can give such a name: a line feed is not printable.
    fn write_name(&self, place: u32) -> String {
        format!("{}\n{place}", self.name)
    }

    async fn find(&self, db: &dyn Db, name: &str, now_ms: i64) -> Result<Option<Row>, Error> {
        let since_ms = now_ms.saturating_sub(MEMORY_MS);
        let statement = Statement::new(FIND).bind(self.caller.as_str()).bind(name).bind(since_ms);
        let found = db.query(statement).await.map_err(unavailable)?.into_iter().next();
        match found {
            Some(row) if row.bytes(0).map_err(unavailable)? != self.digest => Err(self.another()),
            found => Ok(found),
        }
    }

    fn add(&self, name: &str, (status, answer): (i64, String), now_ms: i64) -> Statement {
        Statement::new(ADD)
            .bind(self.caller.as_str())
            .bind(name)
            .bind(self.digest.clone())
            .bind(status)
            .bind(answer)
            .bind(now_ms)
            .bind(now_ms.saturating_sub(MEMORY_MS))
    }

    fn another(&self) -> Error {
        Error::InUse(format!(
            "Idempotency-Key {:?} was sent with another request in the last 24 hours; use a new one for each request",
            self.name
        ))
    }
}

impl NamedWrite<'_> {
    /// What the write answered, if it was made.
    pub(crate) async fn found<T: DeserializeOwned>(
        &self,
        db: &dyn Db,
        now_ms: i64,
    ) -> Result<Option<T>, Error> {
        let Some(row) = self.request.find(db, &self.name, now_ms).await? else { return Ok(None) };
        let read = |text: &str| {
            serde_json::from_str(text)
                .map_err(|error| DbError::Invalid(format!("damaged answer of a named request: {error}")))
        };
        row.text(2).and_then(read).map(Some).map_err(unavailable)
    }

    /// The row that tells of the write, for its batch: the same write made elsewhere undoes the batch.
    pub(crate) fn row<T: Serialize>(&self, answer: &T, now_ms: i64) -> Result<Statement, Error> {
        let answer = serde_json::to_string(answer).map_err(Error::internal)?;
        Ok(self.request.add(&self.name, (NO_STATUS, answer), now_ms).expect_rows(1))
    }
}
