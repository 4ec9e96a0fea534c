//! `spin:sqlite`: a connection of its own for each `open`, errors in SQLite's words, as Spin has it.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::{Value as Stored, ValueRef};
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use super::Spin;
use super::bindings::spin::sqlite::sqlite::{
    Error, Host, HostConnection, HostConnectionWithStore, QueryResult, RowResult, Value,
};
use crate::state::State;

/// An open database.
pub struct Connection(Arc<Mutex<rusqlite::Connection>>);

type Rows = (Vec<String>, Vec<RowResult>);
type Streams = (Vec<String>, StreamReader<RowResult>, FutureReader<Result<(), Error>>);

impl Host for State {}

impl HostConnection for State {
    async fn open(&mut self, label: String) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        match open(self, &label) {
            Ok(connection) => Ok(Ok(self.table.push(connection)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        values: Vec<Value>,
    ) -> wasmtime::Result<Result<QueryResult, Error>> {
        self.faults.count()?;
        let connection = Arc::clone(&self.table.get(&connection)?.0);
        Ok(run(connection, statement, values).await?.map(|(columns, rows)| QueryResult { columns, rows }))
    }

    async fn last_insert_rowid(&mut self, connection: Resource<Connection>) -> wasmtime::Result<i64> {
        Ok(lock(&self.table.get(&connection)?.0).last_insert_rowid())
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        Ok(lock(&self.table.get(&connection)?.0).changes())
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl HostConnectionWithStore<State> for Spin {
    async fn open_async(
        accessor: &Accessor<State, Self>,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        accessor.with(|mut store| {
            let state = store.get();
            match open(state, &label) {
                Ok(connection) => Ok(Ok(state.table.push(connection)?)),
                Err(error) => Ok(Err(error)),
            }
        })
    }

    async fn execute_async(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        statement: String,
        values: Vec<Value>,
    ) -> wasmtime::Result<Result<Streams, Error>> {
        let connection = accessor.with(|mut store| {
            let state = store.get();
            state.faults.count()?;
            wasmtime::error::Ok(Arc::clone(&state.table.get(&connection)?.0))
        })?;
        let (columns, rows) = match run(connection, statement, values).await? {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut store| {
            let rows = StreamReader::new(&mut store, rows)?;
            let done = FutureReader::new(&mut store, async { wasmtime::error::Ok(Ok(())) })?;
            Ok(Ok((columns, rows, done)))
        })
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        accessor.with(|mut store| Ok(lock(&store.get().table.get(&connection)?.0).last_insert_rowid()))
    }

    async fn changes_async(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<u64> {
        accessor.with(|mut store| Ok(lock(&store.get().table.get(&connection)?.0).changes()))
    }
}

fn open(state: &State, label: &str) -> Result<Connection, Error> {
    let file = state.component.databases.get(label).ok_or(Error::AccessDenied)?;
    let opened = rusqlite::Connection::open(file).map_err(words)?;
    Ok(Connection(Arc::new(Mutex::new(opened))))
}

/// Off the threads that serve: SQLite waits for other connections by sleeping.
async fn run(
    connection: Arc<Mutex<rusqlite::Connection>>,
    statement: String,
    values: Vec<Value>,
) -> wasmtime::Result<Result<Rows, Error>> {
    Ok(tokio::task::spawn_blocking(move || execute(&lock(&connection), &statement, values)).await?)
}

fn execute(connection: &rusqlite::Connection, sql: &str, values: Vec<Value>) -> Result<Rows, Error> {
    let mut statement = connection.prepare(sql).map_err(words)?;
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let width = columns.len();
    let values = rusqlite::params_from_iter(values.into_iter().map(stored));
    let rows = statement.query_map(values, |row| {
        let values =
            (0..width).map(|column| row.get_ref(column).and_then(given)).collect::<Result<_, _>>()?;
        Ok(RowResult { values })
    });
    let rows = rows.map_err(words)?.collect::<Result<_, _>>().map_err(words)?;
    Ok((columns, rows))
}

fn stored(value: Value) -> Stored {
    match value {
        Value::Integer(integer) => Stored::Integer(integer),
        Value::Real(real) => Stored::Real(real),
        Value::Text(text) => Stored::Text(text),
        Value::Blob(bytes) => Stored::Blob(bytes),
        Value::Null => Stored::Null,
    }
}

fn given(value: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => Value::Text(std::str::from_utf8(text)?.to_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    })
}

fn words(error: rusqlite::Error) -> Error {
    Error::Io(error.to_string())
}

fn lock(connection: &Mutex<rusqlite::Connection>) -> std::sync::MutexGuard<'_, rusqlite::Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
