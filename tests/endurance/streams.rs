//! Streams that come and go.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::endurance::world::World;

/// One stream in so many is opened and never read.
const UNREAD: usize = 20;

/// So many streams at a time, each for a while, then another in its place.
pub(crate) struct Streams {
    runtime: Runtime,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    opened: AtomicU64,
    refused: AtomicU64,
    bytes: AtomicU64,
    events: AtomicU64,
}

/// What came of them.
#[derive(Debug)]
pub(crate) struct Heard {
    opened: u64,
    pub(crate) refused: u64,
    bytes: u64,
    pub(crate) events: u64,
}

/// Who listens, and where.
struct Listener {
    address: std::net::SocketAddr,
    request: String,
    is_reading: bool,
}

impl Streams {
    pub(crate) fn start(world: &World, count: usize, life_ms: Range<u64>, seed: u64) -> Self {
        let runtime = Runtime::new().unwrap();
        let counts = Arc::new(Counts::default());
        for number in 0..count {
            let listener = Listener::new(world, number);
            let chance = fastrand::Rng::with_seed(seed.wrapping_add(number as u64));
            runtime.spawn(listener.come_and_go(life_ms.clone(), chance, Arc::clone(&counts)));
        }
        Self { runtime, counts }
    }

    /// Leaves, all at once.
    pub(crate) fn end(self) -> Heard {
        self.runtime.shutdown_background();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { opened, refused, bytes, events } = &*self.counts;
        Heard { opened: count(opened), refused: count(refused), bytes: count(bytes), events: count(events) }
    }
}

impl Listener {
    /// Half of them servers, half browsers.
    fn new(world: &World, number: usize) -> Self {
        let (_, browser) = &world.browsers[number % world.browsers.len()];
        let token = if number.is_multiple_of(2) { world.server.token() } else { browser.token() };
        let request = format!(
            "GET /api/1.0/stream?cluster=1 HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {token}\r\n\
             API-Key: {}\r\nAccept: text/event-stream\r\n\r\n",
            world.client_key,
        );
        Self { address: world.burgee.address(), request, is_reading: !number.is_multiple_of(UNREAD) }
    }

    async fn come_and_go(self, life_ms: Range<u64>, mut chance: fastrand::Rng, counts: Arc<Counts>) {
        // They do not all come at once.
        tokio::time::sleep(Duration::from_millis(chance.u64(0..life_ms.start))).await;
        loop {
            let life = Duration::from_millis(chance.u64(life_ms.clone()));
            // Its time is over, or the server ended it because it read too slowly.
            let _ = timeout(life, self.listen(&counts)).await;
        }
    }

    async fn listen(&self, counts: &Counts) -> std::io::Result<()> {
        let mut socket = TcpStream::connect(self.address).await?;
        socket.write_all(self.request.as_bytes()).await?;
        let mut bytes = [0; 4_096];
        let count = socket.read(&mut bytes).await?;
        let is_open = bytes.starts_with(b"HTTP/1.1 200 ");
        let counter = if is_open { &counts.opened } else { &counts.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        counts.bytes.fetch_add(count as u64, Ordering::Relaxed);
        if !is_open {
            return Ok(());
        }
        if !self.is_reading {
            std::future::pending::<()>().await;
        }
        loop {
            let count = socket.read(&mut bytes).await?;
            if count == 0 {
                return Ok(());
            }
            counts.bytes.fetch_add(count as u64, Ordering::Relaxed);
            let events = bytes[..count].windows(6).filter(|window| window == b"event:").count();
            counts.events.fetch_add(events as u64, Ordering::Relaxed);
        }
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { opened, refused, bytes, events } = self;
        write!(f, "streams: {opened} opened, {refused} refused, {events} events in {bytes} bytes")
    }
}
