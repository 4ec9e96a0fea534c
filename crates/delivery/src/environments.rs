//! Environments in memory, brought up to what was announced before they are served.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use client_api::{Environment, Known};
use eval::Warning;
use model::{EnvironmentUuid, Error, ObjectChange, ObjectKind, Snapshot, Version};
use platform::{Platform, within};
use tokio::sync::Mutex as AsyncMutex;
use tracing::{error, warn};

use crate::{STORES_AWAY, STORES_TIME};

/// How long a cache is taken at its word. One that lost its latest announcements in a failover says for ever
/// that nothing has changed; the primary knows better.
const CACHE_TRUST_MS: i64 = 10_000;

/// Environments kept in memory. Beyond it one that nobody is reading is dropped.
const ENVIRONMENTS_MAX: usize = 1_000;

pub(crate) struct Environments {
    slots: Mutex<HashMap<EnvironmentUuid, Arc<Slot>>>,
    /// How old what is handed out may be while the stores are away.
    age_ms_max: i64,
}

/// One environment's place. `refresh` is held while the primary is read, so that many readers of a new
/// version cost one read.
#[derive(Default)]
struct Slot {
    current: Mutex<Option<Arc<Environment>>>,
    refresh: AsyncMutex<()>,
    /// When `current` was last known to be the newest (Unix milliseconds).
    confirmed_ms: AtomicI64,
    /// When the primary was last asked.
    primary_ms: AtomicI64,
}

/// Why there is no newer environment.
enum Failure {
    /// The database cannot be asked.
    Away(Error),
    /// It was asked, and this is what follows.
    Known(Error),
}

/// What a request needs of an environment.
struct Need<'a> {
    id: &'a EnvironmentUuid,
    at_least: Version,
    /// What anybody had been told when the request arrived; `None` if the cache does not know.
    announced: Option<Version>,
    asked_ms: i64,
}

impl Environments {
    /// None in memory.
    pub(crate) fn new(age_max: Duration) -> Self {
        let age_ms_max = i64::try_from(age_max.as_millis()).unwrap_or(i64::MAX);
        Self { slots: Mutex::default(), age_ms_max }
    }

    /// The environment at `at_least`, and at what was announced before this call.
    pub(crate) async fn get(
        &self,
        platform: &Platform,
        id: &EnvironmentUuid,
        at_least: Version,
    ) -> Result<Known, Error> {
        let slot = self.slot(id);
        let asked_ms = platform.clock.now_ms();
        // Asked before anything else: what is answered is at least as new as what anybody had been told
        // when the request arrived.
        let announced = announced(platform, id).await;
        let need = Need { id, at_least, announced, asked_ms };
        if let Some(current) = slot.newest(&need) {
            let reassured = slot.reassured(platform, &need, current).await;
            return self.noticing(id, reassured.map(|environment| Known { environment, age_ms: None }));
        }
        let last = slot.last(&need, self.age_ms_max);
        let refreshed = match &last {
            // Nobody waits long for a store that is away when there is something to answer.
            Some(_) => within(&*platform.clock, STORES_TIME, slot.refreshed(platform, &need)).await,
            None => Some(slot.refreshed(platform, &need).await),
        };
        match (refreshed, last) {
            (Some(Ok(environment)), _) => Ok(Known { environment, age_ms: None }),
            (None | Some(Err(Failure::Away(_))), Some(last)) => {
                warn!(environment = %id, "the stores do not answer; environment {id} is served as last known");
                Ok(last)
            }
            (Some(Err(Failure::Away(error) | Failure::Known(error))), _) => self.noticing(id, Err(error)),
            (None, None) => Err(STORES_AWAY),
        }
    }

    fn slot(&self, id: &EnvironmentUuid) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= ENVIRONMENTS_MAX && !slots.contains_key(id) {
            let idle = slots.iter().find(|(_, slot)| Arc::strong_count(slot) == 1).map(|(id, _)| id.clone());
            idle.and_then(|id| slots.remove(&id));
        }
        slots.entry(id.clone()).or_default().clone()
    }

    /// An environment that is gone leaves the memory.
    fn noticing(&self, id: &EnvironmentUuid, answer: Result<Known, Error>) -> Result<Known, Error> {
        if let Err(Error::NotFound { .. }) = answer {
            self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
        answer
    }
}

impl Slot {
    /// The environment, read from the primary if need be. Whoever waited for another reader's read may find
    /// it done.
    async fn refreshed(&self, platform: &Platform, need: &Need<'_>) -> Result<Arc<Environment>, Failure> {
        let _refresh = self.refresh.lock().await;
        if let Some(current) = self.newest(need) {
            return Ok(current);
        }
        self.read(platform, need).await
    }

    /// What the cache says is the newest, or something newer if the primary has not been asked for a while and
    /// knows it. One request asks, the others do not wait for it.
    async fn reassured(
        &self,
        platform: &Platform,
        need: &Need<'_>,
        current: Arc<Environment>,
    ) -> Result<Arc<Environment>, Error> {
        let asked_ms = self.primary_ms.load(Ordering::Relaxed);
        // A clock that was put back counts as late.
        if (0..CACHE_TRUST_MS).contains(&need.asked_ms.saturating_sub(asked_ms)) {
            return Ok(current);
        }
        let Ok(_refresh) = self.refresh.try_lock() else { return Ok(current) };
        // Also if nothing comes of it: the next one to ask is in no hurry.
        self.primary_ms.store(need.asked_ms, Ordering::Relaxed);
        match within(&*platform.clock, STORES_TIME, self.read(platform, need)).await {
            Some(Ok(fresh)) => Ok(fresh),
            Some(Err(Failure::Known(error))) => Err(error),
            Some(Err(Failure::Away(_))) | None => Ok(current),
        }
    }

