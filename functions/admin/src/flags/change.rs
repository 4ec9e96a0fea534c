//! Changing flags by instructions.

use async_trait::async_trait;
use model::{EnvironmentUuid, Error, FlagId, Version};
use store::{Decision, Plan, ProjectState};

use super::instruction::Instruction;
use super::version::version;
use super::working::{Changes, Working};
use crate::instructions::Placed;

/// Instructions for flags, applied in order, all or none.
pub(super) struct ChangeFlags {
    /// Where instructions about an environment apply.
    pub(super) environment: Option<EnvironmentUuid>,
    /// What to do to which flag.
    pub(super) flags: Vec<(FlagId, Vec<Placed<Instruction>>)>,
}

#[async_trait]
impl Decision for ChangeFlags {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut instructions = self.flags.iter().flat_map(|(_, instructions)| instructions);
        if self.environment.is_none() && instructions.any(|one| one.instruction.is_about_an_environment()) {
            let message =
                "is missing from the query; some instructions change what is served in one environment";
            return Err(Error::invalid("environmentIdentifier", message));
        }
        let mut changed: Vec<Working> = Vec::new();
        for (id, instructions) in &self.flags {
            let place = changed.binary_search_by(|working| working.flag.identifier.cmp(id));
            if let Err(place) = place {
                changed.insert(place, Working::load(state, id).await?);
            }
            let (Ok(place) | Err(place)) = place;
            let Some(working) = changed.get_mut(place) else { continue };
            for one in instructions {
                one.apply(|instruction| instruction.apply(working, self.environment.as_ref()))?;
            }
        }
        Changes { state, changed }.plan().await
    }

    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        let [(flag, _)] = self.flags.as_slice() else { return Ok(None) };
        version(state.db, &state.project.id, self.environment.as_ref(), flag).await.map(Some)
    }
}
