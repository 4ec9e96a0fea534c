//! Running a statement or a batch on one connection.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use deadpool_postgres::ClientWrapper;
use futures_util::future::{BoxFuture, FutureExt, TryFutureExt, maybe_done};
use platform::{DbError, Row, Statement};
use tokio::time::timeout;
use tokio_postgres::{Error, Row as Found, Statement as Prepared};

use super::fault::{self, Failure};
use super::limits::{PIPELINE_MAX, STATEMENT_TIME};
use super::value::{Bound, owned, parameters, typed};
use crate::statement;

/// With limits on the server too, for this transaction only: nothing of ours stays with the session, which a
/// pooler may give to somebody else. A process that is frozen amid a batch, as on Lambda, must not keep its
/// locks.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL statement_timeout = 10000; SET LOCAL idle_in_transaction_session_timeout = 10000";

/// One connection and the name of its database for messages.
pub(super) struct Session<'a> {
    pub(super) client: &'a ClientWrapper,
    pub(super) place: &'a str,
    pub(super) preparing: Preparing,
}

/// Whether a statement is kept by the server under a name, so that its next use needs no planning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Preparing {
    /// Once on each connection.
    Once,
    /// Never: the next transaction may run on another connection of a pooler, where that name is unknown or, worse,
    /// another program's.
    Never,
}

/// What can be done on a connection, and done again on another one if nothing came of it.
pub(super) trait Work: Sync {
    /// What it gives.
    type Output: Send;

