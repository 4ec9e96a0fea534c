//! `spin:postgres`, pooled as Spin pools: by address, cleaned between users with what does not end a transaction.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{Config, NoTls, Row};
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use super::Spin;
use super::bindings::spin::postgres::postgres::{
    Column, DbDataType, DbError, DbValue, Error, Host, HostConnection, HostConnectionBuilder,
    HostConnectionBuilderWithStore, HostConnectionWithStore, ParameterValue, QueryError, RowSet,
};
use crate::state::State;

/// A connection of a pool, until it is dropped.
pub struct Connection(Arc<Object>);

/// Connections with a certificate of their own are not offered here.
pub struct Builder;

/// The pools of a process, one for each address.
pub(crate) struct Pools {
    size: usize,
    pools: Mutex<HashMap<String, Pool>>,
}

type Streams = (Vec<Column>, StreamReader<Vec<DbValue>>, FutureReader<Result<(), Error>>);
type Parameters = Vec<Box<dyn ToSql + Send + Sync>>;

impl Pools {
    /// Pools of `size` connections each; Spin has 64.
    pub(crate) fn new(size: usize) -> Self {
        Self { size, pools: Mutex::default() }
    }

    async fn connect(&self, address: &str) -> Result<Connection, Error> {
        let failed = |error: &dyn std::fmt::Display| Error::ConnectionFailed(error.to_string());
        let pool = self.pool(address).map_err(|error| failed(&error))?;
        let connection = pool.get().await.map_err(|error| failed(&error))?;
        Ok(Connection(Arc::new(connection)))
    }

    fn pool(&self, address: &str) -> anyhow::Result<Pool> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(address) {
            return Ok(pool.clone());
        }
        // It resets settings and drops temporary tables, and leaves an open transaction open.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Clean };
        let manager = Manager::from_config(address.parse::<Config>()?, NoTls, recycling);
        let pool = Pool::builder(manager).max_size(self.size).build()?;
        pools.insert(address.to_owned(), pool.clone());
        Ok(pool)
    }
}

impl Host for State {}

impl HostConnectionBuilder for State {
    async fn new(&mut self, _: String) -> wasmtime::Result<Resource<Builder>> {
        Ok(self.table.push(Builder)?)
    }

    async fn set_ca_root(&mut self, _: Resource<Builder>, _: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(Err(no_builder()))
    }

    async fn build(&mut self, _: Resource<Builder>) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        Ok(Err(no_builder()))
    }

    async fn drop(&mut self, builder: Resource<Builder>) -> wasmtime::Result<()> {
        self.table.delete(builder)?;
        Ok(())
    }
}

impl HostConnectionBuilderWithStore<State> for Spin {
    async fn build_async(
        _: &Accessor<State, Self>,
        _: Resource<Builder>,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        Ok(Err(no_builder()))
    }
}

