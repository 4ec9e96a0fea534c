//! The instructions of a PATCH of a flag: parsed once, applied to the flag and its configurations.

mod environment;
mod flag;
mod rule;

use model::{EnvironmentUuid, Error};
use platform::Random;

use super::working::Working;
use crate::instructions::{RawInstruction, unknown_kind};

use environment::EnvironmentInstruction;
pub(super) use environment::add_targets;
use flag::FlagInstruction;

/// One change to a flag.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Instruction {
    /// To what it serves in one environment.
    Environment(EnvironmentInstruction),
    /// To what it is everywhere.
    Flag(FlagInstruction),
}

impl Instruction {
    /// Reads an instruction; `place` names it in errors, such as `instructions[2]`. `random` names new
    /// rules and clauses.
    pub(super) fn parse(raw: &RawInstruction, place: &str, random: &dyn Random) -> Result<Self, Error> {
        let within = format!("{place}.parameters");
        if environment::KINDS.contains(&raw.kind.as_str()) {
            return EnvironmentInstruction::parse(raw, &within, random).map(Self::Environment);
        }
        if flag::KINDS.contains(&raw.kind.as_str()) {
            return FlagInstruction::parse(raw, &within).map(Self::Flag);
        }
        Err(unknown_kind(&raw.kind, place, &[&environment::KINDS[..], &flag::KINDS[..]].concat()))
    }

    /// Whether it changes what is served in one environment, which then must be known.
    pub(super) const fn is_about_an_environment(&self) -> bool {
        matches!(self, Self::Environment(_))
    }

    /// Applies the instruction. Rules over the whole flag are checked when all are applied.
    ///
    /// # Errors
    /// `Invalid` if it names what the flag has not; `Internal` if it needs an environment and there is none.
    pub(super) fn apply(
        &self,
        working: &mut Working,
        environment: Option<&EnvironmentUuid>,
    ) -> Result<(), Error> {
        match self {
            Self::Flag(instruction) => instruction.apply(&mut working.flag),
            Self::Environment(instruction) => {
                let environment =
                    environment.ok_or_else(|| Error::internal("an instruction for no environment"))?;
                let variations = working.flag.variations.clone();
                instruction.apply(working.config_mut(environment)?, &variations)
            }
        }
    }
}
