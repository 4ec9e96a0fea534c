//! A client that sees every byte.

use std::net::SocketAddr;

use model::StreamEvent;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::time::within;

/// The first heartbeat, and every later one.
pub(crate) const HEARTBEAT: &str = ":\n\n";

/// What ends a body.
pub(crate) const LAST_CHUNK: &str = "0\r\n\r\n";

/// A connection.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) fn over(socket: TcpStream) -> Self {
        Self { socket, unread: Vec::new() }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).await.unwrap();
    }

    /// The bytes of exactly one read.
    pub(crate) async fn read(&mut self) -> String {
        assert_eq!(self.unread, b"", "something was left unread");
        let mut bytes = vec![0; 1 << 16];
        let count = within("a read", self.socket.read(&mut bytes)).await.unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    }

    /// Everything up to and with `end`.
    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        loop {
            let found = self.unread.windows(end.len()).position(|bytes| bytes == end.as_bytes());
            if let Some(at) = found {
                let rest = self.unread.split_off(at + end.len());
                return String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap();
            }
            assert!(self.fill(end).await > 0, "the connection ended before {end:?}, after {:?}", self.text());
        }
    }

    /// Everything until the server closes.
    pub(crate) async fn read_to_end(&mut self) -> String {
        while self.fill("the end of the connection").await > 0 {}
        String::from_utf8(std::mem::take(&mut self.unread)).unwrap()
    }

    /// The head of an answer, with its empty line.
    pub(crate) async fn head(&mut self) -> String {
        self.read_until("\r\n\r\n").await
    }

    /// The payload of the next chunk.
    pub(crate) async fn chunk(&mut self) -> String {
        let size = self.read_until("\r\n").await;
        let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
        while self.unread.len() < size + 2 {
            assert!(self.fill("a chunk").await > 0, "the connection ended within a chunk");
        }
        let rest = self.unread.split_off(size + 2);
        let chunk = String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap();
        chunk.strip_suffix("\r\n").expect("a chunk ends with a line break").to_owned()
    }

    /// The data of the next chunk, which must be an event.
    pub(crate) async fn data(&mut self) -> Value {
        let chunk = self.chunk().await;
        let data = chunk.lines().find_map(|line| line.strip_prefix("data: "));
        serde_json::from_str(data.unwrap_or_else(|| panic!("{chunk:?} is no event"))).unwrap()
    }

    /// Identifier and version of the next chunk, which must be an event.
    pub(crate) async fn event(&mut self) -> (String, i64) {
        let event: StreamEvent = serde_json::from_value(self.data().await).unwrap();
        (event.identifier, event.version.0)
    }

    /// The next `count` chunks, which must be events.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<(String, i64)> {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(self.event().await);
        }
        events
    }

    async fn fill(&mut self, what: &str) -> usize {
        let mut bytes = vec![0; 1 << 16];
        // A reset is an end too.
        let count = within(what, self.socket.read(&mut bytes)).await.unwrap_or(0);
        self.unread.extend_from_slice(&bytes[..count]);
        count
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.unread).into_owned()
    }
}
