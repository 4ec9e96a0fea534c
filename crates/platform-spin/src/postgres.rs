//! The database port on Spin's Postgres.

use async_trait::async_trait;
use platform::{Db, DbError, Dialect, Row, Statement, Value};
use spin_sdk::pg::{Connection, DbValue, Error, ParameterValue, PgError, QueryError};
use tokio::sync::Mutex;

use crate::fault::{self, Failure};

/// One request's connection, opened on first use.
///
/// Spin keeps the connections themselves and gives them to whoever asks next, as they are: also that of an
/// instance that died in the middle of a batch, whose transaction is still open and would be committed with
/// the next one. So a connection is asked to roll back before anything else.
pub(crate) struct Postgres {
    url: String,
    session: Mutex<Session>,
}

#[derive(Default)]
struct Session {
    connection: Option<Connection>,
    /// Nothing is left open by whoever had the connection before, or by a batch whose future was dropped.
    clean: bool,
}

impl Postgres {
    /// The database at `url`.
    pub(crate) fn new(url: String) -> Self {
        Self { url, session: Mutex::default() }
    }

    /// Ends what a batch left open whose future was dropped, for example because its time was over: its locks
    /// would hold up others until somebody gets this connection.
    pub(crate) async fn settle(&self) {
        let mut session = self.session.lock().await;
        let clean = session.clean;
        if let Some(connection) = session.connection.take_if(|_| !clean) {
            // Where it fails, Postgres ends the transaction by its time limit.
            let _ = execute(&connection, "ROLLBACK", Vec::new()).await;
        }
    }
}

#[async_trait]
impl Db for Postgres {
    async fn query(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        let mut session = self.session.lock().await;
        let connection = session.ready(&self.url).await?;
        let answer = rows(connection, statement.sql, statement.values).await;
        session.keep_if_usable(answer)
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<u64>, DbError> {
        let mut session = self.session.lock().await;
        session.ready(&self.url).await?;
        session.clean = false;
        let Some(connection) = &session.connection else { return Ok(Vec::new()) };
        let done = transaction(connection, statements).await;
        session.clean = match &done {
            Ok(_) => true,
            Err(_) => execute(connection, "ROLLBACK", Vec::new()).await.is_ok(),
        };
        session.keep_if_usable(done)
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

impl Session {
    /// The connection, with no transaction open.
    async fn ready(&mut self, url: &str) -> Result<&Connection, DbError> {
        if self.connection.is_none() {
            self.connection = Some(Connection::open(url).await.map_err(|error| translate(&error))?);
            self.clean = false;
        }
        let Some(connection) = &self.connection else {
            return Err(DbError::Unavailable("Spin opened no connection to Postgres".to_owned()));
        };
        if !self.clean {
            execute(connection, "ROLLBACK", Vec::new()).await?;
            self.clean = true;
        }
        Ok(connection)
    }

    /// Lets go of a connection that may be of no more use.
    fn keep_if_usable<T>(&mut self, answer: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(DbError::Unavailable(_) | DbError::OutcomeUnknown(_)) = answer {
            self.connection = None;
        }
        answer
    }
}

/// Runs all statements and commits. Whoever calls it rolls back what failed.
async fn transaction(connection: &Connection, statements: Vec<Statement>) -> Result<Vec<u64>, DbError> {
    execute(connection, "BEGIN", Vec::new()).await?;
    let mut affected = Vec::with_capacity(statements.len());
    for (index, statement) in statements.into_iter().enumerate() {
        let found = execute(connection, statement.sql, statement.values).await?;
        if statement.expect.is_some_and(|expected| expected != found) {
            return Err(DbError::Expectation { index, found });
        }
        affected.push(found);
    }
    match execute(connection, "COMMIT", Vec::new()).await {
        Ok(_) => Ok(affected),
        Err(DbError::Unavailable(text)) => Err(DbError::OutcomeUnknown(text)),
        Err(error) => Err(error),
    }
}

async fn execute(connection: &Connection, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
    connection.execute(sql, parameters(values)).await.map_err(|error| translate(&error))
}

async fn rows(connection: &Connection, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
    let mut answer = connection.query(sql, parameters(values)).await.map_err(|error| translate(&error))?;
    let mut rows = Vec::new();
    while let Some(row) = answer.rows().next().await {
        rows.push(Row(row.into_iter().map(value).collect::<Result<_, _>>()?));
    }
    answer.result().await.map_err(|error| translate(&error))?;
    Ok(rows)
}

fn parameters(values: Vec<Value>) -> Vec<ParameterValue> {
    let parameter = |value| match value {
        Value::Null => ParameterValue::DbNull,
        Value::Bool(bool) => ParameterValue::Boolean(bool),
        Value::Int(int) => ParameterValue::Int64(int),
        Value::Real(real) => ParameterValue::Floating64(real),
        Value::Text(text) => ParameterValue::Str(text),
        Value::Bytes(bytes) => ParameterValue::Binary(bytes),
    };
    values.into_iter().map(parameter).collect()
}

fn value(value: DbValue) -> Result<Value, DbError> {
    Ok(match value {
        DbValue::DbNull => Value::Null,
        DbValue::Boolean(bool) => Value::Bool(bool),
        DbValue::Int16(int) => Value::Int(i64::from(int)),
        DbValue::Int32(int) => Value::Int(i64::from(int)),
        DbValue::Int64(int) => Value::Int(int),
        DbValue::Floating32(real) => Value::Real(f64::from(real)),
        DbValue::Floating64(real) => Value::Real(real),
        DbValue::Str(text) => Value::Text(text),
        DbValue::Binary(bytes) => Value::Bytes(bytes),
        // What is in it may be anybody's: a log has no use for that.
        _ => {
            let message =
                "a column is of a type that is not supported, which is no number, text, truth or bytes";
            return Err(DbError::Invalid(message.to_owned()));
        }
    })
}

fn translate(error: &Error) -> DbError {
    let Error::PgError(error) = error else { return fault::postgres(Failure::Value(&error.to_string())) };
    fault::postgres(match error {
        PgError::ConnectionFailed(text) => Failure::NotConnected(text),
        PgError::BadParameter(text) | PgError::ValueConversionFailed(text) => Failure::Value(text),
        PgError::QueryFailed(QueryError::DbError(error)) => {
            Failure::Answered { code: &error.code, message: &error.message, detail: error.detail.as_deref() }
        }
        PgError::QueryFailed(QueryError::Text(text)) | PgError::Other(text) => Failure::Lost(text),
    })
}
