//! Flags whose answers change with another flag or with a segment.

use std::collections::{BTreeSet, HashMap};

use crate::Environment;

/// The operator whose operands are segments.
const SEGMENT_MATCH: &str = "segmentMatch";

/// Who needs whom in one environment. Made by one walk over all of its objects.
#[derive(Debug, Default)]
pub struct Dependants<'a> {
    /// From a flag to the flags that have it as a prerequisite.
    by_flag: HashMap<&'a str, Vec<&'a str>>,
    /// From a segment to the flags that ask for its members …
    by_segment: HashMap<&'a str, Vec<&'a str>>,
    /// … and to the segments that do.
    nested: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Dependants<'a> {
    /// Looks through an environment.
    pub fn new(environment: &'a Environment) -> Self {
        let mut dependants = Self::default();
        for (id, flag) in &environment.flags {
            let id = id.as_str();
            for prerequisite in &flag.prerequisites {
                dependants.by_flag.entry(prerequisite.feature.as_str()).or_default().push(id);
            }
            let listed = flag.variation_to_target_map.iter().flat_map(|map| &map.target_segments);
            let named = flag.rules.iter().flat_map(|rule| &rule.clauses).flat_map(segments_of);
            for segment in listed.map(|segment| segment.as_str()).chain(named) {
                dependants.by_segment.entry(segment).or_default().push(id);
            }
        }
        for (id, segment) in &environment.segments {
            let clauses = segment.serving_rules.iter().flat_map(|rule| &rule.clauses).chain(&segment.rules);
            for nested in clauses.flat_map(segments_of) {
                dependants.nested.entry(nested).or_default().push(id.as_str());
            }
        }
        dependants
    }

    /// Flags whose answers may change when this flag does, directly or through others.
    pub fn of_flag(&self, flag: &'a str) -> BTreeSet<&'a str> {
        closure(vec![flag], &self.by_flag)
    }

    /// Flags whose answers may change when this segment does, directly or through others.
    pub fn of_segment(&self, segment: &'a str) -> BTreeSet<&'a str> {
        let mut segments = closure(vec![segment], &self.nested);
        segments.insert(segment);
        let asking = segments.iter().filter_map(|segment| self.by_segment.get(segment)).flatten();
        let mut flags: BTreeSet<&str> = asking.copied().collect();
        flags.extend(closure(flags.iter().copied().collect(), &self.by_flag));
        flags
    }
}

fn segments_of(clause: &model::Clause) -> impl Iterator<Item = &str> {
    let names_segments = &*clause.op == SEGMENT_MATCH;
    clause.values.iter().filter(move |_| names_segments).map(|value| &**value)
}

/// Everything that is reached from `waiting`. Circles, which imports may hold, end.
fn closure<'a>(mut waiting: Vec<&'a str>, needed_by: &HashMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    while let Some(next) = waiting.pop() {
        for &dependant in needed_by.get(next).into_iter().flatten() {
            if found.insert(dependant) {
                waiting.push(dependant);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use model::Snapshot;
    use serde_json::{Value, json};

    use super::*;

    fn environment(snapshot: Value) -> Environment {
        Environment::new(serde_json::from_value::<Snapshot>(snapshot).unwrap()).0
    }

    fn asks_for(segments: &[&str]) -> Value {
        json!([{ "op": "segmentMatch", "values": segments }])
    }

    #[test]
    fn a_flag_depends_on_its_prerequisites_however_far() {
        let environment = environment(json!({ "flags": [
            { "feature": "base" },
            { "feature": "middle", "prerequisites": [{ "feature": "base" }] },
            { "feature": "top", "prerequisites": [{ "feature": "middle" }] },
            { "feature": "other" },
        ] }));

        let dependants = Dependants::new(&environment);

        assert_eq!(dependants.of_flag("base"), BTreeSet::from(["middle", "top"]));
        assert_eq!(dependants.of_flag("other"), BTreeSet::new());
    }

    #[test]
    fn a_flag_depends_on_segments_in_rules_in_lists_and_within_each_other() {
        let environment = environment(json!({
            "flags": [
                { "feature": "by-rule", "rules": [{ "clauses": asks_for(&["inner"]) }] },
                { "feature": "by-list", "variationToTargetMap": [{ "targetSegments": ["inner"] }] },
                { "feature": "by-nesting", "rules": [{ "clauses": asks_for(&["outer"]) }] },
                { "feature": "by-prerequisite", "prerequisites": [{ "feature": "by-nesting" }] },
                { "feature": "other", "rules": [{ "clauses": [{ "op": "equal", "values": ["inner"] }] }] },
            ],
            "segments": [
                { "identifier": "inner" },
                { "identifier": "old", "rules": asks_for(&["inner"]) },
                { "identifier": "outer", "servingRules": [{ "clauses": asks_for(&["old"]) }] },
            ],
        }));

        let dependants = Dependants::new(&environment);

        let all = BTreeSet::from(["by-list", "by-nesting", "by-prerequisite", "by-rule"]);
        assert_eq!(dependants.of_segment("inner"), all);
        assert_eq!(dependants.of_segment("outer"), BTreeSet::from(["by-nesting", "by-prerequisite"]));
    }

    #[test]
    fn a_circle_from_an_import_ends() {
        let environment = environment(json!({
            "flags": [
                { "feature": "a", "prerequisites": [{ "feature": "b" }] },
                { "feature": "b", "prerequisites": [{ "feature": "a" }] },
            ],
            "segments": [{ "identifier": "s", "rules": asks_for(&["s"]) }],
        }));

        let dependants = Dependants::new(&environment);

        assert_eq!(dependants.of_flag("a"), BTreeSet::from(["a", "b"]));
        assert_eq!(dependants.of_segment("s"), BTreeSet::new());
    }
}
