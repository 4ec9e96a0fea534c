//! Following what changes: the feed, and the database where the feed leaves a gap.
//!
//! The feed's position is taken first. Only then is an environment read, when its first stream
//! subscribes; so whatever is committed after that read is still ahead in the feed.
//!
//! *Nothing is published that cannot be read.* SDKs fetch an object within milliseconds of hearing of it
//! and never again. An entry is appended to the feed after its batch was committed and after its version
//! was announced to the readers (`store::outbox`), and the database's answers hold only what is
//! committed. So a read that begins after we forward an event finds at least that version, in
//! this process or another: `Source::environment` promises never to be older than what streams have
//! announced. Only streams of targets wait, until it is known what the event means to them.

use std::sync::Arc;
use std::time::Duration;

use client_api::Environment;
use model::{EnvironmentUuid, Error, FeedEntry, KeyHash, Version};
use platform::{Cursor, FeedError, within};
use tracing::{debug, error, info, warn};

use crate::channel::Channel;
use crate::end::End;
use crate::hub::Question;
use crate::limits::{
    FEED_GRACE, FEED_PAGE, FEED_WAIT, RETRY_WAIT, RULES_RETRY_WAIT, SOURCE_TIME, SWEEP_EVERY,
};
use crate::relay::Relay;
use crate::replay::Start;

/// Attempts to bring an answer of the database and the log together.
const ATTEMPTS: usize = 3;

impl Relay {
    /// Where a new stream of `channel` begins. Asks the database if it must; of many streams that need
    /// the same answer, one asks.
    pub(crate) async fn subscribe(
        &self,
        channel: &Arc<Channel>,
        mut last_event_id: Option<Version>,
    ) -> Result<Start, Error> {
        let questions = channel.questions();
        if let Ok(start) = channel.topic().subscribe(last_event_id, self.clock.now_ms()) {
            return Ok(start);
        }
        let _turn = channel.asking.lock().await;
        for _ in 0..ATTEMPTS {
            // A version that not even the database had heard of when its client had is of no use: the
            // database was restored from a copy.
            if channel.has_answered_since(questions) {
                last_event_id = last_event_id.filter(|version| channel.topic().has_announced(*version));
            }
            let question = match channel.topic().subscribe(last_event_id, self.clock.now_ms()) {
                Ok(start) => return Ok(start),
                Err(question) => question,
            };
            self.ask(channel, question).await?;
        }
        Err(Error::Unavailable { message: "the database is older than what was announced", source: None })
    }

    /// Takes the feed's position, if the feed answers.
    pub(crate) async fn position(&self) -> Option<Cursor> {
        match within(&*self.clock, FEED_GRACE, self.feed.position()).await {
            Some(Ok(cursor)) => Some(cursor),
            failed => {
                self.counters.feed_failures.add();
                let error = failed.and_then(Result::err).unwrap_or_else(too_slow);
                warn!(error = %error, "no streams are opened yet: {error}");
                None
            }
        }
    }

    /// Follows the feed for ever, from `cursor` or from its position once it answers.
    pub(crate) async fn follow(self: Arc<Self>, mut cursor: Option<Cursor>) {
        let mut is_failing = false;
        loop {
            let Some(from) = &cursor else {
                self.clock.sleep(RETRY_WAIT).await;
                cursor = self.position().await;
                continue;
            };
            self.set_following();
            let read = self.feed.read_after(from, FEED_PAGE, FEED_WAIT);
            let page = within(&*self.clock, FEED_WAIT + FEED_GRACE, read).await;
            match page.unwrap_or_else(|| Err(too_slow())) {
                Ok(page) => {
                    if std::mem::take(&mut is_failing) {
                        info!("the change feed answers again");
                    }
                    if page.gap {
                        self.entries_lost();
                    }
                    page.entries.iter().for_each(|entry| self.entry(entry));
                    cursor = Some(page.next);
                }
                Err(error) => {
                    self.counters.feed_failures.add();
                    if !std::mem::replace(&mut is_failing, true) {
                        warn!(error = %error, "asking the database what changed until the feed is back: {error}");
                    }
                    self.entries_lost();
                    self.clock.sleep(RETRY_WAIT).await;
                }
            }
        }
    }

    /// Brings up, for ever, environments that news are missing for.
    pub(crate) async fn catch_up(self: Arc<Self>) {
        loop {
            let channel = self.channels.behind.next().await;
            while let Err(error) = self.bring_up(&channel).await {
                let environment = &channel.environment;
                warn!(environment = %environment, error = error.in_full(), "news of environment {environment} are missing: {error}");
                if matches!(error, Error::NotFound { .. }) {
                    let effect = channel.topic().close(End::EnvironmentGone);
                    self.channels.perform(&channel, [effect]);
                }
                if channel.topic().missing().is_none() {
                    break;
                }
                self.clock.sleep(RETRY_WAIT).await;
            }
        }
    }

