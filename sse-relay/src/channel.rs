//! The environments that streams are open for.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::EnvironmentUuid;
use tokio::sync::{Mutex as AsyncMutex, Notify};

use crate::audience::Audiences;
use crate::hub::{Effect, Topic};
use crate::limits::IDLE_MS_MAX;

/// One environment: its state, and the means to wake its streams.
#[derive(Debug)]
pub(crate) struct Channel {
    /// Which environment.
    pub(crate) environment: EnvironmentUuid,
    /// Wakes the streams.
    pub(crate) wake: Notify,
    /// The targets of its streams.
    pub(crate) audiences: Audiences,
    /// Held while the database is asked, so that many who want to know the same ask once.
    pub(crate) asking: AsyncMutex<()>,
    /// How often the database was asked.
    questions: AtomicU64,
    /// The number of the last question that was answered.
    answered: AtomicU64,
    topic: Mutex<Topic>,
    idle_since_ms: Mutex<Option<i64>>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    channels: Mutex<HashMap<EnvironmentUuid, Arc<Channel>>>,
    /// Those that news are missing for.
    pub(crate) behind: Waiting,
    /// Those whose rules are to be read.
    pub(crate) unread: Waiting,
}

/// Channels that wait for something to be done for them. Each is in it once at most.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    channels: Mutex<VecDeque<Arc<Channel>>>,
    came: Notify,
}

impl Channel {
    fn new(environment: EnvironmentUuid) -> Self {
        Self {
            environment,
            wake: Notify::new(),
            audiences: Audiences::default(),
            asking: AsyncMutex::default(),
            questions: AtomicU64::default(),
            answered: AtomicU64::default(),
            topic: Mutex::default(),
            idle_since_ms: Mutex::default(),
        }
    }

    /// The environment's state.
    pub(crate) fn topic(&self) -> MutexGuard<'_, Topic> {
        lock(&self.topic)
    }

    /// How many questions to the database were begun until now.
    pub(crate) fn questions(&self) -> u64 {
        self.questions.load(Ordering::Acquire)
    }

    /// A question to the database begins. To be given to [`Channel::answered`] with its answer.
    pub(crate) fn question(&self) -> u64 {
        self.questions.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// That question's answer was learnt.
    pub(crate) fn answered(&self, question: u64) {
        self.answered.fetch_max(question, Ordering::AcqRel);
    }

    /// Whether a question that began after the first `questions` was answered.
    pub(crate) fn has_answered_since(&self, questions: u64) -> bool {
        self.answered.load(Ordering::Acquire) > questions
    }

    /// Whether nobody has used it for a while. `is_used` says whether somebody does now.
    fn is_idle(&self, is_used: bool, now_ms: i64) -> bool {
        let mut idle_since_ms = lock(&self.idle_since_ms);
        if is_used {
            *idle_since_ms = None;
            return false;
        }
        now_ms.saturating_sub(*idle_since_ms.get_or_insert(now_ms)) >= IDLE_MS_MAX
    }
}

impl Channels {
    /// The channel of an environment, new if it has none.
    pub(crate) fn open(&self, environment: &EnvironmentUuid) -> Arc<Channel> {
        let mut channels = lock(&self.channels);
        let new = || Arc::new(Channel::new(environment.clone()));
        Arc::clone(channels.entry(environment.clone()).or_insert_with(new))
    }

    /// The channel of an environment, if it has one.
    pub(crate) fn get(&self, environment: &EnvironmentUuid) -> Option<Arc<Channel>> {
        lock(&self.channels).get(environment).cloned()
    }

    /// All channels.
    pub(crate) fn all(&self) -> Vec<Arc<Channel>> {
        lock(&self.channels).values().cloned().collect()
    }

    /// Wakes every stream.
    pub(crate) fn wake_all(&self) {
        self.all().iter().for_each(|channel| channel.wake.notify_waiters());
    }

    /// Does what the state machine of `channel` asked for.
    pub(crate) fn perform(&self, channel: &Arc<Channel>, effects: impl IntoIterator<Item = Effect>) {
        for effect in effects {
            match effect {
                Effect::Wake => channel.wake.notify_waiters(),
                Effect::CatchUp => self.behind.push(channel),
                Effect::ReadRules => self.unread.push(channel),
                Effect::Retire => {
                    let mut channels = lock(&self.channels);
                    let is_same =
                        channels.get(&channel.environment).is_some_and(|found| Arc::ptr_eq(found, channel));
                    if is_same {
                        channels.remove(&channel.environment);
                    }
                    drop(channels);
                    channel.wake.notify_waiters();
                }
            }
        }
    }

    /// Gives up channels that have missed news for too long, and lets go of those without streams.
    pub(crate) fn sweep(&self, now_ms: i64) {
        for channel in self.all() {
            let effect = {
                // Locked until it is certain that nobody joins: who does follows the rules after that.
                let mut topic = channel.topic();
                if channel.audiences.sweep() {
                    topic.forget_rules();
                }
                topic.tick(now_ms)
            };
            self.perform(&channel, effect);
        }
        // Whoever uses a channel holds it, and new holders come through this map, which is locked.
        lock(&self.channels).retain(|_, channel| !channel.is_idle(Arc::strong_count(channel) > 1, now_ms));
    }
}

impl Waiting {
    /// Waits for the next channel.
    pub(crate) async fn next(&self) -> Arc<Channel> {
        loop {
            let came = self.came.notified();
            if let Some(channel) = self.take() {
                return channel;
            }
            came.await;
        }
    }

    fn push(&self, channel: &Arc<Channel>) {
        lock(&self.channels).push_back(Arc::clone(channel));
        self.came.notify_one();
    }

    fn take(&self) -> Option<Arc<Channel>> {
        let mut channels = lock(&self.channels);
        let next = channels.pop_front();
        if !channels.is_empty() {
            // One notification may stand for several channels.
            self.came.notify_one();
        }
        next
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
