//! Connections to one server: one that all calls share, and some for calls that wait.

use std::fmt::Display;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::bail;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, Pipeline, RedisError, RedisResult,
};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, timeout};

use super::limits::{CALL_TIME, CONNECT_TIME, IDLE_TIME, WAITING_KEPT_MAX};

/// A server, and what is connected to it. What goes wrong is told as a sentence that names the server and the
/// setting, never a password.
pub(super) struct Link {
    variable: &'static str,
    client: Client,
    shared: AsyncMutex<Option<Shared>>,
    /// Connections ever shared.
    made: AtomicU64,
    waiting: Mutex<Vec<MultiplexedConnection>>,
}

struct Shared {
    connection: MultiplexedConnection,
    used: Instant,
    /// Tells this connection from the ones before.
    number: u64,
}

/// Why a call came to nothing.
pub(super) enum Failure {
    /// The server answered, with an error.
    Refused(RedisError),
    /// The connection ended, perhaps long ago.
    Ended(String),
    /// There was no answer in time, or no connection.
    Away(String),
}

impl Link {
    pub(super) fn new(variable: &'static str, url: &str) -> anyhow::Result<Self> {
        // The crate's own message could repeat parts of the URL.
        let Ok(client) = Client::open(url) else {
            bail!("{variable} must look like redis://user:password@host:6379 or, with TLS, rediss://…");
        };
        if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. }) {
            // Fails if one was chosen before, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        Ok(Self {
            variable,
            client,
            shared: AsyncMutex::default(),
            made: AtomicU64::new(0),
            waiting: Mutex::default(),
        })
    }

    pub(super) fn address(&self) -> &ConnectionAddr {
        self.client.get_connection_info().addr()
    }

    /// Sends a command that may be carried out twice.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        self.repeat(|mut connection| {
            let command = command.clone();
            async move { command.query_async(&mut connection).await }
        })
        .await
    }

    /// The same for commands of which all are carried out or none.
    pub(super) async fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Failure> {
        self.repeat(|mut connection| {
            let commands = commands.clone();
            async move { commands.query_async(&mut connection).await }
        })
        .await
    }

    /// Makes a call that may be carried out twice. A connection that ended since its last use, because the
    /// server was restarted, is no reason to fail.
    pub(super) async fn repeat<T, F>(&self, call: impl Fn(MultiplexedConnection) -> F) -> Result<T, Failure>
    where
        F: Future<Output = RedisResult<T>>,
    {
        match self.once(&call).await {
            Err(Failure::Ended(_)) => self.once(&call).await,
            answer => answer,
        }
    }

    /// Makes a call on the connection that all share. A call that was not answered may have been carried out.
    pub(super) async fn once<T, F>(&self, call: impl FnOnce(MultiplexedConnection) -> F) -> Result<T, Failure>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let (connection, number) = self.shared().await?;
        let failure = match timeout(CALL_TIME, call(connection)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) if is_answer(&error) => return Err(Failure::Refused(error)),
            Ok(Err(error)) if error.is_timeout() => self.away(&error),
            Ok(Err(error)) => Failure::Ended(self.away_text(&error)),
            Err(late) => self.away(&late),
        };
        self.let_go(number).await;
        Err(failure)
    }

    /// Sends commands that the server may answer as late as `wait` from now, on a connection of their own.
    pub(super) async fn ask_waiting<T: FromRedisValue>(
        &self,
        wait: Duration,
        commands: &Pipeline,
    ) -> Result<T, Failure> {
        let limit = wait.saturating_add(CALL_TIME);
        let mut connection = match self.take_waiting() {
            Some(kept) if answers(&kept).await => kept,
            _ => self.connect().await?,
        };
        connection.set_response_timeout(limit);
        match timeout(limit, commands.query_async(&mut connection)).await {
            Ok(Err(error)) if !is_answer(&error) => Err(self.away(&error)),
            Ok(answered) => {
                connection.set_response_timeout(CALL_TIME);
                self.keep_waiting(connection);
                answered.map_err(Failure::Refused)
            }
            Err(late) => Err(self.away(&late)),
        }
    }

    /// What a caller is told.
    pub(super) fn tell(&self, failure: Failure) -> String {
        match failure {
            Failure::Refused(error) => {
                format!("{} refused it ({error}), see {}", self.place(), self.variable)
            }
            Failure::Ended(text) | Failure::Away(text) => text,
        }
    }

    /// The connection that all share, tried if it lay unused, made if there is none.
    async fn shared(&self) -> Result<(MultiplexedConnection, u64), Failure> {
        let mut shared = self.shared.lock().await;
        if let Some(known) = shared.as_mut()
            && (known.used.elapsed() < IDLE_TIME || answers(&known.connection).await)
        {
            known.used = Instant::now();
            return Ok((known.connection.clone(), known.number));
        }
        *shared = None;
        let connection = self.connect().await?;
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        *shared = Some(Shared { connection: connection.clone(), used: Instant::now(), number });
        Ok((connection, number))
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Failure> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIME))
            .set_response_timeout(Some(CALL_TIME));
        let connected = self.client.get_multiplexed_async_connection_with_config(&config);
        match timeout(CONNECT_TIME, connected).await {
            Ok(connected) => connected.map_err(|error| self.away(&error)),
            Err(late) => Err(self.away(&late)),
        }
    }

    /// Forgets the connection that did not answer, unless another one has taken its place.
    async fn let_go(&self, number: u64) {
        let mut shared = self.shared.lock().await;
        shared.take_if(|known| known.number == number);
    }

    fn take_waiting(&self) -> Option<MultiplexedConnection> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep_waiting(&self, connection: MultiplexedConnection) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING_KEPT_MAX {
            waiting.push(connection);
        }
    }

    fn away(&self, cause: &impl Display) -> Failure {
        Failure::Away(self.away_text(cause))
    }

    fn away_text(&self, cause: &impl Display) -> String {
        format!(
            "{} cannot be reached ({cause}); look at the server, the network and {}",
            self.place(),
            self.variable
        )
    }

    fn place(&self) -> String {
        format!("Redis at {}", self.address())
    }
}

/// Whether the server said this, so that the connection is as good as before. What it says while it starts or
/// after a failover made it a replica, another connection would not hear.
fn is_answer(error: &RedisError) -> bool {
    error.code().is_some_and(|code| !matches!(code, "LOADING" | "MASTERDOWN" | "READONLY" | "NOAUTH"))
}

async fn answers(connection: &MultiplexedConnection) -> bool {
    let mut connection = connection.clone();
    let pong = redis::cmd("PING").exec_async(&mut connection).await;
    pong.is_ok()
}
