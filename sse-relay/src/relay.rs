//! The relay as one value: what it stands on, and what all its streams share.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::TokenKeys;
use client_api::{Caller, Source, TargetStore, identify, target};
use model::{Error, KeyKind};
use platform::{ChangeFeed, Clock, Random, within};
use tokio::sync::watch;
use tracing::{debug, warn};

use crate::channel::{Channel, Channels};
use crate::counters::Counters;
use crate::limits::{Limits, SOURCE_TIME};
use crate::places::{Place, Places};
use crate::reader::Listener;
use crate::refusal::Refusal;
use crate::request::StreamRequest;
use crate::subscription::{Admitted, Subscription};

/// What a relay stands on.
pub struct Parts {
    /// Keys, and what changed in an environment.
    pub source: Arc<dyn Source>,
    /// Verifies the tokens that SDKs present.
    pub tokens: Arc<TokenKeys>,
    /// Targets that were too large for a token.
    pub targets: Arc<dyn TargetStore>,
    /// What changes.
    pub feed: Arc<dyn ChangeFeed>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub random: Arc<dyn Random>,
    /// Limits.
    pub limits: Limits,
}

/// Holds the streams of SDKs. Made once, given to [`run`](crate::run).
pub struct Relay {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) feed: Arc<dyn ChangeFeed>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) limits: Limits,
    pub(crate) channels: Channels,
    pub(crate) counters: Counters,
    tokens: Arc<TokenKeys>,
    targets: Arc<dyn TargetStore>,
    places: Arc<Places>,
    phase: watch::Sender<Phase>,
    /// The feed's position was taken. Before that no environment may be read.
    is_following: AtomicBool,
}

/// How far a relay's life has come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Phase {
    /// Streams are opened and held.
    Serving,
    /// No new streams; those that are open end one after the other.
    Draining,
    /// What is still open is dropped.
    Closing,
}

impl Relay {
    /// A relay without streams.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { source, tokens, targets, feed, clock, random, limits } = parts;
        Arc::new(Self {
            source,
            feed,
            clock,
            random,
            limits,
            channels: Channels::default(),
            counters: Counters::default(),
            tokens,
            targets,
            places: Arc::default(),
            phase: watch::Sender::new(Phase::Serving),
            is_following: AtomicBool::new(false),
        })
    }

    /// Whether streams can be opened: the change feed is being followed and no shutdown has begun.
    pub fn is_ready(&self) -> bool {
        self.is_following.load(Ordering::Acquire) && self.phase() == Phase::Serving
    }

    /// Counters for `/metrics`, in Prometheus' text format.
    pub fn metrics_text(&self) -> String {
        self.counters.text()
    }

    /// Admits a stream: who asks, is there room, and where does it begin. Nothing is sent before.
    pub(crate) async fn open(
        self: &Arc<Self>,
        request: &StreamRequest,
        address: IpAddr,
    ) -> Result<Subscription, Refusal> {
        if !self.is_ready() {
            return Err(Refusal::Unavailable);
        }
        match within(&*self.clock, SOURCE_TIME, self.admit(request, address)).await {
            Some(admitted) => admitted,
            None => {
                warn!("a stream was refused because the stores did not answer in time");
                Err(Refusal::Unavailable)
            }
        }
    }

    async fn admit(
        self: &Arc<Self>,
        request: &StreamRequest,
        address: IpAddr,
    ) -> Result<Subscription, Refusal> {
        let (api_key, bearer) = (request.api_key.as_deref(), request.bearer.as_deref());
        let caller =
            identify(&*self.source, &self.tokens, api_key, bearer).await.map_err(|error| refused(&error))?;
        let place = Place::take(&self.places, caller.key.hash.clone(), address.to_canonical(), &self.limits);
        let place = place.ok_or_else(|| {
            warn!(environment = %caller.key.environment_uuid, "a stream was refused: its key or address holds as many as it may");
            Refusal::Unavailable
        })?;
        let channel = self.channels.open(&caller.key.environment_uuid);
        let start = self.subscribe(&channel, request.last_event_id).await.map_err(|error| refused(&error))?;
        if channel.topic().is_revoked(caller.key.hash.as_str()) {
            return Err(Refusal::Forbidden);
        }
        let listener = self.listener(&channel, &caller, request).await;
        let resumed = request.last_event_id.is_some();
        let admitted = Admitted { key: caller.key, listener, start, resumed };
        Ok(Subscription::new(Arc::clone(self), channel, place, admitted))
    }

    /// To whom a stream speaks. Whose answers a client holds is a help, not a condition: where it cannot
    /// be known, the client is told what changed and fetches.
    async fn listener(&self, channel: &Arc<Channel>, caller: &Caller, request: &StreamRequest) -> Listener {
        if caller.key.kind == KeyKind::Server {
            return Listener::Server;
        }
        let target = target::of_stream(request.target.clone(), caller.claims.as_ref(), &*self.targets).await;
        let target = target.unwrap_or_else(|error| {
            warn!(error = error.in_full(), "a stream is opened without its target: {error}");
            None
        });
        let Some(audience) = target.and_then(|target| channel.audiences.join(target)) else {
            return Listener::Client;
        };
        let effect = channel.topic().follow_rules(self.clock.now_ms());
        self.channels.perform(channel, effect);
        Listener::Target(audience)
    }

    pub(crate) fn set_following(&self) {
        self.is_following.store(true, Ordering::Release);
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Goes on to `phase` and tells everybody.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
        self.channels.wake_all();
    }

    /// Waits until the relay has come to `phase`.
    pub(crate) async fn reached(&self, phase: Phase) {
        // It cannot fail: the sender is ours.
        let _ = self.phase.subscribe().wait_for(|now| *now >= phase).await;
    }
}

fn refused(error: &Error) -> Refusal {
    let refusal = Refusal::from(error);
    if refusal == Refusal::Unavailable {
        warn!(error = error.in_full(), "a stream was refused: {error}");
    } else {
        debug!(error = %error, "a stream was refused: {error}");
    }
    refusal
}
