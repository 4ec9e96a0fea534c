//! Flags: one for the project from what every environment says of it, and what each serves.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::{
    EnvironmentId, EnvironmentUuid, Error, EventKind, Flag, FlagConfig, FlagId, FlagState, Serve, Variation,
    VariationId, Version,
};
use store::{Kind, ObjectStep, Scope, config_references, flag_references, segment_references};

use super::decision::{Planning, body};
use super::notes::{Notes, Topic};
use super::report::Tally;
use super::verdict::{Last, Verdict, judge};
use super::wanted::{WantedEnvironment, WantedProject};
use crate::relay_directory::EnvironmentFolder;

/// A flag as it is to be in its project.
pub(crate) struct WantedFlag {
    pub(crate) flag: Flag,
    /// Whether the files say everything about it, or only what the relay proxy keeps.
    whole: bool,
}

/// The project's flags as they will be, and those that are different then.
#[derive(Default)]
pub(super) struct Flags {
    after: BTreeMap<FlagId, Flag>,
    created: HashSet<FlagId>,
    changed: HashSet<FlagId>,
}

/// Adds the flags that a folder says everything about.
pub(super) fn add_known(flags: &mut BTreeMap<FlagId, WantedFlag>, folder: &EnvironmentFolder) {
    for flag in folder.companion.iter().flat_map(|companion| &companion.flags) {
        let known = || WantedFlag { flag: flag.clone(), whole: true };
        flags.entry(flag.identifier.clone()).or_insert_with(known);
    }
}

/// Makes flags of the project from what its environments serve, and notes where they disagree.
pub(super) fn unite(project: &mut WantedProject, notes: &mut Notes) {
    let WantedProject { flags, environments, .. } = project;
    for environment in &*environments {
        for config in environment.configs.values() {
            match flags.get_mut(&config.feature) {
                None => {
                    flags.insert(config.feature.clone(), WantedFlag { flag: flag_of(config), whole: false });
                }
                Some(wanted) => unite_one(wanted, config, notes),
            }
        }
    }
    for environment in environments {
        for wanted in flags.values().filter(|wanted| !wanted.flag.archived) {
            let flag = &wanted.flag;
            match environment.configs.get_mut(&flag.identifier) {
                // A variation more that is never served changes nothing.
                Some(config) if config.variations.iter().all(|one| flag.variations.contains(one)) => {
                    config.variations.clone_from(&flag.variations);
                }
                Some(_) => {}
                None => notes.add(
                    Topic::MISSING_IN_ENVIRONMENT,
                    format!("flag {:?} in environment {}", flag.identifier.as_str(), environment.identifier),
                ),
            }
        }
    }
}

fn unite_one(wanted: &mut WantedFlag, config: &FlagConfig, notes: &mut Notes) {
    let flag = &mut wanted.flag;
    let mut disagree = |what: &str| {
        let text =
            format!("flag {:?}: {what} in environment {}", flag.identifier.as_str(), config.environment);
        notes.add(Topic::ENVIRONMENTS_DISAGREE, text);
    };
    if flag.kind != config.kind {
        disagree("its kind");
    }
    if flag.prerequisites != config.prerequisites {
        disagree("its prerequisites");
    }
    for variation in &config.variations {
        match flag.variations.iter().find(|known| known.identifier == variation.identifier) {
            Some(known) if known == variation => {}
            Some(_) => disagree(&format!("variation {:?}", variation.identifier.as_str())),
            None if wanted.whole => disagree(&format!("variation {:?}", variation.identifier.as_str())),
            None => flag.variations.push(variation.clone()),
        }
    }
}

fn flag_of(config: &FlagConfig) -> Flag {
    let known = |id: &VariationId| config.variation(id).is_some();
    let first = || config.variations.first().map(|variation| variation.identifier.clone());
    let off = Some(config.off_variation.clone()).filter(known).or_else(first).unwrap_or_default();
    let served = config.default_serve.variations().find(|id| known(id)).cloned();
    let other = || config.variations.iter().map(|one: &Variation| &one.identifier).find(|id| **id != off);
    let on = served.or_else(|| other().cloned()).unwrap_or_else(|| off.clone());
    Flag {
        identifier: config.feature.clone(),
        name: config.feature.to_string(),
        kind: config.kind,
        variations: config.variations.clone(),
        default_on_variation: on,
        default_off_variation: off,
        prerequisites: config.prerequisites.clone(),
        ..Flag::default()
    }
}

/// Refuses what SDKs would follow without end, inside of applications.
pub(super) fn check_cycles(environment: &WantedEnvironment, mistakes: &mut Vec<String>) {
    let flags = environment.configs.values().map(|config| {
        let named = config.prerequisites.iter().map(|prerequisite| prerequisite.feature.to_string());
        (config.feature.to_string(), named.collect())
    });
    let segments = environment.segments.values().map(|segment| {
        let named = segment_references(segment).into_iter().map(|(_, id)| id);
        (segment.identifier.to_string(), named.collect())
    });
    for (what, cycle) in
        [("prerequisites of flags", cycle(flags)), ("target groups in groups", cycle(segments))]
    {
        if let Some(cycle) = cycle {
            mistakes.push(format!(
                "env-{}: {what} lead back to themselves ({}); SDKs would follow them without end, so remove one of them first",
                environment.id,
                cycle.join(" needs ")
            ));
        }
    }
}

