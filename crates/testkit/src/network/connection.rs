//! One connection through the network, with its two directions.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Shared, Weather};

/// No request head of a test is longer, and most come in one piece.
const PIECE_BYTES: usize = 64 * 1024;

/// Readable by pages of any origin, as Burgee's own answers are.
const BAD_GATEWAY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: application/json\r\ncontent-length: 40\r\n\
    access-control-allow-origin: *\r\nconnection: close\r\n\r\n{\"code\":\"502\",\"message\":\"no store here\"}";

/// How a connection ends before its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// Both sides are told that it is over.
    Close,
    /// Both sides are told that something went wrong.
    Reset,
    /// Neither side is told.
    Forget,
}

/// The owner's handle on a connection.
#[derive(Clone)]
pub(super) struct Connection {
    end: watch::Sender<Option<End>>,
    stream: Arc<AtomicBool>,
}

impl Connection {
    pub(super) fn new() -> (Self, watch::Receiver<Option<End>>) {
        let (end, ended) = watch::channel(None);
        (Self { end, stream: Arc::default() }, ended)
    }

    /// Whether the last request asked for a stream.
    pub(super) fn is_stream(&self) -> bool {
        self.stream.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self, end: End) {
        self.end.send_replace(Some(end));
    }

    fn sees_request(&self, piece: &[u8], shared: &Shared) {
        // A client sends a request's head in one piece, and a body never begins like one.
        let Some(line) = piece.split(|byte| *byte == b'\r').next().filter(|line| line.ends_with(b"HTTP/1.1"))
        else {
            return;
        };
        let path = line.split(|byte| matches!(byte, b' ' | b'?')).nth(1).unwrap_or_default();
        let stream = line.starts_with(b"GET ") && path.ends_with(b"/stream");
        self.stream.store(stream, Ordering::Relaxed);
        if stream {
            shared.connections().streams += 1;
        }
    }
}

/// Carries bytes between the client and the server until one of them, or the network, ends the connection.
pub(super) async fn carry(
    mut client: TcpStream,
    connection: &Connection,
    mut ended: watch::Receiver<Option<End>>,
    shared: &Shared,
) {
    let weather = *shared.weather.borrow();
    match weather {
        Weather::Refusing => return reset(&client),
        // Whoever gave up waiting meanwhile is not missed.
        Weather::BadGateway => return answer_bad_gateway(&mut client).await.unwrap_or_default(),
        Weather::Fair | Weather::Slow(_) | Weather::Stalled => {}
    }
    let Ok(server) = TcpStream::connect(shared.server).await else { return reset(&client) };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut up = Direction { from: from_client, to: to_server, weather: shared.weather.subscribe() };
    let mut down = Direction { from: from_server, to: to_client, weather: shared.weather.subscribe() };
    let both = async {
        tokio::join!(up.carry(|piece| connection.sees_request(piece, shared)), down.carry(|_| ()));
    };
    let end = tokio::select! {
        () = both => return,
        end = ended.wait_for(Option::is_some) => end.ok().and_then(|end| *end),
    };
    match end {
        // Dropping says that it is over.
        None | Some(End::Close) => {}
        Some(End::Reset) => {
            reset(up.from.as_ref());
            reset(down.from.as_ref());
            // Dropped, they would say first that it is over.
            up.to.forget();
            down.to.forget();
        }
        // Both sockets stay open, with nobody who reads, until the network is dropped.
        Some(End::Forget) => match pending::<Infallible>().await {},
    }
}

struct Direction {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    weather: watch::Receiver<Weather>,
}

impl Direction {
    /// Hands everything on, then the end. An error on either side is an end too.
    async fn carry(&mut self, saw: impl Fn(&[u8])) {
        let mut bytes = vec![0; PIECE_BYTES];
        while let Ok(count @ 1..) = self.from.read(&mut bytes).await {
            let piece = bytes.get(..count).unwrap_or_default();
            saw(piece);
            self.wait().await;
            if self.to.write_all(piece).await.is_err() {
                break;
            }
        }
        let _ = self.to.shutdown().await;
    }

    async fn wait(&mut self) {
        let delay = match self.weather.wait_for(|weather| *weather != Weather::Stalled).await.map(|now| *now)
        {
            Ok(Weather::Slow(delay)) => delay,
            _ => Duration::ZERO,
        };
        sleep(delay).await;
    }
}

async fn answer_bad_gateway(client: &mut TcpStream) -> io::Result<()> {
    let mut request = Vec::with_capacity(PIECE_BYTES);
    while !request.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    client.write_all(BAD_GATEWAY).await?;
    client.shutdown().await?;
    // What is left unread when a socket is closed makes a reset of it, which could overtake the answer.
    while client.read_buf(&mut request).await? > 0 {}
    Ok(())
}

fn reset(socket: &TcpStream) {
    // A socket that cannot be reset is closed, which is an end as well.
    let _ = socket.set_zero_linger();
}
