//! Targets that were seen, on their way to the list of targets.

use std::sync::Arc;

use async_trait::async_trait;
use client_api::TargetRegistrar;
use model::{Error, KeyRecord, MetricsJob, Target};
use platform::{Clock, WorkQueue};

/// Sends each as a report of its own through the metrics queue, so that nobody waits for the database.
pub struct QueueRegistrar {
    queue: Arc<dyn WorkQueue>,
    clock: Arc<dyn Clock>,
}

impl QueueRegistrar {
    /// Registers by way of that queue.
    pub fn new(queue: Arc<dyn WorkQueue>, clock: Arc<dyn Clock>) -> Self {
        Self { queue, clock }
    }
}

#[async_trait]
impl TargetRegistrar for QueueRegistrar {
    async fn register(&self, key: &KeyRecord, target: &Target) -> Result<(), Error> {
        let job = MetricsJob {
            environment: key.environment_uuid.clone(),
            key: key.hash.clone(),
            received_ms: self.clock.now_ms(),
            evaluations: Vec::new(),
            targets: vec![target.clone()],
        };
        let payload = serde_json::to_vec(&job).map_err(Error::internal)?;
        let pushed = self.queue.push(payload.into()).await;
        pushed.map_err(|error| Error::unavailable("the metrics queue does not answer", error))
    }
}
