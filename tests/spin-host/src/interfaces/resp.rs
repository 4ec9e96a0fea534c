//! As much of the Redis protocol as a command and its answer need.

use std::io;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpStream, UnixStream};

/// An answer; arrays are flattened, as Spin's are.
pub(super) enum Reply {
    Nil,
    Status(String),
    Integer(i64),
    Bulk(Vec<u8>),
}

/// A connection to one server.
pub(super) struct Client(BufStream<Box<dyn Stream>>);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Client {
    /// Connects to `redis://[user[:password]@]host[:port][/number]`, or `redis+unix:///path`, which Spin has
    /// not: tests have private servers without a port.
    pub(super) async fn connect(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("redis+unix://") {
            return Ok(Self::over(UnixStream::connect(path).await?));
        }
        let rest = url.strip_prefix("redis://").context("only redis:// is offered here")?;
        let (authority, number) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:6379") };
        let mut client = Self::over(TcpStream::connect(host).await?);
        if let Some((_, password)) = user.and_then(|user| user.split_once(':')) {
            client.call(&[b"AUTH", password.as_bytes()]).await?;
        }
        if !number.is_empty() {
            client.call(&[b"SELECT", number.as_bytes()]).await?;
        }
        Ok(client)
    }

    fn over(stream: impl Stream + 'static) -> Self {
        Self(BufStream::new(Box::new(stream)))
    }

    /// Sends one command and reads its answer.
    pub(super) async fn call(&mut self, words: &[&[u8]]) -> Result<Vec<Reply>> {
        self.0.write_all(format!("*{}\r\n", words.len()).as_bytes()).await?;
        for word in words {
            self.0.write_all(format!("${}\r\n", word.len()).as_bytes()).await?;
            self.0.write_all(word).await?;
            self.0.write_all(b"\r\n").await?;
        }
        self.0.flush().await?;
        self.read().await
    }

    async fn read(&mut self) -> Result<Vec<Reply>> {
        let mut replies = Vec::new();
        let mut left = 1_usize;
        while left > 0 {
            left -= 1;
            let line = self.line().await?;
            let (kind, text) = line.split_at_checked(1).context("an empty line")?;
            match kind {
                "+" => replies.push(Reply::Status(text.to_owned())),
                ":" => replies.push(Reply::Integer(text.parse()?)),
                "$" => replies.push(match usize::try_from(text.parse::<i64>()?) {
                    Ok(length) => Reply::Bulk(self.bulk(length).await?),
                    Err(_) => Reply::Nil,
                }),
                "*" => match usize::try_from(text.parse::<i64>()?) {
                    Ok(length) => left += length,
                    Err(_) => replies.push(Reply::Nil),
                },
                // Errors come alone, never inside of an answer to the commands that are sent here.
                "-" => bail!("{text}"),
                other => bail!("an answer of the unknown kind {other:?}"),
            }
        }
        Ok(replies)
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(line.trim_end().to_owned())
    }

    async fn bulk(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length + 2];
        self.0.read_exact(&mut bytes).await?;
        bytes.truncate(length);
        Ok(bytes)
    }
}
