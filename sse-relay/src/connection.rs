//! A new connection: what does it ask for?

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use platform::within;
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::limits::PEER_SILENCE_MAX;
use crate::refusal::Refusal;
use crate::relay::{Phase, Relay};
use crate::request::{Asks, StreamRequest};
use crate::rest;
use crate::server::Open;
use crate::stream::{self, Stream};

/// What the beginning of a connection turned out to be.
enum First {
    /// A request for a stream.
    Stream(StreamRequest),
    /// Something for hyper, which is to see all of these bytes.
    SomethingElse(Vec<u8>),
    /// A request for a stream that gets none.
    Refused(Refusal),
    /// The client left, or we do.
    Nothing,
}

/// Serves a connection to its end.
pub(crate) fn serve(
    open: Open,
    socket: TcpStream,
    address: SocketAddr,
    rest: Router,
) -> impl Future<Output = ()> {
    // Boxed, or every idle stream would keep the room that hyper and its own admission needed.
    let begun = Box::pin(begin(Arc::clone(&open.relay), socket, address, rest));
    async move {
        if let Some(mut stream) = begun.await {
            stream.run().await;
        }
        drop(open);
    }
}

/// Serves everything up to the moment when a stream is open.
async fn begin(relay: Arc<Relay>, socket: TcpStream, address: SocketAddr, rest: Router) -> Option<Stream> {
    prepare(&socket);
    let (socket, request) = match first_in_time(&relay, &socket).await {
        First::Stream(request) => (socket, request),
        First::SomethingElse(head) => rest::serve(Arc::clone(&relay), socket, head, rest).await?,
        First::Refused(refusal) => {
            stream::refuse(&relay, &socket, refusal).await;
            return None;
        }
        First::Nothing => return None,
    };
    Stream::open(relay, socket, request, address.ip()).await
}

/// Settings for the whole life of the connection. Without them it works too, only less well.
fn prepare(socket: &TcpStream) {
    let _ = socket.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(socket).set_tcp_user_timeout(Some(PEER_SILENCE_MAX));
}

/// Waits for the first request, not for ever.
async fn first_in_time(relay: &Relay, socket: &TcpStream) -> First {
    let mut head = Vec::new();
    let first = tokio::select! {
        first = within(&*relay.clock, relay.limits.head_time, first(relay, socket, &mut head)) => first,
        // Nothing was promised yet.
        () = relay.reached(Phase::Draining) => return First::Nothing,
    };
    match first {
        Some(first) => first,
        None if head.is_empty() => First::Nothing,
        None => First::Refused(Refusal::TooLate),
    }
}

/// Reads into `head` until it is clear what it is. Bytes are taken from the socket, not peeked at: a
/// peek at half a head gives no way to wait for the other half.
async fn first(relay: &Relay, socket: &TcpStream, head: &mut Vec<u8>) -> First {
    loop {
        if socket.readable().await.is_err() {
            return First::Nothing;
        }
        let seen = head.len();
        match read(socket, head) {
            Ok(0) => return First::Nothing,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(_) => return First::Nothing,
        }
        match Asks::of(head) {
            Asks::SomethingElse => return First::SomethingElse(std::mem::take(head)),
            Asks::NotClearYet => {}
            Asks::Stream if is_complete(head, seen) => {
                return StreamRequest::parse(head).map_or_else(First::Refused, First::Stream);
            }
            Asks::Stream if head.len() > relay.limits.head_bytes => return First::Refused(Refusal::TooLong),
            Asks::Stream => {}
        }
    }
}

fn read(socket: &TcpStream, head: &mut Vec<u8>) -> io::Result<usize> {
    let mut bytes = [0; 4_096];
    let read = socket.try_read(&mut bytes)?;
    head.extend_from_slice(bytes.get(..read).unwrap_or_default());
    Ok(read)
}

/// Whether the empty line that ends a head is there. The first `seen` bytes were looked at before.
fn is_complete(head: &[u8], seen: usize) -> bool {
    let new = head.get(seen.saturating_sub(2)..).unwrap_or_default();
    new.windows(3).any(|bytes| bytes == b"\n\r\n") || new.windows(2).any(|bytes| bytes == b"\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_head_is_found_wherever_the_bytes_are_cut() {
        for head in [&b"GET / HTTP/1.1\r\nA: b\r\n\r\n"[..], b"GET / HTTP/1.1\nA: b\n\n"] {
            for cut in 0..head.len() {
                assert!(!is_complete(&head[..cut], 0), "{cut}");
                assert!(is_complete(head, cut), "{cut}");
            }
        }
    }
}
