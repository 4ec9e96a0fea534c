//! The database port on Spin's own SQLite.

use async_trait::async_trait;
use platform::{Db, DbError, Dialect, Row, Statement, Value};
use spin_sdk::sqlite::{Connection, Error, RowResult, Value as SqliteValue};
use tokio::sync::Mutex;

use crate::fault;

/// One request's connection, opened on first use. Spin closes it with the request, and SQLite then undoes
/// what is not committed, also when the component dies.
pub(crate) struct Sqlite {
    label: String,
    session: Mutex<Session>,
}

#[derive(Default)]
struct Session {
    connection: Option<Connection>,
    /// A batch began and did not end: its future was dropped.
    in_batch: bool,
}

impl Sqlite {
    /// The database of that label.
    pub(crate) fn new(label: String) -> Self {
        Self { label, session: Mutex::default() }
    }
}

#[async_trait]
impl Db for Sqlite {
    async fn query(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        let mut session = self.session.lock().await;
        let connection = session.ready(&self.label).await?;
        let rows = run(connection, &self.label, statement.sql, statement.values).await?;
        Ok(rows.into_iter().map(row).collect())
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<u64>, DbError> {
        let mut session = self.session.lock().await;
        session.ready(&self.label).await?;
        session.in_batch = true;
        let Some(connection) = &session.connection else { return Ok(Vec::new()) };
        let done = transaction(connection, &self.label, statements).await;
        if done.is_err() {
            // It fails where SQLite has undone the batch by itself.
            let _ = run(connection, &self.label, "ROLLBACK", Vec::new()).await;
        }
        session.in_batch = false;
        done
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

impl Session {
    /// The connection, with no transaction open.
    async fn ready(&mut self, label: &str) -> Result<&Connection, DbError> {
        if self.in_batch {
            self.connection = None;
            self.in_batch = false;
        }
        match &mut self.connection {
            Some(connection) => Ok(connection),
            none => {
                let opened = Connection::open(label).await.map_err(|error| translate(label, error))?;
                Ok(none.insert(opened))
            }
        }
    }
}

/// Runs all statements and commits. `IMMEDIATE`, because a transaction that reads before it writes could not
/// be continued when another one writes in between.
async fn transaction(
    connection: &Connection,
    label: &str,
    statements: Vec<Statement>,
) -> Result<Vec<u64>, DbError> {
    run(connection, label, "BEGIN IMMEDIATE", Vec::new()).await?;
    let mut affected = Vec::with_capacity(statements.len());
    for (index, statement) in statements.into_iter().enumerate() {
        run(connection, label, statement.sql, statement.values).await?;
        let found = connection.changes().await;
        if statement.expect.is_some_and(|expected| expected != found) {
            return Err(DbError::Expectation { index, found });
        }
        affected.push(found);
    }
    run(connection, label, "COMMIT", Vec::new()).await?;
    Ok(affected)
}

async fn run(
    connection: &Connection,
    label: &str,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<RowResult>, DbError> {
    let values = values.into_iter().map(parameter);
    let answer = connection.execute(sql, values).await.map_err(|error| translate(label, error))?;
    answer.collect().await.map_err(|error| translate(label, error))
}

fn parameter(value: Value) -> SqliteValue {
    match value {
        Value::Null => SqliteValue::Null,
        Value::Bool(bool) => SqliteValue::Integer(i64::from(bool)),
        Value::Int(int) => SqliteValue::Integer(int),
        Value::Real(real) => SqliteValue::Real(real),
        Value::Text(text) => SqliteValue::Text(text),
        Value::Bytes(bytes) => SqliteValue::Blob(bytes),
    }
}

fn row(row: RowResult) -> Row {
    let value = |value| match value {
        SqliteValue::Null => Value::Null,
        SqliteValue::Integer(int) => Value::Int(int),
        SqliteValue::Real(real) => Value::Real(real),
        SqliteValue::Text(text) => Value::Text(text),
        SqliteValue::Blob(bytes) => Value::Bytes(bytes),
    };
    Row(row.values.into_iter().map(value).collect())
}

fn translate(label: &str, error: Error) -> DbError {
    match error {
        Error::NoSuchDatabase | Error::AccessDenied => DbError::Unavailable(format!(
            "this component has no SQLite database {label:?}; name it in its sqlite_databases in spin.toml"
        )),
        Error::DatabaseFull => fault::sqlite("database or disk is full"),
        Error::InvalidConnection => DbError::Unavailable("Spin closed the SQLite connection".to_owned()),
        Error::Io(text) => fault::sqlite(&text),
    }
}
