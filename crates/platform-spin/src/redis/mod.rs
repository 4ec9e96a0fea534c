//! Redis behind the cache, feed and queue ports, in the form of [`platform::redis`].

mod cache;
mod feed;
mod queue;

use std::sync::Arc;

use platform::redis::{CHANGES, JOBS};
use platform::{Cache, ChangeFeed, WorkQueue};
use spin_sdk::redis::{Connection, Error, RedisParameter, RedisResult};
use tokio::sync::Mutex;

/// One request's connection to a server, opened on first use.
pub(crate) struct Redis {
    link: Arc<Link>,
    prefix: String,
}

struct Link {
    url: String,
    connection: Mutex<Option<Connection>>,
}

/// A word of a command.
enum Word<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Number(i64),
}

impl Redis {
    /// The server at `url`; keys begin with `prefix`.
    pub(crate) fn new(url: String, prefix: &str) -> Self {
        Self { link: Arc::new(Link { url, connection: Mutex::default() }), prefix: prefix.to_owned() }
    }

    /// Small values under names.
    pub(crate) fn cache(&self) -> Arc<dyn Cache> {
        Arc::new(cache::RedisCache::new(Arc::clone(&self.link), self.prefix.clone()))
    }

    /// The stream `changes`.
    pub(crate) fn feed(&self) -> Arc<dyn ChangeFeed> {
        Arc::new(feed::RedisFeed::new(Arc::clone(&self.link), self.key(CHANGES)))
    }

    /// The stream `jobs`.
    pub(crate) fn queue(&self) -> Arc<dyn WorkQueue> {
        Arc::new(queue::RedisQueue::new(Arc::clone(&self.link), self.key(JOBS)))
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

impl Link {
    /// Sends a command. The error is in Redis's words, or the connection's.
    async fn call(&self, command: &str, words: &[Word<'_>]) -> Result<Vec<RedisResult>, String> {
        let mut connection = self.connection.lock().await;
        let open = match connection.take() {
            Some(open) => open,
            None => Connection::open(&self.url).await.map_err(describe)?,
        };
        let answer = open.execute(command, words.iter().map(Word::parameter)).await;
        // After a failure the next call has another connection; one that was refused only loses little by it.
        if answer.is_ok() {
            *connection = Some(open);
        }
        answer.map_err(describe)
    }
}

impl Word<'_> {
    fn parameter(&self) -> RedisParameter {
        match self {
            Self::Text(text) => RedisParameter::Binary(text.as_bytes().to_vec()),
            Self::Bytes(bytes) => RedisParameter::Binary(bytes.to_vec()),
            Self::Number(number) => RedisParameter::Int64(*number),
        }
    }
}

fn describe(error: Error) -> String {
    match error {
        Error::InvalidAddress => {
            "Redis: the address is not one, or not among the allowed_outbound_hosts of spin.toml".to_owned()
        }
        Error::TooManyConnections => "Redis: Spin has too many connections open".to_owned(),
        Error::TypeError => "Redis: a key holds a value of another kind".to_owned(),
        Error::Other(text) => format!("Redis: {text}"),
    }
}

/// The bytes of each part of an answer that has some.
fn words(answer: Vec<RedisResult>) -> Vec<Vec<u8>> {
    let bytes = |part| match part {
        RedisResult::Nil => None,
        RedisResult::Status(text) => Some(text.into_bytes()),
        RedisResult::Int64(number) => Some(number.to_string().into_bytes()),
        RedisResult::Binary(bytes) => Some(bytes),
    };
    answer.into_iter().filter_map(bytes).collect()
}

/// The number that an answer begins with.
fn number(answer: Vec<RedisResult>) -> Option<i64> {
    let first = words(answer).into_iter().next()?;
    std::str::from_utf8(&first).ok()?.parse().ok()
}
