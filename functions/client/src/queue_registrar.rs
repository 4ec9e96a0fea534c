//! Targets that were seen, on their way to the list of targets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use client_api::TargetRegistrar;
use model::{Error, KeyRecord, MetricsJob, Target};
use platform::{Clock, WorkQueue};

use crate::budget::{Budget, Verdict};

/// Sends each as a report of its own through the metrics queue, so that nobody waits for the database.
///
/// A target that authenticates again within a minute, unchanged, is not sent again; of one key no more
/// than 600 new targets a minute are sent.
pub struct QueueRegistrar {
    queue: Arc<dyn WorkQueue>,
    clock: Arc<dyn Clock>,
    budget: Budget,
    refused: AtomicU64,
}

impl QueueRegistrar {
    /// Registers by way of that queue.
    pub fn new(queue: Arc<dyn WorkQueue>, clock: Arc<dyn Clock>) -> Self {
        Self { queue, clock, budget: Budget::default(), refused: AtomicU64::new(0) }
    }

    /// How many targets were not sent because their keys had registered as many as they may.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl TargetRegistrar for QueueRegistrar {
    async fn register(&self, key: &KeyRecord, target: &Target) -> Result<(), Error> {
        let received_ms = self.clock.now_ms();
        match self.budget.spend(&key.hash, target, received_ms) {
            Verdict::New => {}
            Verdict::Repeated => return Ok(()),
            verdict @ (Verdict::FirstBeyond | Verdict::Beyond) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                if verdict == Verdict::FirstBeyond {
                    tracing::warn!(
                        environment = %key.environment_uuid,
                        "an SDK key brings more new targets than may be registered in a minute; the rest of \
                         them is served but not listed"
                    );
                }
                return Ok(());
            }
        }
        let job = MetricsJob {
            environment: key.environment_uuid.clone(),
            key: key.hash.clone(),
            received_ms,
            evaluations: Vec::new(),
            targets: vec![target.clone()],
        };
        let payload = serde_json::to_vec(&job).map_err(Error::internal)?;
        let pushed = self.queue.push(payload.into()).await;
        pushed.map_err(|error| Error::unavailable("the metrics queue does not answer", error))
    }
}
