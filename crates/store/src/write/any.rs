//! Decisions whatever they answer: what commits them is compiled once, not for each. In the component for
//! Spin that carries two dozen of them this is a twentieth of its size.

use async_trait::async_trait;
use model::{Error, Version};
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use super::{Decision, Plan, ProjectState, Written};

/// An answer as it is kept with a request that may be sent again, so that the first one and those after it
/// come the same way.
pub(super) type Answer = Box<RawValue>;

/// A [`Decision`] whose answer is JSON.
#[async_trait]
pub(super) trait AnyDecision: Send + Sync {
    /// As [`Decision::decide`].
    async fn decide_any(&self, state: &ProjectState<'_>) -> Result<Plan<Answer>, Error>;

    /// As [`Decision::version`].
    async fn version_any(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error>;
}

#[async_trait]
impl<D: Decision> AnyDecision for D {
    async fn decide_any(&self, state: &ProjectState<'_>) -> Result<Plan<Answer>, Error> {
        let plan = self.decide(state).await?;
        let answer = to_raw_value(&plan.answer).map_err(Error::internal)?;
        Ok(plan.answering(answer))
    }

    async fn version_any(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        self.version(state).await
    }
}

impl Written<Answer> {
    /// The same with the answer as the decision gave it.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<Written<T>, Error> {
        let answer = serde_json::from_str(self.answer.get())
            .map_err(|error| Error::internal(format!("an answer cannot be read back: {error}")))?;
        Ok(Written { answer, revision: self.revision, environments: self.environments })
    }
}
