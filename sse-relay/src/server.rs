//! Accepting connections, and shutting down.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use platform::within;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::connection;
use crate::limits::{CATCH_UPS_AT_ONCE, RULES_AT_ONCE};
use crate::relay::{Phase, Relay};
use crate::rest;

/// Between two attempts to accept when the process has no file descriptors left.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
/// How long connections may take to notice that they are dropped.
const CLOSING_TIME: Duration = Duration::from_secs(1);

/// Serves streams and, through `rest`, everything else on `listener` until `shutdown` resolves; then ends
/// all streams politely and lets the other connections finish, within the limits of the relay.
///
/// `GET /stream` and `GET /api/1.0/stream` are streams; other methods on these paths are answered here too,
/// CORS preflights among them. A relay is run once.
pub async fn run(listener: TcpListener, relay: Arc<Relay>, rest: Router, shutdown: impl Future<Output = ()>) {
    let mut background = JoinSet::new();
    // Before the first stream, so that it is not refused for the few milliseconds that this takes.
    let cursor = relay.position().await;
    if cursor.is_some() {
        relay.set_following();
    }
    background.spawn(Arc::clone(&relay).follow(cursor));
    background.spawn(Arc::clone(&relay).sweep());
    for _ in 0..CATCH_UPS_AT_ONCE {
        background.spawn(Arc::clone(&relay).catch_up());
    }
    for _ in 0..RULES_AT_ONCE {
        background.spawn(Arc::clone(&relay).read_rules());
    }
    let rest = rest::beside_streams(rest);
    let connections = TaskTracker::new();
    tokio::select! {
        () = accept(&listener, &relay, &rest, &connections) => {}
        () = shutdown => {}
    }
    drop(listener);
    drain(&relay, &connections).await;
    background.shutdown().await;
}

async fn accept(listener: &TcpListener, relay: &Arc<Relay>, rest: &Router, connections: &TaskTracker) {
    let free = Arc::new(Semaphore::new(relay.limits.connections));
    // The semaphore is never closed.
    while let Ok(permit) = Arc::clone(&free).acquire_owned().await {
        match listener.accept().await {
            Ok((socket, address)) => {
                let open = Open::new(Arc::clone(relay), permit);
                connections.spawn(connection::serve(open, socket, address, rest.clone()));
            }
            Err(error) => {
                warn!(error = %error, "a connection was not accepted: {error}");
                relay.clock.sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

async fn drain(relay: &Relay, connections: &TaskTracker) {
    info!(connections = connections.len(), "shutting down; {} connections are open", connections.len());
    connections.close();
    relay.enter(Phase::Draining);
    let limit = relay.limits.drain_window + relay.limits.drain_grace;
    if within(&*relay.clock, limit, connections.wait()).await.is_none() {
        warn!("{} connections did not end in time and are dropped", connections.len());
        relay.enter(Phase::Closing);
        within(&*relay.clock, CLOSING_TIME, connections.wait()).await;
    }
}

/// A connection that counts as open until this is dropped.
pub(crate) struct Open {
    /// Whose connection it is.
    pub(crate) relay: Arc<Relay>,
    _permit: OwnedSemaphorePermit,
}

impl Open {
    fn new(relay: Arc<Relay>, permit: OwnedSemaphorePermit) -> Self {
        relay.counters.connections.up();
        Self { relay, _permit: permit }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.relay.counters.connections.down();
    }
}
