//! Streams without sockets, for whoever lives in the relay's own process.

use std::future::pending;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::Bytes;
use model::{Error, Version};

use crate::frame::Framing;
use crate::limits::CATCH_UPS_AT_ONCE;
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::request::StreamRequest;
use crate::subscription::Subscription;

/// What runs until it is dropped.
type Background = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An open stream.
pub struct Listening(Subscription);

impl Relay {
    /// What a relay does beside its streams: follows the feed, catches up, lets go. For a process that does not
    /// [`run`](crate::run) it on a listener; each ends when it is dropped.
    pub fn background(self: &Arc<Self>) -> Vec<Background> {
        let mut tasks: Vec<Background> =
            vec![Box::pin(Arc::clone(self).follow(None)), Box::pin(Arc::clone(self).sweep())];
        tasks.extend((0..CATCH_UPS_AT_ONCE).map(|_| Box::pin(Arc::clone(self).catch_up()) as Background));
        tasks
    }

    /// Opens a stream as a client with that SDK key would; `last_event_id` is the version up to which it has
    /// everything.
    ///
    /// # Errors
    /// `Forbidden` for a key that is not alive, `Unavailable` if the stream cannot be opened now.
    pub async fn listen(
        self: &Arc<Self>,
        api_key: &str,
        last_event_id: Option<Version>,
    ) -> Result<Listening, Error> {
        let request = StreamRequest {
            framing: Framing::Plain,
            api_key: Some(api_key.to_owned()),
            bearer: None,
            target: None,
            last_event_id,
        };
        let opened = self.open(&request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
        opened.map(Listening).map_err(|refusal| match refusal {
            Refusal::Unavailable => {
                Error::Unavailable { message: "the stream cannot be opened now; try again", source: None }
            }
            _ => Error::Forbidden("the key opens no stream".to_owned()),
        })
    }
}

impl Listening {
    /// The next bytes of the stream: whole events, comments or the farewell. `None` at its end.
    pub async fn next(&mut self) -> Option<Bytes> {
        match self.0.next(pin!(pending())).await {
            Ok(frame) => Some(Bytes::copy_from_slice(frame.bytes(Framing::Plain))),
            Err(end) => {
                self.0.ended(end);
                None
            }
        }
    }
}
