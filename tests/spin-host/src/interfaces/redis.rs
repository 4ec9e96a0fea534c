//! `spin:redis`. Every method is a command.

use std::sync::Arc;

use tokio::sync::Mutex;
use wasmtime::component::{Accessor, Resource};

use super::Spin;
use super::bindings::spin::redis::redis::{
    Error, Host, HostConnection, HostConnectionWithStore, RedisParameter, RedisResult,
};
use super::resp::{Client, Reply};
use crate::state::State;

/// An open connection.
pub struct Connection(Arc<Mutex<Client>>);

type Called<T> = wasmtime::Result<Result<T, Error>>;

impl Host for State {}

impl HostConnection for State {
    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl HostConnectionWithStore<State> for Spin {
    async fn open(accessor: &Accessor<State, Self>, url: String) -> Called<Resource<Connection>> {
        if !accessor.with(|mut store| store.get().component.allowed_hosts.allow(&url)) {
            return Ok(Err(Error::InvalidAddress));
        }
        match Client::connect(&url).await {
            Ok(client) => {
                let connection = Connection(Arc::new(Mutex::new(client)));
                Ok(Ok(accessor.with(|mut store| store.get().table.push(connection))?))
            }
            Err(error) => Ok(Err(Error::Other(format!("{error:#}")))),
        }
    }

    async fn publish(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        channel: String,
        payload: Vec<u8>,
    ) -> Called<()> {
        Ok(call(accessor, connection, &[b"PUBLISH", channel.as_bytes(), &payload]).await?.map(drop))
    }

    async fn get(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        key: String,
    ) -> Called<Option<Vec<u8>>> {
        let replies = call(accessor, connection, &[b"GET", key.as_bytes()]).await?;
        Ok(replies.and_then(|replies| match replies.into_iter().next() {
            Some(Reply::Bulk(bytes)) => Ok(Some(bytes)),
            Some(Reply::Nil) => Ok(None),
            _ => Err(Error::TypeError),
        }))
    }

    async fn set(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        key: String,
        value: Vec<u8>,
    ) -> Called<()> {
        Ok(call(accessor, connection, &[b"SET", key.as_bytes(), &value]).await?.map(drop))
    }

    async fn incr(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        key: String,
    ) -> Called<i64> {
        Ok(number(call(accessor, connection, &[b"INCR", key.as_bytes()]).await?))
    }

    async fn del(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        keys: Vec<String>,
    ) -> Called<u32> {
        counted(accessor, connection, &[b"DEL"], &keys).await
    }

    async fn sadd(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        key: String,
        values: Vec<String>,
    ) -> Called<u32> {
        counted(accessor, connection, &[b"SADD", key.as_bytes()], &values).await
    }

    async fn smembers(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        key: String,
    ) -> Called<Vec<String>> {
        let replies = call(accessor, connection, &[b"SMEMBERS", key.as_bytes()]).await?;
        Ok(replies.and_then(|replies| replies.into_iter().map(text).collect()))
    }

    async fn srem(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        key: String,
        values: Vec<String>,
    ) -> Called<u32> {
        counted(accessor, connection, &[b"SREM", key.as_bytes()], &values).await
    }

    async fn execute(
        accessor: &Accessor<State, Self>,
        connection: Resource<Connection>,
        command: String,
        arguments: Vec<RedisParameter>,
    ) -> Called<Vec<RedisResult>> {
        let arguments: Vec<Vec<u8>> = arguments
            .into_iter()
            .map(|argument| match argument {
                RedisParameter::Int64(integer) => integer.to_string().into_bytes(),
                RedisParameter::Binary(bytes) => bytes,
            })
            .collect();
        let words: Vec<&[u8]> =
            std::iter::once(command.as_bytes()).chain(arguments.iter().map(Vec::as_slice)).collect();
        let replies = call(accessor, connection, &words).await?;
        Ok(replies.map(|replies| replies.into_iter().map(result).collect()))
    }
}

async fn call(
    accessor: &Accessor<State, Spin>,
    connection: Resource<Connection>,
    words: &[&[u8]],
) -> Called<Vec<Reply>> {
    let client = accessor.with(|mut store| {
        let state = store.get();
        state.faults.count()?;
        wasmtime::error::Ok(Arc::clone(&state.table.get(&connection)?.0))
    })?;
    let replies = client.lock().await.call(words).await;
    Ok(replies.map_err(|error| Error::Other(format!("{error:#}"))))
}

async fn counted(
    accessor: &Accessor<State, Spin>,
    connection: Resource<Connection>,
    command: &[&[u8]],
    words: &[String],
) -> Called<u32> {
    let words: Vec<&[u8]> = command.iter().copied().chain(words.iter().map(String::as_bytes)).collect();
    let number = number(call(accessor, connection, &words).await?);
    Ok(number.and_then(|number| u32::try_from(number).map_err(|_| Error::TypeError)))
}

fn number(replies: Result<Vec<Reply>, Error>) -> Result<i64, Error> {
    match replies?.into_iter().next() {
        Some(Reply::Integer(integer)) => Ok(integer),
        _ => Err(Error::TypeError),
    }
}

fn text(reply: Reply) -> Result<String, Error> {
    match reply {
        Reply::Bulk(bytes) => String::from_utf8(bytes).map_err(|_| Error::TypeError),
        _ => Err(Error::TypeError),
    }
}

fn result(reply: Reply) -> RedisResult {
    match reply {
        Reply::Nil => RedisResult::Nil,
        Reply::Status(status) => RedisResult::Status(status),
        Reply::Integer(integer) => RedisResult::Int64(integer),
        Reply::Bulk(bytes) => RedisResult::Binary(bytes),
    }
}
