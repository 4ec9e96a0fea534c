//! Targets too large for a token, in the database.

use std::sync::Arc;

use async_trait::async_trait;
use client_api::TargetStore;
use model::Error;
use platform::{Clock, Db};

/// Keeps them in the table `token_target`.
pub struct StoredTargets {
    db: Arc<dyn Db>,
    clock: Arc<dyn Clock>,
}

impl StoredTargets {
    /// Targets in that database.
    pub fn new(db: Arc<dyn Db>, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }
}

#[async_trait]
impl TargetStore for StoredTargets {
    async fn put(&self, hash: &str, json: &str) -> Result<(), Error> {
        store::put_token_target(&*self.db, hash, json, self.clock.now_ms()).await
    }

    async fn get(&self, hash: &str) -> Result<Option<String>, Error> {
        store::token_target(&*self.db, hash).await
    }
}
