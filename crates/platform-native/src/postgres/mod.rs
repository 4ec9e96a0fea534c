//! Postgres behind the database port: a pool of connections that are made when they are needed.

mod fault;
mod limits;
mod session;
mod settings;
mod tls;
mod value;

use async_trait::async_trait;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use platform::{Db, DbError, Dialect, Row, Statement};
use scopeguard::{ScopeGuard, guard};
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use fault::Failure;
use limits::{CANCEL_TIME, CONNECT_TIME, POOL_WAIT};
use session::{Batch, Preparing, Query, Session, Work};
use settings::Settings;

/// A Postgres database. Nothing is connected until something is asked.
pub struct Postgres {
    pool: Pool,
    tls: MakeRustlsConnect,
    place: String,
    preparing: Preparing,
}

impl Postgres {
    /// The database at `url` (`postgres://…`), with at most `connections_max` connections at once.
    ///
    /// # Errors
    /// If the URL, or a certificate that it names, cannot be read: one sentence, without the password.
    pub fn new(url: &str, connections_max: usize) -> anyhow::Result<Self> {
        let Settings { config, trust, place } = Settings::parse(url)?;
        let tls = tls::connector(&trust)?;
        // Whether a connection still works, its next user finds out and takes another: asking before every
        // use would be a round trip for each statement.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, tls.clone(), recycling))
            .max_size(connections_max)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(POOL_WAIT))
            .create_timeout(Some(CONNECT_TIME))
            .build()?;
        Ok(Self { pool, tls, place, preparing: Preparing::Once })
    }

    /// The same behind a pooler that gives every transaction another connection and keeps no prepared statements:
    /// nothing is prepared.
    #[must_use]
    pub fn unprepared(self) -> Self {
        Self { preparing: Preparing::Never, ..self }
    }

    /// Does the work. A connection that ended while it lay in the pool is no reason to fail: the server was
    /// restarted, or this process was frozen.
    async fn perform<W: Work>(&self, work: &W) -> Result<W::Output, DbError> {
        let first = self.take().await?;
        let is_reused = Object::metrics(&first).recycle_count > 0;
        match self.attempt(first, work).await {
            Err(Failure::Lost(_)) if is_reused => {
                // What ended one has probably ended the others.
                self.pool.retain(|_, _| false);
                let second = self.take().await?;
                self.attempt(second, work).await.map_err(Failure::into_error)
            }
            outcome => outcome.map_err(Failure::into_error),
        }
    }

    async fn attempt<W: Work>(&self, connection: Object, work: &W) -> Result<W::Output, Failure> {
        // Whoever stops waiting amid a batch must not leave an open transaction to the next user.
        let connection = guard(connection, |unfit| drop(Object::take(unfit)));
        let outcome =
            work.run(Session { client: &connection, place: &self.place, preparing: self.preparing }).await;
        match outcome {
            Ok(_) | Err(Failure::Refused(_)) => drop(ScopeGuard::into_inner(connection)),
            Err(Failure::Late(_)) => {
                // It ends with the connection at the latest; if this fails, nothing else can be done.
                let token = connection.cancel_token();
                let _ = timeout(CANCEL_TIME, token.cancel_query(self.tls.clone())).await;
            }
            Err(Failure::Lost(_) | Failure::Unknown(_)) => {}
        }
        outcome
    }

    async fn take(&self) -> Result<Object, DbError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => fault::translate(&self.place, &error),
            PoolError::Timeout(TimeoutType::Wait) => DbError::Unavailable(format!(
                "all {} connections to {} are in use; raise BURGEE_DATABASE_CONNECTIONS or look for long transactions",
                self.pool.status().max_size,
                self.place
            )),
            other => DbError::Unavailable(format!(
                "{} does not answer ({other}); look at the server, the network and BURGEE_DATABASE_URL",
                self.place
            )),
        })
    }
}

#[async_trait]
impl Db for Postgres {
    async fn query(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        self.perform(&Query(statement)).await
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<u64>, DbError> {
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        self.perform(&Batch(statements)).await
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}
