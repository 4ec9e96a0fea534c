//! Taking a flag back to what it was, as a change like any other.

use async_trait::async_trait;
use model::{EnvironmentId, EnvironmentUuid, Error, Flag, FlagConfig, FlagId, SegmentId, Stored, Version};
use store::{BodyAt, Decision, Kind, Plan, ProjectState};

use super::check::{has_segment, served};
use super::version::current_version;
use super::working::{Changes, Working, segments};

/// Gives a flag what it had at a version: what it served in one environment, or what it was in the project.
pub(crate) struct RevertFlag {
    pub(crate) flag: FlagId,
    /// Where; without one, the flag itself.
    pub(crate) environment: Option<EnvironmentId>,
    /// The environment's version, or the project's revision.
    pub(crate) version: Version,
}

#[async_trait]
impl Decision for RevertFlag {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut working = Working::load(state, &self.flag).await?;
        match &self.environment {
            Some(identifier) => {
                let environment = state.environment(identifier)?.id.clone();
                self.serving(state, &mut working, &environment).await?;
            }
            None => self.whole(state, &mut working).await?,
        }
        Changes { state, changed: vec![working] }.plan().await
    }

    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        current_version(state, self.environment.as_ref(), &self.flag).await
    }
}

impl RevertFlag {
    async fn serving(
        &self,
        state: &ProjectState<'_>,
        working: &mut Working,
        environment: &EnvironmentUuid,
    ) -> Result<(), Error> {
        self.check_version(state.version(environment), "the environment")?;
        let old: FlagConfig = self.old(state, environment.as_str(), Kind::FlagConfig).await?;
        if old.kind != working.flag.kind {
            return Err(self.another_flag());
        }
        self.check_named(state, &old, &working.flag, environment).await?;
        let config = working.config_mut(environment)?;
        config.state = old.state;
        config.off_variation = old.off_variation;
        config.default_serve = old.default_serve;
        config.rules = old.rules;
        config.variation_to_target_map = old.variation_to_target_map;
        Ok(())
    }

    async fn whole(&self, state: &ProjectState<'_>, working: &mut Working) -> Result<(), Error> {
        self.check_version(Version(state.project.revision), "the project")?;
        let old: Flag = self.old(state, state.project.id.as_str(), Kind::Flag).await?;
        if old.kind != working.flag.kind {
            return Err(self.another_flag());
        }
        let now = &working.flag;
        working.flag =
            Flag { archived: now.archived, created_at: now.created_at, modified_at: now.modified_at, ..old };
        Ok(())
    }

    fn check_version(&self, current: Version, of: &str) -> Result<(), Error> {
        if self.version >= Version(1) && self.version <= current {
            return Ok(());
        }
        let message = format!("{} is none that {of} has had; use 1 to {current}", self.version);
        Err(Error::invalid("version", message))
    }

    async fn old<T: Stored>(&self, state: &ProjectState<'_>, scope: &str, kind: Kind) -> Result<T, Error> {
        match store::body_at(state.db, scope, kind, self.flag.as_str(), self.version).await? {
            BodyAt::Body(body) => store::read_body(&body),
            BodyAt::NotYet => Err(self.refused("the flag was not there yet")),
            BodyAt::Gone => Err(self.refused("the flag was archived or deleted then")),
        }
    }

    /// What the flag served names nothing that is gone. All that is gone is named at once.
    async fn check_named(
        &self,
        state: &ProjectState<'_>,
        old: &FlagConfig,
        flag: &Flag,
        environment: &EnvironmentUuid,
    ) -> Result<(), Error> {
        let mut variations: Vec<_> = served(old).chain([&old.off_variation]).collect();
        variations.sort_unstable();
        variations.dedup();
        let gone = variations.into_iter().filter(|id| flag.variation(id).is_none());
        let mut reasons: Vec<_> = gone
            .map(|id| format!("it served variation {:?}, which the flag has no more", id.as_str()))
            .collect();
        for id in segments(old) {
            if !has_segment(state, environment, &id).await? {
                reasons.push(no_segment(&id));
            }
        }
        if reasons.is_empty() { Ok(()) } else { Err(self.refused(&reasons.join("; "))) }
    }

    fn another_flag(&self) -> Error {
        self.refused("the flag of that name was another one, of another kind")
    }

    fn refused(&self, reason: &str) -> Error {
        Error::InUse(format!(
            "flag {:?} cannot go back to version {}: {reason}",
            self.flag.as_str(),
            self.version
        ))
    }
}

fn no_segment(id: &SegmentId) -> String {
    format!("it named target group {:?}, which does not exist any more", id.as_str())
}