impl HostConnection for State {
    async fn open(&mut self, address: String) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        if !self.component.allowed_hosts.allow(&address) {
            return Ok(Err(not_allowed()));
        }
        match self.pools.connect(&address).await {
            Ok(connection) => Ok(Ok(self.table.push(connection)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn query(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        values: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<RowSet, Error>> {
        self.faults.count()?;
        let connection = Arc::clone(&self.table.get(&connection)?.0);
        Ok(query(&connection, &statement, values).await.map(|(columns, rows)| RowSet { columns, rows }))
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        values: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        self.faults.count()?;
        let connection = Arc::clone(&self.table.get(&connection)?.0);
        Ok(execute(&connection, &statement, values).await)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl HostConnectionWithStore<State> for Spin {
    async fn open_async(
        accessor: &Accessor<State, Self>,
        address: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let pools = accessor.with(|mut store| {
            let state = store.get();
            state.component.allowed_hosts.allow(&address).then(|| Arc::clone(&state.pools))
        });
        let Some(pools) = pools else { return Ok(Err(not_allowed())) };
        match pools.connect(&address).await {
            Ok(connection) => Ok(Ok(accessor.with(|mut store| store.get().table.push(connection))?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn query_async(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        statement: String,
        values: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<Streams, Error>> {
        let connection = counted(accessor, &connection)?;
        let (columns, rows) = match query(&connection, &statement, values).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut store| {
            let rows = StreamReader::new(&mut store, rows)?;
            let done = FutureReader::new(&mut store, async { wasmtime::error::Ok(Ok(())) })?;
            Ok(Ok((columns, rows, done)))
        })
    }

    async fn execute_async(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        statement: String,
        values: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        let connection = counted(accessor, &connection)?;
        Ok(execute(&connection, &statement, values).await)
    }
}

/// The connection, unless the component is to die at this call.
fn counted(
    accessor: &Accessor<State, Spin>,
    connection: &Resource<Connection>,
) -> wasmtime::Result<Arc<Object>> {
    accessor.with(|mut store| {
        let state = store.get();
        state.faults.count()?;
        Ok(Arc::clone(&state.table.get(connection)?.0))
    })
}

async fn query(
    connection: &Object,
    statement: &str,
    values: Vec<ParameterValue>,
) -> Result<(Vec<Column>, Vec<Vec<DbValue>>), Error> {
    let values = parameters(values)?;
    let rows = connection.query(statement, &references(&values)).await.map_err(failed)?;
    let columns = rows.first().map_or_else(Vec::new, columns);
    Ok((columns, rows.iter().map(given).collect::<Result<_, _>>()?))
}

async fn execute(connection: &Object, statement: &str, values: Vec<ParameterValue>) -> Result<u64, Error> {
    let values = parameters(values)?;
    connection.execute(statement, &references(&values)).await.map_err(failed)
}

fn references(values: &Parameters) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
}

/// NULL of whatever type the statement wants.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn parameters(values: Vec<ParameterValue>) -> Result<Parameters, Error> {
    values.into_iter().map(parameter).collect()
}

fn parameter(value: ParameterValue) -> Result<Box<dyn ToSql + Send + Sync>, Error> {
    Ok(match value {
        ParameterValue::DbNull => Box::new(Null),
        ParameterValue::Boolean(value) => Box::new(value),
        ParameterValue::Int64(value) => Box::new(value),
        ParameterValue::Floating64(value) => Box::new(value),
        ParameterValue::Str(value) => Box::new(value),
        ParameterValue::Binary(value) => Box::new(value),
        other => return Err(Error::BadParameter(format!("not offered here: {other:?}"))),
    })
}

fn columns(row: &Row) -> Vec<Column> {
    let column = |column: &tokio_postgres::Column| Column {
        name: column.name().to_owned(),
        data_type: data_type(column.type_()),
    };
    row.columns().iter().map(column).collect()
}

fn data_type(kind: &Type) -> DbDataType {
    match *kind {
        Type::BOOL => DbDataType::Boolean,
        Type::INT2 => DbDataType::Int16,
        Type::INT4 => DbDataType::Int32,
        Type::INT8 => DbDataType::Int64,
        Type::FLOAT4 => DbDataType::Floating32,
        Type::FLOAT8 => DbDataType::Floating64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => DbDataType::Str,
        Type::BYTEA => DbDataType::Binary,
        ref other => DbDataType::Other(other.name().to_owned()),
    }
}

fn given(row: &Row) -> Result<Vec<DbValue>, Error> {
    let value = |(index, column): (usize, &tokio_postgres::Column)| {
        let value = match *column.type_() {
            Type::BOOL => row.try_get::<_, Option<bool>>(index)?.map(DbValue::Boolean),
            Type::INT2 => row.try_get::<_, Option<i16>>(index)?.map(DbValue::Int16),
            Type::INT4 => row.try_get::<_, Option<i32>>(index)?.map(DbValue::Int32),
            Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(DbValue::Int64),
            Type::FLOAT4 => row.try_get::<_, Option<f32>>(index)?.map(DbValue::Floating32),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(index)?.map(DbValue::Floating64),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map(DbValue::Binary),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => {
                row.try_get::<_, Option<String>>(index)?.map(DbValue::Str)
            }
            _ => Some(DbValue::Unsupported(Vec::new())),
        };
        Ok(value.unwrap_or(DbValue::DbNull))
    };
    row.columns().iter().enumerate().map(value).collect::<Result<_, tokio_postgres::Error>>().map_err(failed)
}

fn failed(error: tokio_postgres::Error) -> Error {
    let as_text = format!("{error:?}");
    Error::QueryFailed(match error.as_db_error() {
        None => QueryError::Text(as_text),
        Some(answer) => QueryError::DbError(DbError {
            as_text,
            severity: answer.severity().to_owned(),
            code: answer.code().code().to_owned(),
            message: answer.message().to_owned(),
            detail: answer.detail().map(str::to_owned),
            extras: Vec::new(),
        }),
    })
}

fn not_allowed() -> Error {
    Error::ConnectionFailed("address is not permitted".to_owned())
}

fn no_builder() -> Error {
    Error::Other("connections with a certificate of their own are not offered here".to_owned())
}
