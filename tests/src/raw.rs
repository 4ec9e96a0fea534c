//! HTTP/1.1 written byte by byte, for the requests of programs that cannot run here.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value;

/// No answer, and no heartbeat of a stream, takes this long.
const READ_LIMIT: Duration = Duration::from_secs(20);

/// A connection that is kept alive.
pub struct Http {
    socket: BufReader<TcpStream>,
    address: SocketAddr,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body without its chunks and its compression.
    pub body: Vec<u8>,
}

/// The body of an answer that does not end.
pub struct Stream {
    /// The head of the answer, with an empty body.
    pub reply: Reply,
    socket: BufReader<TcpStream>,
}

impl Http {
    /// Connects.
    ///
    /// # Panics
    /// If nobody listens there.
    pub fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        let limited = socket.set_read_timeout(Some(READ_LIMIT)).and(socket.set_nodelay(true));
        limited.unwrap_or_else(|error| panic!("{address}: {error}"));
        Self { socket: BufReader::new(socket), address }
    }

    /// Sends a request with exactly these headers, but for `Host` and `Content-Length`, and reads the answer.
    ///
    /// # Panics
    /// If no complete answer comes.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Reply {
        self.write(method, path, headers, body);
        let mut reply = self.head(path);
        reply.body = match (reply.header("transfer-encoding"), reply.header("content-length")) {
            (Some("chunked"), _) => self.chunks(path),
            (_, Some(length)) => self.bytes(path, length.parse().unwrap_or_default()),
            _ => Vec::new(),
        };
        if reply.header("content-encoding") == Some("gzip") {
            let mut plain = Vec::new();
            let unpacked = GzDecoder::new(&*reply.body).read_to_end(&mut plain);
            unpacked.unwrap_or_else(|error| panic!("{path}: {error}"));
            reply.body = plain;
        }
        reply
    }

    /// Asks for a stream.
    ///
    /// # Panics
    /// If no head of an answer comes.
    pub fn stream(mut self, path: &str, headers: &[(&str, &str)]) -> Stream {
        self.write("GET", path, headers, None);
        let reply = self.head(path);
        Stream { reply, socket: self.socket }
    }

    fn write(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        match body.map(Value::to_string) {
            Some(body) => text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len())),
            None => text.push_str("\r\n"),
        }
        let written = self.socket.get_mut().write_all(text.as_bytes());
        written.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
    }

    fn head(&mut self, path: &str) -> Reply {
        let first = line(&mut self.socket, path);
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut headers = Vec::new();
        loop {
            let line = line(&mut self.socket, path);
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let status = status.unwrap_or_else(|| panic!("{path}: {first:?} is no status line"));
        Reply { status, headers, body: Vec::new() }
    }

    fn chunks(&mut self, path: &str) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let chunk = chunk(&mut self.socket, path);
            if chunk.is_empty() {
                return body;
            }
            body.extend(chunk);
        }
    }

    fn bytes(&mut self, path: &str, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.socket.read_exact(&mut bytes).unwrap_or_else(|error| panic!("body of {path}: {error}"));
        bytes
    }
}

impl Reply {
    /// The first header of that name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {} {text:?}", self.status))
    }
}

impl Stream {
    /// The next chunk as text: a heartbeat or an event.
    ///
    /// # Panics
    /// If none comes.
    pub fn chunk(&mut self) -> String {
        String::from_utf8_lossy(&chunk(&mut self.socket, "a stream")).into_owned()
    }
}

fn line(socket: &mut BufReader<TcpStream>, what: &str) -> String {
    let mut line = String::new();
    let read = socket.read_line(&mut line);
    assert!(read.as_ref().is_ok_and(|count| *count > 0), "{what}: the answer ended: {read:?}");
    line.trim_end().to_owned()
}

/// The payload of the next chunk; nothing at the end of the body.
fn chunk(socket: &mut BufReader<TcpStream>, what: &str) -> Vec<u8> {
    let size = line(socket, what);
    let size = usize::from_str_radix(&size, 16).unwrap_or_else(|error| panic!("{what}: {size:?}: {error}"));
    let mut bytes = vec![0; size + 2];
    socket.read_exact(&mut bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    bytes.truncate(size);
    bytes
}
