//! Many clients, each on a connection of its own.

use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::server::{BROWSERS_KEY, KEY};

/// How streams are asked for.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// On new connections, with a server key.
    Fresh,
    /// On connections that served something else before, as Node's SDK does.
    Reused,
    /// With a client key, each for a target of its own, as browsers do.
    Browsers,
}

/// Clients that connect at the same time.
const AT_ONCE: usize = 100;

/// Open streams. Each tells when it hears of a change.
pub(crate) struct Clients {
    streams: usize,
    heard: Vec<mpsc::UnboundedReceiver<Instant>>,
}

impl Clients {
    /// Opens streams and waits until each has its first heartbeat.
    pub(crate) async fn open(port: u16, streams: usize, manner: Manner) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        let mut workers = JoinSet::new();
        for worker in 0..AT_ONCE {
            let sender = sender.clone();
            let share = (streams + worker) / AT_ONCE;
            workers.spawn(async move {
                for index in 0..share {
                    let socket = open(port, manner, &format!("{worker}-{index}")).await;
                    tokio::spawn(listen(socket, sender.clone()));
                }
            });
        }
        workers.join_all().await;
        Self { streams, heard: vec![heard] }
    }

    /// Takes over the streams of `others`.
    pub(crate) fn add(&mut self, others: Self) {
        self.streams += others.streams;
        self.heard.extend(others.heard);
    }

    /// Waits until every stream has heard of a change; returns when each did.
    pub(crate) async fn heard(&mut self) -> Vec<Instant> {
        let mut all = Vec::with_capacity(self.streams);
        while all.len() < self.streams {
            for heard in &mut self.heard {
                while let Ok(at) = heard.try_recv() {
                    all.push(at);
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        all
    }
}

async fn open(port: u16, manner: Manner, target: &str) -> TcpStream {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.expect("the relay accepts");
    let credentials = match manner {
        Manner::Fresh | Manner::Reused => format!("API-Key: {KEY}\r\n"),
        Manner::Browsers => {
            let target =
                format!(r#"{{"identifier":"{target}","attributes":{{"plan":"pro","country":"NL"}}}}"#);
            format!("API-Key: {BROWSERS_KEY}\r\nHarness-Target: {}\r\n", STANDARD.encode(target))
        }
    };
    if matches!(manner, Manner::Reused) {
        ask(&mut socket, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", "hello").await;
    }
    ask(&mut socket, &format!("GET /stream HTTP/1.1\r\nHost: x\r\n{credentials}\r\n"), ":\n\n").await;
    socket
}

async fn ask(socket: &mut TcpStream, request: &str, expected: &str) {
    socket.write_all(request.as_bytes()).await.expect("the relay reads");
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(expected) {
        let read = socket.read_buf(&mut answer).await.expect("the relay answers");
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
    }
}

async fn listen(mut socket: TcpStream, heard: mpsc::UnboundedSender<Instant>) {
    let mut bytes = [0; 1_024];
    while let Ok(read @ 1..) = socket.read(&mut bytes).await {
        let at = Instant::now();
        if bytes.iter().take(read).any(|byte| *byte == b'{') && heard.send(at).is_err() {
            return;
        }
    }
}
