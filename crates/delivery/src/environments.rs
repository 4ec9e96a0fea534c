//! Environments in memory, brought up to what was announced before they are served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use client_api::Environment;
use eval::Warning;
use model::{EnvironmentUuid, Error, ObjectChange, ObjectKind, Snapshot, Version};
use platform::Platform;
use tokio::sync::Mutex as AsyncMutex;
use tracing::{error, warn};

/// Environments kept in memory. Beyond it one that nobody is reading is dropped.
const ENVIRONMENTS_MAX: usize = 1_000;

#[derive(Default)]
pub(crate) struct Environments {
    slots: Mutex<HashMap<EnvironmentUuid, Arc<Slot>>>,
}

/// One environment's place. `refresh` is held while the primary is read, so that many readers of a new
/// version cost one read.
#[derive(Default)]
struct Slot {
    current: Mutex<Option<Arc<Environment>>>,
    refresh: AsyncMutex<()>,
}

impl Environments {
    /// The environment at `at_least`, and at what was announced before this call.
    pub(crate) async fn get(
        &self,
        platform: &Platform,
        id: &EnvironmentUuid,
        at_least: Version,
    ) -> Result<Arc<Environment>, Error> {
        let slot = self.slot(id);
        // Asked before anything else: what is answered is at least as new as what anybody had been told
        // when the request arrived.
        let announced = announced(platform, id).await;
        let needed = announced.unwrap_or_default().max(at_least);
        if let Some(current) =
            slot.current().filter(|current| announced.is_some() && current.version >= needed)
        {
            return Ok(current);
        }
        let _refresh = slot.refresh.lock().await;
        if let Some(current) =
            slot.current().filter(|current| announced.is_some() && current.version >= needed)
        {
            return Ok(current);
        }
        let refreshed = refresh(platform, id, slot.current()).await;
        if let Err(Error::NotFound { .. }) = &refreshed {
            self.forget(id);
        }
        let fresh = refreshed?;
        check(id, &fresh, announced, at_least)?;
        slot.set(fresh.clone());
        if announced.is_none() {
            announce(platform, id, fresh.version).await;
        }
        Ok(fresh)
    }

    fn slot(&self, id: &EnvironmentUuid) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= ENVIRONMENTS_MAX && !slots.contains_key(id) {
            let idle = slots.iter().find(|(_, slot)| Arc::strong_count(slot) == 1).map(|(id, _)| id.clone());
            idle.and_then(|id| slots.remove(&id));
        }
        slots.entry(id.clone()).or_default().clone()
    }

    fn forget(&self, id: &EnvironmentUuid) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

impl Slot {
    fn current(&self) -> Option<Arc<Environment>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, environment: Arc<Environment>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(environment);
    }
}

/// What anybody was told, or `None` if the cache does not know: then only the primary does.
async fn announced(platform: &Platform, id: &EnvironmentUuid) -> Option<Version> {
    match platform.cache.get(&store::announced_key(id)).await {
        Ok(value) => std::str::from_utf8(&value?).ok()?.parse().ok().map(Version),
        Err(error) => {
            warn!(error = %error, "the cache does not answer; reading versions from the database");
            None
        }
    }
}

async fn announce(platform: &Platform, id: &EnvironmentUuid, version: Version) {
    if let Err(error) = platform.cache.advance(&store::announced_key(id), version.0).await {
        warn!(error = %error, "the cache does not answer; environment {id} is read from the database again");
    }
}

/// Reads what changed since `current`, or everything, and applies it.
async fn refresh(
    platform: &Platform,
    id: &EnvironmentUuid,
    current: Option<Arc<Environment>>,
) -> Result<Arc<Environment>, Error> {
    let known = current.as_ref().map_or(Version(0), |current| current.version);
    let changed = store::changed_after(&*platform.db, id, known).await?;
    let changed = changed.ok_or_else(|| Error::not_found(ObjectKind::Environment, id))?;
    let objects: Vec<ObjectChange> = changed.objects.into_iter().map(|object| object.change).collect();
    let (environment, warnings) = match current {
        Some(_) if changed.version < known => return Err(older(id, changed.version, known)),
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
fn check(
    id: &EnvironmentUuid,
    fresh: &Environment,
    announced: Option<Version>,
    at_least: Version,
) -> Result<(), Error> {
    if let Some(announced) = announced.filter(|announced| fresh.version < *announced) {
        return Err(older(id, fresh.version, announced));
    }
    if fresh.version < at_least {
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