    /// Reads the primary. To be called by one at a time.
    async fn read(&self, platform: &Platform, need: &Need<'_>) -> Result<Arc<Environment>, Failure> {
        let fresh = refresh(platform, need.id, self.current()).await?;
        self.primary_ms.store(need.asked_ms, Ordering::Relaxed);
        check(need, &fresh).map_err(Failure::Known)?;
        // What one instance answers with is news to the others, so they are told before anybody can be answered.
        if need.announced.is_none_or(|announced| announced < fresh.version) {
            announce(platform, need.id, fresh.version).await;
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh.clone());
        self.confirm(need.asked_ms);
        Ok(fresh)
    }

    /// What is in memory, if it has reached what was announced.
    fn newest(&self, need: &Need<'_>) -> Option<Arc<Environment>> {
        let needed = need.announced?.max(need.at_least);
        let current = self.current().filter(|current| current.version >= needed)?;
        self.confirm(need.asked_ms);
        Some(current)
    }

    /// What is in memory, for when nobody can say what is newest. Where the cache can, nothing older will do.
    fn last(&self, need: &Need<'_>, age_ms_max: i64) -> Option<Known> {
        if need.announced.is_some() {
            return None;
        }
        let environment = self.current().filter(|current| current.version >= need.at_least)?;
        let age_ms = need.asked_ms.saturating_sub(self.confirmed_ms.load(Ordering::Relaxed));
        // Below zero the clock was put back: how old it is, nobody knows.
        (0..age_ms_max).contains(&age_ms).then_some(Known { environment, age_ms: Some(age_ms) })
    }

    fn confirm(&self, at_ms: i64) {
        self.confirmed_ms.fetch_max(at_ms, Ordering::Relaxed);
    }

    fn current(&self) -> Option<Arc<Environment>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What anybody was told, or `None` if the cache does not know: then only the primary does.
async fn announced(platform: &Platform, id: &EnvironmentUuid) -> Option<Version> {
    match store::announced(&*platform.cache, id).await {
        Ok(announced) => announced,
        Err(error) => {
            warn!(error = %error, "the cache does not answer; reading versions from the database");
            None
        }
    }
}

async fn announce(platform: &Platform, id: &EnvironmentUuid, version: Version) {
    if let Err(error) = store::announce(platform, id, version).await {
        warn!(error = %error, "the cache does not answer; environment {id} is read from the database again: {error}");
    }
}

/// Reads what changed since `current`, or everything, and applies it.
async fn refresh(
    platform: &Platform,
    id: &EnvironmentUuid,
    current: Option<Arc<Environment>>,
) -> Result<Arc<Environment>, Failure> {
    let known = current.as_ref().map_or(Version(0), |current| current.version);
    let changed = store::changed_after(&*platform.db, id, known).await.map_err(Failure::Away)?;
    let changed = changed.ok_or_else(|| Failure::Known(Error::not_found(ObjectKind::Environment, id)))?;
    let objects: Vec<ObjectChange> = changed.objects.into_iter().map(|object| object.change).collect();
    let (environment, warnings) = match current {
        Some(_) if changed.version < known => {
            return Err(Failure::Known(older(id, changed.version, known)));
        }
        Some(current) if objects.is_empty() && changed.version == known => return Ok(current),
        Some(current) => {
            let mut environment = Arc::unwrap_or_clone(current);
            let warnings = environment.apply(objects, changed.version);
            (environment, warnings)
        }
        None => Environment::new(snapshot(objects, changed.version)),
    };
    log(id, &warnings);
    Ok(Arc::new(environment))
}

fn snapshot(objects: Vec<ObjectChange>, version: Version) -> Snapshot {
    let mut snapshot = Snapshot { version, ..Snapshot::default() };
    for object in objects {
        match object {
            ObjectChange::Flag(flag) => snapshot.flags.push(flag),
            ObjectChange::Segment(segment) => snapshot.segments.push(segment),
            ObjectChange::FlagGone(_) | ObjectChange::SegmentGone(_) => {}
        }
    }
    snapshot
}

/// Refuses to answer from before what was announced or asked for.
fn check(need: &Need<'_>, fresh: &Environment) -> Result<(), Error> {
    if let Some(announced) = need.announced.filter(|announced| fresh.version < *announced) {
        return Err(older(need.id, fresh.version, announced));
    }
    if fresh.version < need.at_least {
        let message = "the requested version is not there yet; try again";
        return Err(Error::Unavailable { message, source: None });
    }
    Ok(())
}

/// The database is behind what readers know. That only happens when it was restored from an older copy,
/// and SDKs would ignore every change until the versions they know are passed again.
fn older(id: &EnvironmentUuid, found: Version, known: Version) -> Error {
    error!(
        environment = %id, found = found.0, announced = known.0,
        "environment {id} is at version {found} in the database but {known} was announced: was an older copy \
         restored? run `burgee repair after-restore`"
    );
    let message = "the database is older than what was announced; its operator has to repair it";
    Error::Unavailable { message, source: None }
}

fn log(id: &EnvironmentUuid, warnings: &[Warning]) {
    for warning in warnings {
        warn!(environment = %id, "environment {id}: {warning:?}");
    }
}
