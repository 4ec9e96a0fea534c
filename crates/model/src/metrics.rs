//! What SDKs report back: what was served, and who was seen.

use serde::{Deserialize, Serialize};

use crate::id::{EnvironmentUuid, KeyHash};
use crate::target::Target;

/// One report as it waits in the work queue, read and cleaned of what SDKs do differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsJob {
    /// Where it was served.
    pub environment: EnvironmentUuid,
    /// The SDK key that the report was sent with: it is in use.
    pub key: KeyHash,
    /// Unix milliseconds by the server's clock.
    pub received_ms: i64,
    /// What was served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evaluations: Vec<ReportedEvaluations>,
    /// Who was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
}

/// How often an SDK served a variation.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedEvaluations {
    /// The flag's identifier as the SDK knows it; the flag may be gone.
    pub flag: Box<str>,
    /// The variation's identifier, likewise.
    pub variation: Box<str>,
    /// How often; above 0.
    pub count: i64,
    /// Unix milliseconds by the SDK's clock, which may be wrong.
    pub at_ms: i64,
}