    /// Reads, for ever, the rules that are wanted.
    pub(crate) async fn read_rules(self: Arc<Self>) {
        loop {
            let channel = self.channels.unread.next().await;
            loop {
                let Some(wanted) = channel.topic().wanted_rules() else { break };
                let left_ms = wanted.until_ms.saturating_sub(self.clock.now_ms());
                let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or_default());
                let read = within(&*self.clock, left, self.rules_at(&channel.environment, wanted.version));
                let environment = read.await.flatten();
                if environment.is_none() {
                    self.counters.rules_late.add();
                }
                let effect = channel.topic().learn_rules(wanted.version, environment);
                self.channels.perform(&channel, [effect]);
            }
        }
    }

    /// Lets go, for ever, of what is not used any more, and of keys that have expired.
    pub(crate) async fn sweep(self: Arc<Self>) {
        loop {
            self.clock.sleep(SWEEP_EVERY).await;
            for channel in self.channels.all() {
                let changed = channel.topic().changed_keys();
                for key in changed {
                    self.look_up(&channel, &key).await;
                }
            }
            self.channels.sweep(self.clock.now_ms());
        }
    }

    /// Finds out when a key expires that was changed while its streams were open.
    async fn look_up(&self, channel: &Channel, key: &KeyHash) {
        let now_ms = self.clock.now_ms();
        let record = within(&*self.clock, SOURCE_TIME, self.source.key(key)).await;
        // While it cannot be known, the next sweep asks again.
        if let Some(Ok(record)) = record {
            let expires_ms = record.map_or(Some(now_ms), |record| record.expires_ms);
            channel.topic().learn_key(key, expires_ms, now_ms);
        }
    }

    async fn bring_up(&self, channel: &Arc<Channel>) -> Result<(), Error> {
        let _turn = channel.asking.lock().await;
        for _ in 0..ATTEMPTS {
            let Some(question) = channel.topic().missing() else { return Ok(()) };
            self.ask(channel, question).await?;
        }
        Err(Error::Unavailable { message: "the database is older than the change feed", source: None })
    }

    /// The environment at `version` or later; `None` if there is no such environment.
    async fn rules_at(&self, environment: &EnvironmentUuid, version: Version) -> Option<Arc<Environment>> {
        loop {
            match self.source.environment(environment, version).await {
                Ok(environment) if environment.version >= version => return Some(environment),
                Err(Error::NotFound { .. }) => return None,
                Ok(_) => {
                    debug!(environment = %environment, "rules of environment {environment} are older than {version}");
                }
                Err(error) => {
                    debug!(environment = %environment, error = error.in_full(), "rules of environment {environment} are not there yet: {error}");
                }
            }
            self.clock.sleep(RULES_RETRY_WAIT).await;
        }
    }

    async fn ask(&self, channel: &Arc<Channel>, question: Question) -> Result<(), Error> {
        self.counters.questions.add();
        let number = channel.question();
        let environment = &channel.environment;
        let asked = async {
            match question {
                Question::Since(since_ms) => self.source.changes_since(environment, since_ms).await,
                Question::After(version) | Question::Lost { after: version, .. } => {
                    self.source.changes_after(environment, version).await
                }
            }
        };
        let late = Error::Unavailable { message: "the database did not answer in time", source: None };
        let changes = within(&*self.clock, SOURCE_TIME, asked).await.ok_or(late)??;
        let effects = channel.topic().learn(question, changes, self.clock.now_ms());
        channel.answered(number);
        self.channels.perform(channel, effects);
        Ok(())
    }

    fn entry(&self, entry: &[u8]) {
        self.counters.entries_read.add();
        let entry: FeedEntry = match serde_json::from_slice(entry) {
            Ok(entry) => entry,
            Err(error) => {
                error!(error = %error, "the change feed holds an entry that is not one of ours: {error}");
                self.counters.feed_failures.add();
                self.entries_lost();
                return;
            }
        };
        // Nobody listens: whoever comes first will read the environment after this entry was committed.
        let Some(channel) = self.channels.get(&entry.environment) else { return };
        let effects = channel.topic().change(entry, self.clock.now_ms());
        self.channels.perform(&channel, effects);
    }

    fn entries_lost(&self) {
        for channel in self.channels.all() {
            let effect = channel.topic().gap(self.clock.now_ms());
            self.channels.perform(&channel, effect);
        }
    }
}

fn too_slow() -> FeedError {
    FeedError("it takes too long".to_owned())
}
