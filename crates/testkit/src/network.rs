//! A network that breaks on demand: a TCP proxy between a client and its server.

mod connection;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use connection::{Connection, End};

/// What the network does with everything that passes from now on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Weather {
    /// Hands every byte on as it comes.
    #[default]
    Fair,
    /// Hands every byte on this much later, in both directions.
    Slow(Duration),
    /// Keeps every byte, and hands all of them on when this is over. Connections are accepted.
    Stalled,
    /// Answers every request but that of a stream with 502, as a gateway does whose server has no store. Streams
    /// that are open stay open.
    BadGateway,
    /// Resets every new connection.
    Refusing,
}

/// A proxy on a free port of this machine; gone, with all connections, when dropped.
///
/// It runs on a thread of its own, so that tests may block.
pub struct Network {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// `None` once dropped.
    runtime: Option<Runtime>,
}

/// What the connections and their owner know of each other.
struct Shared {
    server: SocketAddr,
    weather: watch::Sender<Weather>,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    open: HashMap<u64, Connection>,
    accepted: u64,
    /// Requests for a stream that were handed on.
    streams: u64,
}

impl Network {
    /// Puts a proxy before the server.
    ///
    /// # Errors
    /// If this machine has no port or thread left.
    pub fn before(server: SocketAddr) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let weather = watch::Sender::new(Weather::Fair);
        let shared = Arc::new(Shared { server, weather, connections: Mutex::default() });
        runtime.spawn(accept(listener, shared.clone()));
        Ok(Self { address, shared, runtime: Some(runtime) })
    }

    /// Where clients connect to.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the weather. Connections that carry no stream are closed when it becomes `BadGateway`: their next
    /// request could not be told from the bytes of the last.
    pub fn set(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
        if weather == Weather::BadGateway {
            self.shared.end(End::Close, |connection| !connection.is_stream());
        }
    }

    /// Resets every open connection, as a router does that was started again.
    pub fn reset(&self) {
        self.shared.end(End::Reset, |_| true);
    }

    /// Loses every open connection without telling either side, as a firewall does that has forgotten it. New
    /// connections are not affected.
    pub fn forget(&self) {
        self.shared.end(End::Forget, |_| true);
    }

    /// How many streams were asked for so far.
    pub fn streams(&self) -> u64 {
        self.shared.connections().streams
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A plain drop would wait, which asynchronous tests may not.
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, end: End, which: impl Fn(&Connection) -> bool) {
        let connections = self.connections();
        connections.open.values().filter(|connection| which(connection)).for_each(|one| one.end(end));
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let (connection, ended) = Connection::new();
        let id = {
            let mut connections = shared.connections();
            connections.accepted += 1;
            let id = connections.accepted;
            connections.open.insert(id, connection.clone());
            id
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            connection::carry(client, &connection, ended, &shared).await;
            shared.connections().open.remove(&id);
        });
    }
}