    /// Does it.
    fn run(&self, session: Session<'_>) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

/// One statement outside of a transaction.
pub(super) struct Query(pub(super) Statement);

/// Statements all-or-nothing.
pub(super) struct Batch(pub(super) Vec<Statement>);

impl Work for Query {
    type Output = Vec<Row>;

    async fn run(&self, session: Session<'_>) -> Result<Vec<Row>, Failure> {
        let statement = &self.0;
        statement::check(statement).map_err(Failure::Refused)?;
        let prepared = session.before_commit(session.prepare(statement)).await;
        let prepared = prepared.map_err(|failure| about(statement, failure))?;
        let bound = bind(statement, prepared.as_ref())?;
        let answer = session.query(statement, prepared.as_ref(), &bound);
        let answer = if reads(statement) {
            session.before_commit(answer).await
        } else {
            // It commits by itself.
            session.commit(answer).await
        };
        let rows = answer.map_err(|failure| about(statement, failure))?;
        rows.iter().map(owned).collect::<Result<_, _>>().map_err(Failure::Refused)
    }
}

impl Work for Batch {
    type Output = Vec<u64>;

    async fn run(&self, session: Session<'_>) -> Result<Vec<u64>, Failure> {
        for statement in &self.0 {
            statement::check(statement).map_err(Failure::Refused)?;
        }
        let ran = if self.0.iter().any(defines) {
            session.one_by_one(&self.0).await
        } else {
            session.pipelined(&self.0).await
        };
        match ran {
            Ok(affected) => {
                session.commit(session.client.batch_execute("COMMIT")).await?;
                Ok(affected)
            }
            Err(Failure::Refused(error)) => {
                session.before_commit(session.client.batch_execute("ROLLBACK")).await?;
                Err(Failure::Refused(error))
            }
            Err(failure) => Err(failure),
        }
    }
}

impl Session<'_> {
    /// Begins a transaction and runs the statements in it, many in one round trip. What follows a statement
    /// that failed is refused by the server; what follows one whose `expect` is not met is undone.
    async fn pipelined(&self, statements: &[Statement]) -> Result<Vec<u64>, Failure> {
        let mut affected = Vec::with_capacity(statements.len());
        for chunk in statements.chunks(PIPELINE_MAX) {
            let prepared = chunk.iter().map(|statement| self.prepare(statement).boxed());
            let prepared = self.before_commit(in_order(prepared.collect()).map(Ok)).await?;
            let prepared: Vec<Option<Prepared>> = chunk
                .iter()
                .zip(prepared)
                .map(|(statement, prepared)| self.read(statement, prepared))
                .collect::<Result<_, _>>()?;
            self.run_chunk(chunk, &prepared, &mut affected).await?;
        }
        Ok(affected)
    }

    /// Runs a part of the batch; the first one, for which nothing is `affected` yet, begins the transaction.
    async fn run_chunk(
        &self,
        chunk: &[Statement],
        prepared: &[Option<Prepared>],
        affected: &mut Vec<u64>,
    ) -> Result<(), Failure> {
        let pairs = || chunk.iter().zip(prepared);
        let bound: Vec<Vec<Bound<'_>>> = pairs()
            .map(|(statement, prepared)| bind(statement, prepared.as_ref()))
            .collect::<Result<_, _>>()?;
        let begin = affected.is_empty().then(|| self.client.batch_execute(BEGIN).map_ok(|()| 0).boxed());
        let begins = begin.is_some();
        let runs = pairs()
            .zip(&bound)
            .map(|((statement, prepared), bound)| self.execute(statement, prepared.as_ref(), bound).boxed());
        let answers = in_order(begin.into_iter().chain(runs).collect());
        let mut answers = self.before_commit(answers.map(Ok)).await?.into_iter();
        if begins {
            answers.next().transpose().map_err(|error| fault::of_begin(self.place, &error))?;
        }
        for (statement, answer) in chunk.iter().zip(answers) {
            let rows = self.read(statement, answer)?;
            meets_expectation(statement, affected.len(), rows)?;
            affected.push(rows);
        }
        Ok(())
    }

    /// The same one after the other, for migrations: a statement can only be read when the table that it names
    /// is there, and none is run twice.
    async fn one_by_one(&self, statements: &[Statement]) -> Result<Vec<u64>, Failure> {
        self.before_commit(self.client.batch_execute(BEGIN)).await?;
        let mut affected = Vec::with_capacity(statements.len());
        for statement in statements {
            let bound = bind(statement, None)?;
            let ran = self.before_commit(self.execute(statement, None, &bound)).await;
            let rows = ran.map_err(|failure| about(statement, failure))?;
            meets_expectation(statement, affected.len(), rows)?;
            affected.push(rows);
        }
        Ok(affected)
    }

    /// `None` where statements are not prepared.
    async fn prepare(&self, statement: &Statement) -> Result<Option<Prepared>, Error> {
        match self.preparing {
            Preparing::Once => self.client.prepare_cached(statement.sql).await.map(Some),
            Preparing::Never => Ok(None),
        }
    }

    async fn query(
        &self,
        statement: &Statement,
        prepared: Option<&Prepared>,
        bound: &[Bound<'_>],
    ) -> Result<Vec<Found>, Error> {
        match prepared {
            Some(prepared) => self.client.query(prepared, &parameters(bound)).await,
            None => self.client.query_typed(statement.sql, &typed(bound)).await,
        }
    }

    async fn execute(
        &self,
        statement: &Statement,
        prepared: Option<&Prepared>,
        bound: &[Bound<'_>],
    ) -> Result<u64, Error> {
        match prepared {
            Some(prepared) => self.client.execute(prepared, &parameters(bound)).await,
            None => self.client.execute_typed(statement.sql, &typed(bound)).await,
        }
    }

    /// Waits for an answer that, should it not come, means that nothing was made.
    async fn before_commit<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        match timeout(STATEMENT_TIME, answer).await {
            Ok(answer) => answer.map_err(|error| fault::before_commit(self.place, &error)),
            Err(_) => Err(Failure::Late(DbError::Unavailable(self.too_late()))),
        }
    }

    /// Waits for an answer that, should it not come, means that nobody knows.
    async fn commit<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        match timeout(STATEMENT_TIME, answer).await {
            Ok(answer) => answer.map_err(|error| fault::of_commit(self.place, &error)),
            Err(_) => Err(Failure::Unknown(DbError::OutcomeUnknown(self.too_late()))),
        }
    }

    fn read<T>(&self, statement: &Statement, answer: Result<T, Error>) -> Result<T, Failure> {
        answer.map_err(|error| about(statement, fault::before_commit(self.place, &error)))
    }

    fn too_late(&self) -> String {
        format!(
            "{} did not answer within {} s; look for long transactions in pg_stat_activity",
            self.place,
            STATEMENT_TIME.as_secs()
        )
    }
}

fn meets_expectation(statement: &Statement, index: usize, found: u64) -> Result<(), Failure> {
    match statement.expect {
        Some(expected) if expected != found => Err(Failure::Refused(DbError::Expectation { index, found })),
        _ => Ok(()),
    }
}

/// The values in the order of their placeholders, which are counted if the statement is `prepared`: else the server
/// does so.
fn bind<'a>(statement: &'a Statement, prepared: Option<&Prepared>) -> Result<Vec<Bound<'a>>, Failure> {
    let found = statement.values.len();
    let wanted = prepared.map_or(found, |prepared| prepared.params().len());
    if wanted != found {
        let text = format!("{wanted} placeholders, {found} values in {:?}", statement.sql);
        return Err(Failure::Refused(DbError::Invalid(text)));
    }
    Ok(statement.values.iter().map(Bound).collect())
}

/// Whether it changes nothing, so that it can be asked again. `WITH` may begin either.
fn reads(statement: &Statement) -> bool {
    statement::verb(statement.sql).eq_ignore_ascii_case("SELECT")
}

fn defines(statement: &Statement) -> bool {
    let verb = statement::verb(statement.sql);
    ["CREATE", "ALTER", "DROP"].iter().any(|other| other.eq_ignore_ascii_case(verb))
}

/// Defects are reported with the statement they are in; it is a constant and holds no data.
fn about(statement: &Statement, failure: Failure) -> Failure {
    match failure {
        Failure::Refused(error) => Failure::Refused(statement::about(statement, error)),
        other => other,
    }
}

/// Starts the futures in their order, which is the one in which the server gets them, and waits for all.
async fn in_order<T>(futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.into_iter().map(maybe_done).collect();
    poll_fn(|context| {
        let mut all = Poll::Ready(());
        for future in &mut running {
            if Pin::new(future).poll(context).is_pending() {
                all = Poll::Pending;
            }
        }
        all
    })
    .await;
    running.iter_mut().filter_map(|future| Pin::new(future).take_output()).collect()
}
