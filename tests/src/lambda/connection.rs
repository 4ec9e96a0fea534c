//! HTTP/1.1 as a server sees it, as far as a runtime's client speaks it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A connection that is kept alive.
pub(super) struct Connection(BufReader<TcpStream>);

pub(super) struct Message {
    pub(super) path: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl Connection {
    pub(super) fn new(socket: TcpStream) -> Self {
        let _ = socket.set_nodelay(true); // Slower without; a broken socket is noticed at the first read.
        Self(BufReader::new(socket))
    }

    /// The next request; `None` when the client is gone.
    pub(super) fn read(&mut self) -> Option<Message> {
        let first = self.line()?;
        let path = first.split(' ').nth(1)?.to_owned();
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Message { path, headers, body: Vec::new() };
        message.body = match (message.header("transfer-encoding"), message.header("content-length")) {
            (Some("chunked"), _) => self.chunks()?,
            (_, Some(length)) => self.bytes(length.parse().ok()?)?,
            _ => Vec::new(),
        };
        Some(message)
    }

    /// `None` if the client is gone.
    pub(super) fn write(&mut self, status: u16, headers: &[&str], body: &[u8]) -> Option<()> {
        let mut head = format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\n", body.len());
        for header in headers {
            head.push_str(&format!("{header}\r\n"));
        }
        head.push_str("\r\n");
        self.0.get_mut().write_all(&[head.as_bytes(), body].concat()).ok()
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.0.read_line(&mut line).ok()?;
        (count > 0).then(|| line.trim_end().to_owned())
    }

    /// Trailers are read and forgotten: they tell of errors, which a broken off body tells of as well.
    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).ok()?;
            if size == 0 {
                while !self.line()?.is_empty() {}
                return Some(body);
            }
            body.extend(self.bytes(size)?);
            self.line()?;
        }
    }

    fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}
