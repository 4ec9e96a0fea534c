//! Platforms on real stores, each on data of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use platform::Clock;
use platform::Platform;
use platform_native::{Postgres as Database, on_postgres};
use testkit::TestClock;
use tokio::sync::OnceCell;
use tokio::time::sleep;
use tokio_postgres::NoTls;

use crate::postgres::Postgres;

/// Connections of a platform; few, so that many tests can run at once.
const CONNECTIONS: usize = 4;

/// The database that every other one is a copy of.
const TEMPLATE: &str = "burgee_template";

/// How often a condition is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

const COPY_LIMIT: Duration = Duration::from_secs(20);

/// The URL of a new database with the newest schema on this process's own Postgres.
///
/// # Panics
/// If it cannot be made.
pub async fn database_url() -> String {
    static TEMPLATE_MADE: OnceCell<()> = OnceCell::const_new();
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let server = Postgres::shared();
    TEMPLATE_MADE.get_or_init(|| make_template(server)).await;
    let name = format!("burgee_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    create(server, &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
    server.url(&name)
}

/// A platform on a new database of Postgres, and nothing else.
pub async fn postgres_platform() -> Platform {
    on_postgres(open(&database_url().await))
}

/// The same with a clock that stands still until it is moved.
pub async fn postgres_platform_at(clock: &TestClock) -> Platform {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    Platform { clock, ..postgres_platform().await }
}

/// The database at that URL.
///
/// # Panics
/// If the URL is none.
pub fn open(url: &str) -> Database {
    Database::new(url, CONNECTIONS).unwrap_or_else(|error| panic!("{error:#}"))
}

/// Gives the database at that URL the tables of the newest schema.
///
/// # Panics
/// If that fails.
pub async fn migrate(url: &str) {
    let migrated = store::migrate(&open(url)).await;
    migrated.unwrap_or_else(|error| panic!("{error}"));
}

/// Runs one statement as the operator would, beside the driver under test.
///
/// # Panics
/// If it fails.
pub async fn operate(url: &str, sql: &str) {
    let operated = try_to_operate(url, sql).await;
    operated.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn try_to_operate(url: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let done = client.batch_execute(sql).await;
    drop(client);
    // What ended it, the statement has told.
    let _ = connection.await;
    done
}

async fn make_template(server: &Postgres) {
    create(server, &format!("CREATE DATABASE {TEMPLATE}")).await;
    migrate(&server.url(TEMPLATE)).await;
}

/// A database is copied only while nobody is connected to it, and the server takes a moment to notice that
/// somebody left.
async fn create(server: &Postgres, sql: &str) {
    let deadline = Instant::now() + COPY_LIMIT;
    while let Err(error) = try_to_operate(&server.default_url(), sql).await {
        assert!(Instant::now() < deadline, "{sql}: {error:?}");
        sleep(LOOK_AGAIN).await;
    }
}