/// Takes away what needs nothing, again and again; what is left goes in circles.
fn cycle(edges: impl Iterator<Item = (String, Vec<String>)>) -> Option<Vec<String>> {
    let mut edges: BTreeMap<String, Vec<String>> = edges.collect();
    loop {
        let nodes = edges.len();
        let known: HashSet<String> = edges.keys().cloned().collect();
        edges.values_mut().for_each(|needed| needed.retain(|id| known.contains(id)));
        edges.retain(|_, needed| !needed.is_empty());
        if edges.len() == nodes {
            break;
        }
    }
    let mut path = vec![edges.keys().next()?.clone()];
    loop {
        let next = edges.get(path.last()?)?.first()?.clone();
        let start = path.iter().position(|id| *id == next);
        path.push(next);
        if let Some(start) = start {
            return Some(path.split_off(start));
        }
    }
}

impl WantedFlag {
    /// The flag as it is to be where it is `current` now.
    fn over(&self, current: Option<&Flag>, now_ms: i64) -> Flag {
        match current {
            None if self.whole => self.flag.clone(),
            None => Flag { created_at: now_ms, modified_at: now_ms, ..self.flag.clone() },
            Some(current) if self.whole => {
                Flag { created_at: current.created_at, modified_at: now_ms, ..self.flag.clone() }
            }
            Some(current) => Flag {
                kind: self.flag.kind,
                variations: self.flag.variations.clone(),
                prerequisites: self.flag.prerequisites.clone(),
                archived: false,
                modified_at: now_ms,
                ..current.clone()
            },
        }
    }

    /// What of a flag is compared: all that the files say.
    fn compared(&self, flag: &Flag) -> Flag {
        if self.whole {
            return Flag { created_at: 0, modified_at: 0, ..flag.clone() };
        }
        Flag {
            kind: flag.kind,
            variations: flag.variations.clone(),
            prerequisites: flag.prerequisites.clone(),
            archived: flag.archived,
            ..Flag::default()
        }
    }
}

