//! What the stream tells: that there is something newer, and which version.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use model::Version;
use platform_native::SystemRandom;
use sse::{Item, Parser};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::debug;

use super::failure::{Backoff, Failure};
use super::limits::STREAM_SILENCE;
use super::origin::Origin;

/// What is known of an environment before it is read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct News {
    /// The newest version that was heard of.
    pub(super) version: Version,
    /// Whether a stream is open, so that what is not heard of did not happen.
    pub(super) listening: bool,
}

/// Listens for ever. Every beginning and end of a stream is news too: something may have been missed.
pub(super) async fn listen(origin: Arc<Origin>, news: watch::Sender<News>) {
    let mut backoff = Backoff::default();
    loop {
        let mut asked = None;
        match origin.stream().await {
            Ok(response) => {
                news.send_modify(|news| news.listening = true);
                let heard = read(response.into_body(), &news).await;
                news.send_modify(|news| news.listening = false);
                // A server that takes connections only to end them is not to be hammered.
                if heard.events > 0 {
                    backoff.reset();
                }
                asked = heard.retry;
            }
            Err(Failure::Passing { why, wait }) => {
                debug!("{why}");
                asked = wait;
            }
            Err(Failure::Refused(why)) => debug!("{why}"),
        }
        tokio::time::sleep(backoff.next(asked, &SystemRandom)).await;
    }
}

#[derive(Default)]
struct Heard {
    events: u64,
    /// How long to wait before connecting again, if the server said so.
    retry: Option<Duration>,
}

/// Reads a stream to its end.
async fn read(mut body: Incoming, news: &watch::Sender<News>) -> Heard {
    let mut parser = Parser::default();
    let mut heard = Heard::default();
    while let Ok(Some(Ok(frame))) = timeout(STREAM_SILENCE, body.frame()).await {
        let Ok(bytes) = frame.into_data() else { continue };
        let Ok(items) = parser.push(&bytes) else { break };
        for item in items {
            heard.events += 1;
            match item {
                Item::Event(event) => {
                    if let Ok(version) = event.id.parse() {
                        news.send_if_modified(|news| news.raise(Version(version)));
                    }
                }
                Item::Retry(wait) => heard.retry = Some(wait),
                Item::Comment(_) => {}
            }
        }
    }
    heard
}

impl News {
    /// Whether that is newer than what was known. Streams repeat what a client may have missed.
    fn raise(&mut self, version: Version) -> bool {
        let is_newer = version > self.version;
        self.version = self.version.max(version);
        is_newer
    }
}
