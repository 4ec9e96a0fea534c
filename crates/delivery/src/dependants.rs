//! Flags whose answers change with another flag.
//!
//! A browser fetches only the flag that an event names. So a flag whose prerequisite changed needs an event
//! of its own, also when changes are told again to a stream that missed them.

use std::collections::HashMap;

use client_api::{Dependants, Environment};
use model::{Domain, EventKind, StreamEvent, Version};

/// Adds a `patch` for every flag that depends on a changed flag, directly or through others, unless it
/// changed itself at that version or later. Events stay in the order of their versions.
pub(crate) fn add(events: &mut Vec<StreamEvent>, environment: &Environment) {
    let dependants = Dependants::new(environment);
    let mut told: HashMap<&str, Version> = HashMap::new();
    for event in events.iter().filter(|event| event.domain == Domain::Flag) {
        told.insert(&event.identifier, event.version);
    }
    let mut owed: HashMap<String, Version> = HashMap::new();
    for (&flag, &version) in &told {
        for dependant in dependants.of_flag(flag) {
            if told.get(dependant).is_none_or(|known| *known < version) {
                let newest = owed.entry(dependant.to_owned()).or_default();
                *newest = version.max(*newest);
            }
        }
    }
    // The event of a flag that is owed a later one would be told twice.
    events.retain(|event| event.domain != Domain::Flag || !owed.contains_key(&event.identifier));
    events.extend(owed.into_iter().map(|(identifier, version)| StreamEvent {
        event: EventKind::Patch,
        domain: Domain::Flag,
        identifier,
        version,
    }));
    // Flags before segments: a group that is gone is told of after the flags that no longer name it.
    events.sort_by(|one, other| {
        let key = |event: &StreamEvent| (event.version, event.domain);
        key(one).cmp(&key(other)).then_with(|| one.identifier.cmp(&other.identifier))
    });
}

#[cfg(test)]
mod tests {
    use model::{FlagConfig, FlagId, Prerequisite, Snapshot};

    use super::*;

    /// Flags by identifier, each with the flags it needs.
    fn environment(flags: &[(&str, &[&str])]) -> Environment {
        let flags = flags.iter().map(|(id, needs)| FlagConfig {
            feature: FlagId::from_wire(*id),
            prerequisites: needs
                .iter()
                .map(|id| Prerequisite { feature: FlagId::from_wire(*id), variations: Vec::new() })
                .collect(),
            ..FlagConfig::default()
        });
        Environment::new(Snapshot { flags: flags.collect(), ..Snapshot::default() }).0
    }

    fn patch(identifier: &str, version: i64) -> StreamEvent {
        StreamEvent {
            event: EventKind::Patch,
            domain: Domain::Flag,
            identifier: identifier.to_owned(),
            version: Version(version),
        }
    }

    #[test]
    fn a_flag_is_told_of_with_what_it_depends_on_however_far() {
        let environment =
            environment(&[("base", &[]), ("middle", &["base"]), ("top", &["middle"]), ("other", &[])]);
        let mut events = vec![patch("other", 3), patch("base", 7)];

        add(&mut events, &environment);

        assert_eq!(events, [patch("other", 3), patch("base", 7), patch("middle", 7), patch("top", 7)]);
    }

    #[test]
    fn a_flag_that_changed_later_itself_is_told_once() {
        let environment = environment(&[("base", &[]), ("early", &["base"]), ("late", &["base"])]);
        let mut events = vec![patch("early", 5), patch("base", 7), patch("late", 9)];

        add(&mut events, &environment);

        assert_eq!(events, [patch("base", 7), patch("early", 7), patch("late", 9)]);
    }

    #[test]
    fn a_circle_from_an_import_ends() {
        let environment = environment(&[("a", &["b"]), ("b", &["a"])]);
        let mut events = vec![patch("a", 2)];

        add(&mut events, &environment);

        assert_eq!(events, [patch("a", 2), patch("b", 2)]);
    }
}
