//! One environment: what KV holds is brought to what the origin serves, again and again.

use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderValue;
use model::Version;
use platform_native::SystemRandom;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::failure::{Backoff, Failure};
use super::limits::{POLL_EVERY, REFUSED_PAUSE, WRITE_INTERVAL};
use super::namespace::Namespace;
use super::news::News;
use super::origin::{Origin, Snapshot};

/// Publishes one environment. Only one write of it is under way at any time, of what is newest then, so
/// changes that come while it is are written together.
pub(super) struct Publisher {
    origin: Arc<Origin>,
    namespace: Arc<Namespace>,
    check_every: Duration,
    /// What KV holds, as far as that is known.
    stored: Option<Version>,
    /// The newest version that was ever met in KV. Nothing older is written, even if KV lost it: an origin
    /// whose database is away may answer with what it remembers.
    newest: Version,
    /// The tag of what was read last.
    tag: Option<HeaderValue>,
    /// Read and not written yet.
    unwritten: Option<Snapshot>,
    next_check: Instant,
    next_write: Instant,
}

impl Publisher {
    pub(super) fn new(origin: Arc<Origin>, namespace: Arc<Namespace>, check_every: Duration) -> Self {
        let now = Instant::now();
        Self {
            origin,
            namespace,
            check_every,
            stored: None,
            newest: Version::default(),
            tag: None,
            unwritten: None,
            next_check: now,
            next_write: now,
        }
    }

    /// Publishes until it is asked to end; a write that has begun is finished first.
    ///
    /// # Errors
    /// If it is refused before it ever worked: what somebody has to put right. Later it is tried again, because
    /// keys and tokens are replaced while this runs.
    pub(super) async fn run(
        mut self,
        mut news: watch::Receiver<News>,
        end: CancellationToken,
    ) -> Result<(), String> {
        let environment = self.origin.environment.clone();
        let mut backoff = Backoff::default();
        let mut has_worked = false;
        while !end.is_cancelled() {
            let known = *news.borrow_and_update();
            let pause = match self.bring_up(known.version, &end).await {
                Ok(()) => {
                    has_worked = true;
                    backoff.reset();
                    let pause = if known.listening { self.check_every } else { POLL_EVERY };
                    // Nothing heard is a reason to look as well; and who is asked to end looks no more.
                    let _ = end.run_until_cancelled(timeout(pause, news.changed())).await;
                    continue;
                }
                Err(Failure::Passing { why, wait }) => {
                    let pause = backoff.next(wait, &SystemRandom);
                    warn!(environment = %environment, "environment {environment}: {why}; trying again in {pause:.1?}");
                    pause
                }
                Err(Failure::Refused(why)) if has_worked => {
                    error!(environment = %environment, "{why}; trying again in {REFUSED_PAUSE:.0?}");
                    REFUSED_PAUSE
                }
                Err(Failure::Refused(why)) => return Err(why),
            };
            let _ = end.run_until_cancelled(sleep(pause)).await; // Asked to end: see above.
        }
        if let Some(Snapshot { version, .. }) = &self.unwritten {
            warn!(environment = %environment, "environment {environment}: ended before version {version} was written");
        }
        Ok(())
    }

    async fn bring_up(&mut self, heard: Version, end: &CancellationToken) -> Result<(), Failure> {
        match end.run_until_cancelled(self.look(heard)).await {
            Some(looked) => looked?,
            None => return Ok(()),
        }
        let Some(snapshot) = &self.unwritten else { return Ok(()) };
        let Snapshot { version, text, .. } = snapshot;
        let environment = &self.origin.environment;
        if *version < self.newest {
            let newest = self.newest;
            warn!(
                environment = %environment,
                "environment {environment}: KV was given version {newest} and the origin serves {version}, which is not written"
            );
        } else if self.stored.is_none_or(|stored| stored < *version) {
            let started = Instant::now();
            let written = self.namespace.put(environment, snapshot).await;
            self.next_write = Instant::now() + WRITE_INTERVAL;
            written?;
            (self.stored, self.newest) = (Some(*version), *version);
            let (bytes, took_ms) = (text.len(), started.elapsed().as_millis());
            info!(
                environment = %environment, version = version.0, bytes, took_ms,
                "environment {environment}: version {version} written, {bytes} bytes in {took_ms} ms"
            );
        }
        self.unwritten = None;
        debug!(environment = %environment, "KV is up to date");
        Ok(())
    }

    /// Looks at KV, if that is due, and at the origin.
    async fn look(&mut self, heard: Version) -> Result<(), Failure> {
        if self.next_check <= Instant::now() {
            let stored = self.namespace.version(&self.origin.environment).await?;
            self.next_check = Instant::now() + self.check_every;
            if stored != self.stored {
                // Somebody else writes here too, or removed it: the origin is to be read whatever its tag.
                self.tag = None;
            }
            self.stored = stored;
            self.newest = self.newest.max(stored.unwrap_or_default());
        }
        // First the pause between writes, then the newest that there is.
        sleep_until(self.next_write).await;
        if let Some(read) = self.origin.snapshot(self.tag.as_ref(), heard).await? {
            self.tag.clone_from(&read.tag);
            self.unwritten = Some(read);
        }
        Ok(())
    }
}