impl Planning<'_> {
    /// Plans the flags of the project.
    pub(super) async fn flags(&mut self, wanted: &WantedProject) -> Result<(Flags, Tally), Error> {
        let mut tally = Tally::default();
        let current = self.state.flags().await?.into_iter().map(|flag| (flag.identifier.clone(), flag));
        let mut flags = Flags { after: current.collect(), ..Flags::default() };
        for (id, wanted) in &wanted.flags {
            let current = flags.after.get(id);
            let after = wanted.over(current, self.state.now_ms);
            let compared = wanted.compared(&after);
            let now = current.map(|flag| wanted.compared(flag));
            let last = match now.as_ref() == Some(&compared) {
                true => Last::Never,
                false => self.last_import.read(self.state, None, Kind::Flag, id.as_str()).await?,
            };
            let last = last.map(|flag| wanted.compared(&flag));
            let verdict = judge(&compared, now.as_ref(), &last, self.overwrite);
            tally.count(&verdict);
            match verdict {
                Verdict::Same => {}
                Verdict::Keep(why) => self.keep(format!("flag {:?} {why}", id.as_str())),
                Verdict::Create | Verdict::Change => {
                    let step = flag_step(current, &after)?;
                    let different = if current.is_none() { &mut flags.created } else { &mut flags.changed };
                    different.insert(id.clone());
                    flags.after.insert(id.clone(), after);
                    self.plan.step(step);
                }
            }
        }
        Ok((flags, tally))
    }

    /// Plans what flags serve in an environment of the directory.
    pub(super) async fn configs(
        &mut self,
        environment: &WantedEnvironment,
        flags: &Flags,
    ) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        let id = &environment.id;
        let current = self.current_configs(id).await?;
        for (flag, wanted) in &environment.configs {
            if flags.after.get(flag).is_none_or(|flag| flag.archived) {
                // It was said already that the flag is archived or deleted here.
                tally.kept += 1;
                continue;
            }
            let now = current.get(flag).map(|config| FlagConfig { version: Version(0), ..config.clone() });
            let last: Last<FlagConfig> = match now.as_ref() == Some(wanted) {
                true => Last::Never,
                false => self.last_import.read(self.state, Some(id), Kind::FlagConfig, flag.as_str()).await?,
            };
            let last = last.map(|config| FlagConfig { version: Version(0), ..config });
            let verdict = judge(wanted, now.as_ref(), &last, self.overwrite);
            tally.count(&verdict);
            match verdict {
                Verdict::Same => {}
                Verdict::Keep(why) => {
                    self.keep(format!(
                        "flag {:?} in environment {} {why}",
                        flag.as_str(),
                        environment.identifier
                    ));
                }
                Verdict::Create | Verdict::Change => self.config_step(id, current.get(flag), wanted)?,
            }
        }
        let unsaid = |flag: &FlagId| !environment.configs.contains_key(flag);
        tally.created += self.follow((id, &environment.identifier), flags, &current, unsaid)?;
        Ok(tally)
    }

    /// Lets an environment that the directory does not hold follow its project's flags.
    pub(super) async fn other_configs(
        &mut self,
        (id, identifier): (&EnvironmentUuid, &EnvironmentId),
        flags: &Flags,
    ) -> Result<(), Error> {
        let current = self.current_configs(id).await?;
        self.follow((id, identifier), flags, &current, |_| true)?;
        Ok(())
    }

    /// Flags of which nothing is said for an environment: new ones are off, changed ones keep what they
    /// serve. Returns how many are new.
    fn follow(
        &mut self,
        (id, identifier): (&EnvironmentUuid, &EnvironmentId),
        flags: &Flags,
        current: &HashMap<FlagId, FlagConfig>,
        unsaid: impl Fn(&FlagId) -> bool,
    ) -> Result<u64, Error> {
        let mut new = 0;
        let live = flags.after.values().filter(|flag| !flag.archived && unsaid(&flag.identifier));
        for flag in live {
            match current.get(&flag.identifier) {
                None => {
                    let config = off_config(flag, self.state.project.identifier.as_str(), identifier);
                    self.config_step(id, None, &config)?;
                    new += 1;
                }
                Some(config) if flags.changed.contains(&flag.identifier) => {
                    let after = FlagConfig {
                        variations: flag.variations.clone(),
                        prerequisites: flag.prerequisites.clone(),
                        ..config.clone()
                    };
                    if after != *config {
                        self.config_step(id, Some(config), &after)?;
                    }
                }
                Some(_) => {}
            }
        }
        Ok(new)
    }

    async fn current_configs(
        &self,
        environment: &EnvironmentUuid,
    ) -> Result<HashMap<FlagId, FlagConfig>, Error> {
        let objects = store::current_bodies(self.state.db, environment.as_str(), Kind::FlagConfig).await?;
        let read = |object: store::CurrentObject| {
            let config = serde_json::from_str(object.body.as_deref()?);
            Some(config.map(|config: FlagConfig| (config.feature.clone(), config)).map_err(Error::internal))
        };
        objects.into_iter().filter_map(read).collect()
    }

    fn config_step(
        &mut self,
        environment: &EnvironmentUuid,
        before: Option<&FlagConfig>,
        after: &FlagConfig,
    ) -> Result<(), Error> {
        let after = FlagConfig { version: self.plan.version(self.state, environment), ..after.clone() };
        let name = format!("flag {:?}", after.feature.as_str());
        self.plan.step(ObjectStep {
            scope: Scope::Environment(environment.clone()),
            kind: Kind::FlagConfig,
            identifier: after.feature.to_string(),
            action: if before.is_some() { "FeatureActivationPatched" } else { "FeatureActivationCreated" },
            event: if before.is_some() { EventKind::Patch } else { EventKind::Create },
            before: before.map(|before| body(before, &name)).transpose()?,
            after: Some(body(&after, &name)?),
            references: config_references(&after),
            // No server runs, so nobody has to be told.
            dependants: Vec::new(),
        });
        Ok(())
    }
}

fn flag_step(before: Option<&Flag>, after: &Flag) -> Result<ObjectStep, Error> {
    let name = format!("flag {:?}", after.identifier.as_str());
    Ok(ObjectStep {
        scope: Scope::Project,
        kind: Kind::Flag,
        identifier: after.identifier.to_string(),
        action: if before.is_some() { "FeaturePatched" } else { "FeatureCreated" },
        event: if before.is_some() { EventKind::Patch } else { EventKind::Create },
        before: before.map(|before| body(before, &name)).transpose()?,
        after: Some(body(after, &name)?),
        // An archived flag needs nothing; what it names is checked when it is restored.
        references: if after.archived { Vec::new() } else { flag_references(after) },
        dependants: Vec::new(),
    })
}

fn off_config(flag: &Flag, project: &str, environment: &EnvironmentId) -> FlagConfig {
    FlagConfig {
        project: project.into(),
        environment: environment.as_str().into(),
        feature: flag.identifier.clone(),
        state: FlagState::Off,
        kind: flag.kind,
        variations: flag.variations.clone(),
        off_variation: flag.default_off_variation.clone(),
        default_serve: Serve::variation(flag.default_on_variation.clone()),
        prerequisites: flag.prerequisites.clone(),
        ..FlagConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(edges: &[(&str, &[&str])]) -> Option<String> {
        let edges = edges
            .iter()
            .map(|(id, needed)| ((*id).to_owned(), needed.iter().map(|id| (*id).to_owned()).collect()));
        cycle(edges).map(|path| path.join(" "))
    }

    #[test]
    fn a_circle_is_found_and_named_without_what_leads_into_it() {
        assert_eq!(circle(&[("a", &["b"]), ("b", &["c", "gone"]), ("c", &[])]), None);
        assert_eq!(circle(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]), Some("b c b".to_owned()));
        assert_eq!(circle(&[("a", &["a"])]), Some("a a".to_owned()));
    }
}
