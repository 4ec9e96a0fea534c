//! A cache in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Cache, CacheError, Clock, Lifetime};

/// Entries beyond which the expired ones, or failing that all but numbers, are dropped.
const ENTRIES_MAX: usize = 100_000;

/// A map with deadlines.
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    values: HashMap<String, (Bytes, Lifetime)>,
    /// Numbers never expire: they are as many as there are environments.
    numbers: HashMap<String, i64>,
}

impl MemoryCache {
    /// An empty cache that expires by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Forgets everything, as a cache may.
    pub fn clear(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        let state = self.state();
        if let Some(number) = state.numbers.get(key) {
            return Ok(Some(number.to_string().into()));
        }
        let now_ms = self.clock.now_ms();
        let kept = state.values.get(key).filter(|(_, lifetime)| lifetime.covers(now_ms));
        Ok(kept.map(|(value, _)| value.clone()))
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), CacheError> {
        let now_ms = self.clock.now_ms();
        let mut state = self.state();
        if state.values.len() >= ENTRIES_MAX {
            state.values.retain(|_, (_, lifetime)| lifetime.covers(now_ms));
        }
        if state.values.len() >= ENTRIES_MAX {
            state.values.clear();
        }
        state.values.insert(key.to_owned(), (value, Lifetime::starting(now_ms, ttl)));
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), CacheError> {
        let mut state = self.state();
        state.values.remove(key);
        state.numbers.remove(key);
        Ok(())
    }

    async fn begin(&self, key: &str) -> Result<(), CacheError> {
        self.state().numbers.entry(key.to_owned()).or_default();
        Ok(())
    }

    async fn advance(&self, key: &str, least: i64, value: i64) -> Result<Option<i64>, CacheError> {
        let mut state = self.state();
        let Some(number) = state.numbers.get_mut(key).filter(|number| **number >= least) else {
            return Ok(None);
        };
        *number = (*number).max(value);
        Ok(Some(*number))
    }
}
