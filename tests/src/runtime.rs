//! What answers in a suite: routers in its own process, or the components for Spin. Whoever starts the suite
//! decides, by [`VARIABLE`]. A test that makes a router of its own is answered by that one all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::Response;
use platform::memory::NoFeed;
use platform::{Clock, Platform};
use platform_native::{Options, Redis as Client, Sqlite, distributed, embedded_on};
use tempfile::TempDir;
use testkit::TestClock;

use crate::exchange::{Asked, Told};
use crate::redis::Redis;
use crate::spin::{Spin, distributed_variables};
use crate::stores::{database_url, open};

/// Not set for this process, else `spin-sqlite` or `spin-distributed`.
pub const VARIABLE: &str = "BURGEE_TEST_RUNTIME";

/// What answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Runtime {
    /// Routers in this process.
    InProcess,
    /// Components on a SQLite of Spin's own.
    SpinOnSqlite,
    /// Components on Postgres and two Redis servers.
    SpinDistributed,
}

/// The components of one test.
pub struct Components {
    spin: Spin,
    clock: TestClock,
    _folder: TempDir,
}

impl Runtime {
    /// The one that [`VARIABLE`] names.
    ///
    /// # Panics
    /// If there is none of that name.
    pub fn chosen() -> Self {
        match std::env::var(VARIABLE).as_deref() {
            Err(_) => Self::InProcess,
            Ok("spin-sqlite") => Self::SpinOnSqlite,
            Ok("spin-distributed") => Self::SpinDistributed,
            Ok(other) => panic!("{VARIABLE} is {other:?}: there is no such runtime"),
        }
    }
}

impl Components {
    /// Components on stores of their own, with values for their other variables, and a platform on the same
    /// stores; `None` where routers in this process are to answer. All tell the time of `clock`.
    ///
    /// # Panics
    /// If something does not start.
    pub async fn start(settings: &[(&str, &str)], clock: &TestClock) -> Option<(Self, Platform)> {
        let folder = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let (variables, platform) = match Runtime::chosen() {
            Runtime::InProcess => return None,
            Runtime::SpinOnSqlite => on_sqlite(&folder),
            Runtime::SpinDistributed => on_distributed().await,
        };
        let platform = Platform { clock: Arc::new(clock.clone()), ..platform };
        let variables = variables.iter().map(|(name, value)| (*name, value.as_str()));
        let variables: Vec<_> = variables.chain(settings.iter().copied()).collect();
        let spin = Spin::start(folder.path(), &variables, &[]);
        Some((Self { spin, clock: clock.clone(), _folder: folder }, platform))
    }

    /// A router that hands every request to the components.
    pub fn router(&self) -> Router {
        let (url, clock) = (self.spin.url.clone(), self.clock.clone());
        Router::new().fallback(move |request| ask(url.clone(), clock.now_ms(), request))
    }
}

async fn ask(url: String, now_ms: i64, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_else(|error| panic!("a body of ours: {error}"));
    let mut asked = Asked::new(head.method.as_str(), &head.uri.to_string(), &[], body);
    for (name, value) in &head.headers {
        let value = value.to_str().unwrap_or_else(|error| panic!("{name}: {error}"));
        asked.headers.push((name.to_string(), value.to_owned()));
    }
    asked.headers.push(("spin-host-clock-ms".to_owned(), now_ms.to_string()));
    let told = tokio::task::spawn_blocking(move || asked.at(&url)).await;
    response(told.unwrap_or_else(|error| panic!("nothing answered: {error}")))
}

fn response(told: Told) -> Response<Body> {
    let mut response = Response::builder().status(told.status);
    for (name, value) in told.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(told.body)).unwrap_or_else(|error| panic!("no answer: {error}"))
}

/// The database that the components use. They have no feed: what changed is asked of the database.
fn on_sqlite(folder: &TempDir) -> (Vec<(&'static str, String)>, Platform) {
    let database = Sqlite::open(&folder.path().join("default.db"), Options::default());
    let database = database.unwrap_or_else(|error| panic!("{error}"));
    (Vec::new(), Platform { feed: Arc::new(NoFeed), ..embedded_on(Arc::new(database)) })
}

/// The servers are those of all tests of this process.
async fn on_distributed() -> (Vec<(&'static str, String)>, Platform) {
    static PREFIXES: AtomicU32 = AtomicU32::new(0);
    let prefix = format!("burgee{}:", PREFIXES.fetch_add(1, Ordering::Relaxed));
    let (changes, metrics) = (Redis::shared().url(), Redis::shared_for_metrics().url());
    let database = database_url().await;
    let client = |url| {
        let client = Client::new("BURGEE_REDIS_URL", url, &prefix);
        client.unwrap_or_else(|error| panic!("{error:#}"))
    };
    let platform = distributed(open(&database), &client(&changes), &client(&metrics));
    let platform = platform.unwrap_or_else(|error| panic!("{error:#}"));
    let mut variables = distributed_variables(&database, &changes, &metrics);
    variables.push(("BURGEE_REDIS_PREFIX", prefix));
    (variables, platform)
}
