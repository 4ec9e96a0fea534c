//! What a caller demands of a write.

use std::sync::Arc;

use model::{Error, Version};

use super::ProjectState;
use super::any::AnyDecision;
use crate::idempotency::NamedRequest;

/// What a caller demands of a write.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// The object is still at this version.
    pub version: Option<Version>,
    /// This request was not carried out before.
    pub request: Option<Arc<NamedRequest>>,
}

impl Conditions {
    /// Refuses a decision about an object that is no longer at the version that the caller saw.
    pub(super) async fn check(
        &self,
        decision: &dyn AnyDecision,
        state: &ProjectState<'_>,
    ) -> Result<(), Error> {
        let Some(expected) = self.version else { return Ok(()) };
        match decision.version_any(state).await? {
            Some(found) if found == expected => Ok(()),
            Some(found) => Err(Error::Conflict { expected, found }),
            None => self.refuse_version(),
        }
    }

    /// Refuses a version where there is none to compare it with.
    pub(super) fn refuse_version(&self) -> Result<(), Error> {
        match self.version {
            Some(_) => {
                let message =
                    "does not apply: this request changes no single object that has a version; leave it out";
                Err(Error::invalid("If-Match", message))
            }
            None => Ok(()),
        }
    }
}
