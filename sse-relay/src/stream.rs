//! One stream on its socket.
//!
//! The task of an idle stream is what thousands of clients cost, so nothing large may live across an
//! await here: read buffers are on the stack of functions that do not wait, and what happens rarely
//! (a write that does not fit, the farewell) is boxed.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Shutdown};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use platform::within;
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::end::End;
use crate::frame::{END, Framing};
use crate::limits::{INPUT_BYTES_MAX, LINGER_TIME, PLAIN_GAP, SEND_BUFFER_BYTES};
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::request::StreamRequest;
use crate::subscription::Subscription;

/// The head of the answer and the first heartbeat: browser SDKs are not connected before the first byte.
/// An intermediary must neither keep nor collect nor compress what follows.
const HEAD_CHUNKED: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\
    X-Accel-Buffering: no\r\nAccess-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\
    Connection: close\r\n\r\n3\r\n:\n\n\r\n";
const HEAD_PLAIN: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\
    X-Accel-Buffering: no\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n:\n\n";

/// Marks each write as a record of its own. Otherwise the kernel, when many writes wait for the
/// network, fills packets to the brim and cuts an event in two at the packet's end; Node's SDK takes
/// what one packet brought for whole lines and ends its process on half a one.
#[cfg(target_os = "linux")]
const WHOLE: libc::c_int = libc::MSG_EOR | libc::MSG_NOSIGNAL;
#[cfg(not(target_os = "linux"))]
const WHOLE: libc::c_int = 0;

/// An open stream.
pub(crate) struct Stream {
    relay: Arc<Relay>,
    socket: TcpStream,
    framing: Framing,
    subscription: Subscription,
}

impl Stream {
    /// Opens a stream, or refuses it and closes the connection.
    pub(crate) async fn open(
        relay: Arc<Relay>,
        socket: TcpStream,
        request: StreamRequest,
        address: IpAddr,
    ) -> Option<Self> {
        // A stalled reader must not pile up events here. If it cannot be set, the default is larger.
        let _ = SockRef::from(&socket).set_send_buffer_size(SEND_BUFFER_BYTES);
        match relay.open(&request, address).await {
            Ok(subscription) => Some(Self { relay, socket, framing: request.framing, subscription }),
            Err(refusal) => {
                refuse(&relay, &socket, refusal).await;
                None
            }
        }
    }

    /// Serves the stream to its end.
    pub(crate) async fn run(&mut self) {
        let end = self.pump().await;
        self.subscription.ended(end);
        if end.is_polite() {
            Box::pin(self.say_farewell()).await;
        } else {
            // What a stalled reader did not take would otherwise stay in the kernel.
            let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
        }
    }

    async fn pump(&mut self) -> End {
        let (relay, socket, framing) = (&self.relay, &self.socket, self.framing);
        let head = if framing == Framing::Chunked { HEAD_CHUNKED } else { HEAD_PLAIN };
        if let Err(end) = write(relay, socket, head.as_bytes()).await {
            return end;
        }
        let mut after_heartbeat = true;
        let mut gone = pin!(gone(socket));
        loop {
            if after_heartbeat && framing == Framing::Plain {
                relay.clock.sleep(PLAIN_GAP).await;
            }
            let frame = match self.subscription.next(gone.as_mut()).await {
                Ok(frame) => frame,
                Err(end) => return end,
            };
            after_heartbeat = frame.is_heartbeat();
            if let Err(end) = write(relay, socket, frame.bytes(framing)).await {
                return end;
            }
        }
    }

    async fn say_farewell(&self) {
        // The client may have gone by now; it makes no difference.
        if self.framing == Framing::Chunked {
            let _ = write(&self.relay, &self.socket, END).await;
        }
        close(&self.relay, &self.socket).await;
    }
}

/// Answers without a body and closes.
pub(crate) async fn refuse(relay: &Relay, socket: &TcpStream, refusal: Refusal) {
    relay.counters.refused(refusal);
    if write(relay, socket, refusal.response().as_bytes()).await.is_ok() {
        close(relay, socket).await;
    }
}

/// Ends our side and reads on for a moment: closing with unread input would reset the connection, and
/// with it throw away what the client has not read yet.
pub(crate) async fn close(relay: &Relay, socket: &TcpStream) {
    if SockRef::from(socket).shutdown(Shutdown::Write).is_ok() {
        within(&*relay.clock, LINGER_TIME, gone(socket)).await;
    }
}

/// Resolves when the client has closed its side, or has sent too much. What it sends is of no interest:
/// requests that it pipelined behind the one for the stream are not answered.
async fn gone(socket: &TcpStream) -> End {
    let mut input = 0;
    loop {
        if socket.readable().await.is_err() {
            return End::Left;
        }
        match discard(socket) {
            Ok(0) => return End::Left,
            Ok(bytes) => input += bytes,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return End::Left,
        }
        if input > INPUT_BYTES_MAX {
            return End::TooTalkative;
        }
    }
}

fn discard(socket: &TcpStream) -> io::Result<usize> {
    socket.try_read(&mut [0; 1_024])
}

/// Writes all bytes, in one write if the socket has room, which it has unless the client is slow.
async fn write(relay: &Relay, socket: &TcpStream, bytes: &[u8]) -> Result<(), End> {
    match send(socket, bytes) {
        Ok(sent) if sent == bytes.len() => Ok(()),
        Ok(sent) => Box::pin(write_slowly(relay, socket, bytes.get(sent..).unwrap_or_default())).await,
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            Box::pin(write_slowly(relay, socket, bytes)).await
        }
        Err(_) => Err(End::Left),
    }
}

async fn write_slowly(relay: &Relay, socket: &TcpStream, mut bytes: &[u8]) -> Result<(), End> {
    let write = async {
        while !bytes.is_empty() {
            socket.writable().await.map_err(|_| End::Left)?;
            match send(socket, bytes) {
                Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return Err(End::Left),
            }
        }
        Ok(())
    };
    within(&*relay.clock, relay.limits.write_time, write).await.unwrap_or(Err(End::TooSlow))
}

fn send(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    socket.try_io(Interest::WRITABLE, || SockRef::from(socket).send_with_flags(bytes, WHOLE))
}
