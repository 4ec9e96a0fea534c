//! An open stream without its socket: what to send, and when.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use model::{KeyKind, KeyRecord};
use tokio::task::coop::consume_budget;
use tracing::info;

use crate::channel::Channel;
use crate::end::End;
use crate::frame::Frame;
use crate::limits::{HEARTBEAT_EVERY, HEARTBEAT_SPREAD, RETRY_MS_MIN, RETRY_MS_SPREAD};
use crate::places::Place;
use crate::reader::{Action, Listener, Reader};
use crate::relay::{Phase, Relay};
use crate::replay::Start;

/// An open stream.
pub(crate) struct Subscription {
    relay: Arc<Relay>,
    channel: Arc<Channel>,
    _place: Place,
    reader: Reader,
    kind: KeyKind,
    resumed: bool,
    opened_ms: i64,
    events_sent: u64,
}

/// Who was let in, and what to begin with.
pub(crate) struct Admitted {
    /// The key.
    pub(crate) key: KeyRecord,
    /// To whom the stream speaks.
    pub(crate) listener: Listener,
    /// Where it begins.
    pub(crate) start: Start,
    /// Whether the client said what it had.
    pub(crate) resumed: bool,
}

impl Subscription {
    /// A stream for whoever was admitted.
    pub(crate) fn new(relay: Arc<Relay>, channel: Arc<Channel>, place: Place, admitted: Admitted) -> Self {
        let Admitted { key, listener, start, resumed } = admitted;
        let opened_ms = relay.clock.now_ms();
        let lifetime_ms = millis(relay.limits.stream_lifetime);
        let lifetime_ms = lifetime_ms.saturating_sub(relay.random.below(lifetime_ms / 6));
        let ends_ms = opened_ms.saturating_add_unsigned(lifetime_ms);
        let ends = match key.expires_ms {
            Some(expires_ms) if expires_ms < ends_ms => (expires_ms, End::KeyRevoked),
            _ => (ends_ms, End::Lifetime),
        };
        relay.counters.streams.up();
        relay.counters.opened.add();
        if resumed {
            relay.counters.resumed.add();
        }
        // Or all streams that heard of a change at once would be silent for ten seconds and then speak
        // at once.
        let sooner = Duration::from_millis(relay.random.below(millis(HEARTBEAT_SPREAD)));
        let reader = Reader::new(
            Arc::clone(place.key()),
            listener,
            start,
            HEARTBEAT_EVERY.saturating_sub(sooner),
            ends,
        );
        Self { reader, relay, channel, _place: place, kind: key.kind, resumed, opened_ms, events_sent: 0 }
    }

    /// Waits for the next frame to send. `gone` resolves, once, when the client is.
    ///
    /// # Errors
    /// Why the stream ends.
    pub(crate) async fn next(&mut self, mut gone: Pin<&mut impl Future<Output = End>>) -> Result<Frame, End> {
        // A stream with much to send must let others have their turn.
        consume_budget().await;
        let relay = Arc::clone(&self.relay);
        let channel = Arc::clone(&self.channel);
        let mut time = None;
        loop {
            // Registered before looking, so that what happens in between still wakes us.
            let mut woken = pin!(channel.wake.notified());
            woken.as_mut().enable();
            if self.notice_shutdown() {
                time = None;
            }
            if relay.phase() == Phase::Closing {
                return Err(End::ShutDown);
            }
            let action = self.reader.next(&mut channel.topic(), relay.clock.now_ms());
            match action {
                Action::Send(frame) => return Ok(self.counted(frame)),
                Action::End(end) => return Err(end),
                Action::Evaluate(audience, answers) => {
                    self.reader.tell(audience.told(&answers, &relay.counters.evaluated));
                    continue;
                }
                Action::Wait(most) => {
                    // Kept when we are woken for nothing, or the silence could grow.
                    let time = time.get_or_insert_with(|| relay.clock.sleep(most));
                    // In this order, so that a simulated run is the same each time.
                    tokio::select! {
                        biased;
                        () = woken => continue,
                        end = &mut gone => return Err(end),
                        () = time => {}
                    }
                }
            }
            self.reader.time_is_up();
            time = None;
        }
    }

    /// The stream has ended: one line in the log, one count.
    pub(crate) fn ended(&self, end: End) {
        self.relay.counters.ended(end);
        let duration_ms = self.relay.clock.now_ms().saturating_sub(self.opened_ms);
        let (environment, end) = (&self.channel.environment, end.as_str());
        info!(
            environment = %environment,
            stream.key_kind = self.kind.as_str(),
            stream.end = end,
            stream.events = self.events_sent,
            stream.resumed = self.resumed,
            duration_ms,
            "a stream of environment {environment} ended: {end}"
        );
    }

    /// Whether a shutdown has begun since the last look.
    fn notice_shutdown(&mut self) -> bool {
        let relay = &self.relay;
        if relay.phase() == Phase::Serving || self.reader.is_shutting_down() {
            return false;
        }
        let delay_ms = relay.random.below(millis(relay.limits.drain_window));
        let retry_ms = RETRY_MS_MIN + relay.random.below(RETRY_MS_SPREAD);
        let ends_ms = relay.clock.now_ms().saturating_add_unsigned(delay_ms);
        self.reader.shut_down(ends_ms, Frame::retry(Duration::from_millis(retry_ms)));
        true
    }

    fn counted(&mut self, frame: Frame) -> Frame {
        if frame.is_heartbeat() {
            self.relay.counters.heartbeats_sent.add();
        } else {
            self.relay.counters.events_sent.add();
            self.events_sent += 1;
        }
        frame
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.relay.counters.streams.down();
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
