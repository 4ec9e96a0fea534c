//! What an import did, or would do, for the person who runs it.

use std::collections::BTreeMap;
use std::fmt::Write;

use model::{EnvironmentUuid, KeyHash, Version};
use serde::{Deserialize, Serialize};

use super::notes::Notes;
use super::verdict::Verdict;
use super::wanted::WantedProject;

/// How many objects became what.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct Tally {
    pub(super) created: u64,
    pub(super) changed: u64,
    pub(super) same: u64,
    pub(super) kept: u64,
}

/// What became of one project.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Outcome {
    project: String,
    created: bool,
    pub(super) flags: Tally,
    environments: BTreeMap<EnvironmentUuid, EnvironmentOutcome>,
    kept: Vec<String>,
    /// Keys of which nobody said the kind.
    assumed: Vec<KeyHash>,
}

/// What became of one environment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct EnvironmentOutcome {
    identifier: String,
    pub(super) created: bool,
    /// Whether its version was raised past those of the files.
    pub(super) raised: bool,
    pub(super) version: Version,
    pub(super) configs: Tally,
    pub(super) segments: Tally,
    pub(super) targets: Tally,
    pub(super) keys: Tally,
}

/// What a wrong kind of key would mean.
const SERVER_KEYS: &str = "\nThe files do not say of which kind an SDK key is; these are server keys from now on. Whoever has a server key can \
     read every rule and every list of targets: name keys that browsers and apps carry with --client-key HASH, and run \
     the import again if it is done already.\n";

/// Whether it was done.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Tense {
    /// A dry run.
    Would,
    /// It was.
    Did,
}

impl Tally {
    /// Counts an object.
    pub(super) fn count(&mut self, verdict: &Verdict) {
        let count = match verdict {
            Verdict::Create => &mut self.created,
            Verdict::Change => &mut self.changed,
            Verdict::Same => &mut self.same,
            Verdict::Keep(_) => &mut self.kept,
        };
        *count += 1;
    }

    fn line(self, what: &str) -> String {
        let Self { created, changed, same, kept } = self;
        format!("    {what:<28} {created:>6} new {changed:>6} changed {same:>6} as they are {kept:>6} kept\n")
    }

    const fn writes(self) -> bool {
        self.created + self.changed > 0
    }
}

impl Outcome {
    /// Nothing yet.
    pub(super) fn of(wanted: &WantedProject, created: bool) -> Self {
        let environments = wanted.environments.iter().map(|environment| {
            let identifier = environment.identifier.to_string();
            (environment.id.clone(), EnvironmentOutcome { identifier, ..EnvironmentOutcome::default() })
        });
        Self { project: wanted.path(), created, environments: environments.collect(), ..Self::default() }
    }

    /// Notes something that stays as it is.
    pub(super) fn keep(&mut self, text: String) {
        self.kept.push(text);
    }

    /// Notes a key of which nobody said the kind.
    pub(super) fn assume(&mut self, key: &KeyHash) {
        self.assumed.push(key.clone());
    }

    /// What becomes of an environment.
    pub(super) fn environment(&mut self, id: &EnvironmentUuid) -> &mut EnvironmentOutcome {
        self.environments.entry(id.clone()).or_default()
    }

    fn writes(&self) -> bool {
        let of_environment = |one: &EnvironmentOutcome| {
            one.created
                || one.raised
                || [one.configs, one.segments, one.targets, one.keys].into_iter().any(Tally::writes)
        };
        self.created || self.flags.writes() || self.environments.values().any(of_environment)
    }
}

/// The whole report.
pub(super) fn page(outcomes: &[Outcome], notes: &Notes, tense: Tense) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let _ = project(outcome, tense, &mut text); // Writing to a string cannot fail.
    }
    for (topic, places) in notes.topics() {
        text.push('\n');
        text.push_str(topic.text);
        text.push('\n');
        for place in places {
            text.push_str(&format!("  {place}\n"));
        }
    }
    let mut assumed = outcomes.iter().flat_map(|outcome| &outcome.assumed).peekable();
    if assumed.peek().is_some() {
        text.push_str(SERVER_KEYS);
    }
    for key in assumed {
        text.push_str(&format!("  {key}\n"));
    }
    let writes = outcomes.iter().any(Outcome::writes);
    text.push_str(match (tense, writes) {
        (Tense::Would, true) => "\nNothing was written: this was a dry run.\n",
        (Tense::Would, false) => "\nThere is nothing to write.\n",
        (Tense::Did, true) => "\nImported.\n",
        (Tense::Did, false) => "\nEverything was here already; nothing was written.\n",
    });
    text
}

fn project(outcome: &Outcome, tense: Tense, text: &mut String) -> std::fmt::Result {
    let becomes = |created: bool| match (tense, created) {
        (Tense::Would, true) => " would be made",
        (Tense::Did, true) => " was made",
        (_, false) => " is here",
    };
    writeln!(text, "project {}{}", outcome.project, becomes(outcome.created))?;
    text.push_str(&outcome.flags.line("flags"));
    let mut environments: Vec<_> = outcome.environments.iter().collect();
    environments.sort_by_key(|(_, environment)| &environment.identifier);
    for (id, environment) in environments {
        let EnvironmentOutcome { identifier, version, .. } = environment;
        writeln!(
            text,
            "  environment {identifier} ({id}){}, version {version}",
            becomes(environment.created)
        )?;
        text.push_str(&environment.configs.line("flags in this environment"));
        text.push_str(&environment.segments.line("target groups"));
        text.push_str(&environment.targets.line("targets"));
        text.push_str(&environment.keys.line("SDK keys"));
    }
    if !outcome.kept.is_empty() {
        writeln!(
            text,
            "  kept as it is here (--overwrite replaces it, but for keys of other environments):"
        )?;
    }
    for kept in &outcome.kept {
        writeln!(text, "    {kept}")?;
    }
    Ok(())
}
