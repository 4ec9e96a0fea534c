//! Differences of what a flag serves in one environment.

use model::{Clause, FlagConfig, FlagState, Serve, ServingRule, VariationMap};

use super::{Differences, Items, shown, value};
use crate::levels::once;

/// Values of a clause that a summary shows.
const VALUES_SHOWN: usize = 3;

/// What a variation is served to by name and by membership.
#[derive(Default)]
struct Named<'a> {
    variation: &'a str,
    targets: Vec<&'a str>,
    segments: Vec<&'a str>,
}

impl Differences {
    pub(super) fn config(&mut self, before: &FlagConfig, after: &FlagConfig) {
        let word = |state: &FlagState| if *state == FlagState::On { "on" } else { "off" }.to_owned();
        self.value("state", "state", (&before.state, &after.state), word);
        let (was, is) = (&before.off_variation, &after.off_variation);
        self.text("offVariation", "off variation", was.as_str(), is.as_str());
        let serves = (&before.default_serve, &after.default_serve);
        self.value("defaultServe", "default serve", serves, serve);
        self.rules(&before.rules, &after.rules);
        self.maps(&before.variation_to_target_map, &after.variation_to_target_map);
        self.variations(&before.variations, &after.variations);
        self.prerequisites(&before.prerequisites, &after.prerequisites);
    }

    /// Their order is the order of their priorities, which is told rule by rule.
    fn rules(&mut self, before: &[ServingRule], after: &[ServingRule]) {
        let items = Items { path: "rules", noun: "rule", before, after, id: |rule| &rule.rule_id };
        self.items(&items, |found, path, was, is| {
            let name = |what: &str| format!("{what} of rule {}", is.rule_id);
            let clauses = (&was.clauses, &is.clauses);
            found.value(&format!("{path}.clauses"), &name("condition"), clauses, clauses_in_words);
            found.value(&format!("{path}.serve"), &name("serve"), (&was.serve, &is.serve), serve);
            let priorities = (&was.priority, &is.priority);
            found.value(&format!("{path}.priority"), &name("priority"), priorities, ToString::to_string);
        });
    }

    fn maps(&mut self, before: &[VariationMap], after: &[VariationMap]) {
        let (before, after) = (named(before), named(after));
        let nobody = Named::default();
        let mut variations: Vec<_> = before.iter().chain(&after).map(|named| named.variation).collect();
        once(&mut variations);
        for variation in variations {
            let of = |named: &Named<'_>| named.variation == variation;
            let was = before.iter().find(|named| of(named)).unwrap_or(&nobody);
            let is = after.iter().find(|named| of(named)).unwrap_or(&nobody);
            let path = format!("variationToTargetMap[{variation}]");
            let name = format!("targets served {variation}");
            self.targets(&format!("{path}.targets"), &name, &was.targets, &is.targets);
            if was.segments != is.segments {
                let words = |segments: &[&str]| list(segments.iter().copied());
                let summary =
                    format!("groups served {variation}: {} → {}", words(&was.segments), words(&is.segments));
                let segments = (value(&was.segments), value(&is.segments));
                self.push(format!("{path}.targetSegments"), segments.0, segments.1, summary);
            }
        }
    }
}

/// For each variation once, though an import may name it twice.
fn named(maps: &[VariationMap]) -> Vec<Named<'_>> {
    let mut all: Vec<Named<'_>> = Vec::new();
    for map in maps {
        let variation = map.variation.as_str();
        let place = all.iter().position(|named| named.variation == variation).unwrap_or(all.len());
        if place == all.len() {
            all.push(Named { variation, ..Named::default() });
        }
        let Some(entry) = all.get_mut(place) else { continue };
        entry.targets.extend(map.targets.iter().map(|target| target.identifier.as_str()));
        entry.segments.extend(map.target_segments.iter().map(model::SegmentId::as_str));
    }
    all
}

/// `on`, or `30 % on, 70 % off by email`.
fn serve(serve: &Serve) -> String {
    if let Some(variation) = &serve.variation {
        return variation.to_string();
    }
    let Some(rollout) = &serve.distribution else { return "nothing".to_owned() };
    let shares = rollout.variations.iter();
    let shares: Vec<_> = shares.map(|share| format!("{} % {}", share.weight, share.variation)).collect();
    format!("{} by {}", shares.join(", "), rollout.bucket_by)
}

/// `email ends_with @example.com and segmentMatch beta`.
#[expect(clippy::ptr_arg, reason = "the type of the field")]
pub(super) fn clauses_in_words(clauses: &Vec<Clause>) -> String {
    if clauses.is_empty() {
        return "(none)".to_owned();
    }
    clauses.iter().map(clause).collect::<Vec<_>>().join(" and ")
}

pub(super) fn clause(clause: &Clause) -> String {
    let values = list(clause.values.iter().map(|value| &**value));
    if clause.attribute.is_empty() {
        return format!("{} {values}", clause.op);
    }
    format!("{} {} {values}", clause.attribute, clause.op)
}

/// The first few, and how many more there are.
pub(super) fn list<'a>(items: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = items.len();
    if count == 0 {
        return "(none)".to_owned();
    }
    let mut first = items.take(VALUES_SHOWN).map(shown).collect::<Vec<_>>().join(", ");
    if count > VALUES_SHOWN {
        first.push_str(&format!(" and {} more", count - VALUES_SHOWN));
    }
    first
}
