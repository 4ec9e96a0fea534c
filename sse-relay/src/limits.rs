//! Every limit of the relay.

use std::time::Duration;

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Streams that one SDK key may hold.
    pub streams_per_key: usize,
    /// Streams that one address may hold. `None` behind a trusted proxy, where all have the same address.
    pub streams_per_address: Option<usize>,
    /// Connections of any kind. Beyond it new ones wait in the listener's queue.
    pub connections: usize,
    /// Bytes of the head of a stream's request. Browser SDKs send their target in it, attributes and all.
    pub head_bytes: usize,
    /// How long a new connection may take until its first request's head is there.
    pub head_time: Duration,
    /// How long a reader may take to accept one write before it is disconnected.
    pub write_time: Duration,
    /// The longest life of a stream. Browsers keep every byte of a stream in memory until it ends. Each
    /// stream gets up to a sixth less, so that those opened together do not return together.
    pub stream_lifetime: Duration,
    /// Over how long the ends of the streams are spread at shutdown, so that their clients do not storm
    /// whoever serves next.
    pub drain_window: Duration,
    /// How long connections may take to end after that.
    pub drain_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            streams_per_key: 5_000,
            streams_per_address: Some(100),
            connections: 50_000,
            head_bytes: 64 * 1024,
            head_time: Duration::from_secs(10),
            write_time: Duration::from_secs(10),
            stream_lifetime: Duration::from_secs(24 * 60 * 60),
            drain_window: Duration::from_secs(5),
            drain_grace: Duration::from_secs(5),
        }
    }
}

/// The longest silence on a stream. Node, Go and browser SDKs give up after 30 s.
pub(crate) const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
/// Each stream's own longest silence is up to so much shorter, so that thousands that heard of one change
/// do not all get their next heartbeat in the same moment.
pub(crate) const HEARTBEAT_SPREAD: Duration = Duration::from_secs(2);
/// How far back a stream without `Last-Event-ID` is told what changed: longer than any SDK's usual way
/// back, because SDKs do not fetch anything when they reconnect.
pub(crate) const REPLAY_WINDOW_MS: i64 = 120_000;
/// Events sent at once. More are spread, because each makes the SDK fetch an object.
pub(crate) const BURST_EVENTS: usize = 100;
/// Into how many portions more events than that are divided …
pub(crate) const PACE_PORTIONS: usize = 50;
/// … one after each such wait: five seconds in all, if no portion has more events than
/// [`PORTION_EVENTS_MAX`].
pub(crate) const PACE_WAIT: Duration = Duration::from_millis(100);
/// Events of one portion. Node reads 64 KiB at a time and ends its process over an event that a read cuts in two: at this
/// pace it may be busy with its start for three seconds before so many bytes wait for it.
pub(crate) const PORTION_EVENTS_MAX: usize = 20;
/// How long streams of targets wait until it is known what a version means to them. Then they are told of
/// it without answers, and their clients fetch.
pub(crate) const RULES_MS_MAX: i64 = 500;
/// Between two attempts to read what is needed for that.
pub(crate) const RULES_RETRY_WAIT: Duration = Duration::from_millis(50);
/// Environments whose rules are read at the same time.
pub(crate) const RULES_AT_ONCE: usize = 8;
/// Versions and replays for which it is remembered what they mean to targets. Streams that are further
/// behind are told without answers.
pub(crate) const DECIDED_MAX: usize = 64;
/// Flags that are evaluated for every target when one version changes. Evaluating so many before and after
/// for 5,000 targets takes about a second of one core; of more, targets are told without answers.
pub(crate) const EVALUATED_FLAGS_MAX: usize = 1_000;
/// Bytes of a frame with an answer, chunk and all: browsers lose an event that packets cut in two.
pub(crate) const EMBEDDED_FRAME_BYTES_MAX: usize = 1_400;
/// Bytes of a target's JSON that are kept for its streams. Streams of larger ones get no answers.
pub(crate) const TARGET_BYTES_MAX: usize = 4 * 1024;
/// Targets of one environment that are kept for their streams, beyond which streams get no answers.
pub(crate) const AUDIENCES_MAX: usize = 10_000;
/// Versions of an environment kept for readers that are behind.
pub(crate) const LOG_STEPS_MAX: usize = 1_024;
/// Events kept for them: more than an environment has objects.
pub(crate) const LOG_EVENTS_MAX: usize = 16_384;
/// Answers to "what changed after …" kept for the next who asks the same.
pub(crate) const REPLAYS_MAX: usize = 64;
/// How long such an answer is handed out before what happened since is worked into it.
pub(crate) const REPLAY_FRESH_MS: i64 = 1_000;
/// How long an environment's streams may miss news because the stores are away. Then they are closed:
/// SDKs poll when they have no stream, and a silent stream would tell them that nothing changed.
pub(crate) const BEHIND_MS_MAX: i64 = 30_000;
/// How long a deleted key is remembered: longer than a key's record may be out of date when a stream is
/// admitted, and than a stalled stream takes to look.
pub(crate) const REVOKED_MS: i64 = 60_000;
/// How old a key's record may be when it is read: `Source::key` promises no more.
pub(crate) const KEY_AGE_MS_MAX: i64 = 1_000;
/// How long an environment without streams is followed, so that a reconnecting SDK finds it warm.
pub(crate) const IDLE_MS_MAX: i64 = 60_000;
/// How often changed keys are looked up again, and idle environments are let go.
pub(crate) const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// How long the source may take to answer before a new stream is refused.
pub(crate) const SOURCE_TIME: Duration = Duration::from_secs(5);
/// Entries of the feed read at once.
pub(crate) const FEED_PAGE: usize = 512;
/// How long one read of the feed waits for news …
pub(crate) const FEED_WAIT: Duration = Duration::from_secs(5);
/// … and how much longer it may take before it counts as failed.
pub(crate) const FEED_GRACE: Duration = Duration::from_secs(4);
/// Between two attempts to reach a store that is away.
pub(crate) const RETRY_WAIT: Duration = Duration::from_secs(1);
/// Environments that are brought up from the database at the same time.
pub(crate) const CATCH_UPS_AT_ONCE: usize = 8;
/// Bytes a client may send after its request; they are read and forgotten.
pub(crate) const INPUT_BYTES_MAX: usize = 16 * 1024;
/// What a stalled reader can pile up in the kernel.
pub(crate) const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// After how long without an acknowledgement the kernel gives up a peer, also one whose window is shut.
pub(crate) const PEER_SILENCE_MAX: Duration = Duration::from_secs(30);
/// How long a kept-alive connection may stay without a request.
pub(crate) const KEEP_ALIVE_TIME: Duration = Duration::from_secs(75);
/// How long a closing connection is read, so that what was sent last is not lost to a reset.
pub(crate) const LINGER_TIME: Duration = Duration::from_secs(1);
/// What clients are asked to wait at shutdown: at least this …
pub(crate) const RETRY_MS_MIN: u64 = 1_000;
/// … and less than so much more.
pub(crate) const RETRY_MS_SPREAD: u64 = 4_000;
/// Without chunks nothing keeps a heartbeat and an event apart but time.
pub(crate) const PLAIN_GAP: Duration = Duration::from_millis(50);
