//! Random environments: everything that the admin API can store, and a little of what only imports hold.

use std::collections::BTreeSet;

use fastrand::Rng;
use model::{
    Clause, FlagConfig, FlagId, FlagKind, FlagState, GroupRule, Prerequisite, Segment, SegmentId, Snapshot,
    Target, TargetId, TargetName, Variation, VariationId, VariationMap, Version,
};
use serde_json::json;

use crate::targets;
use crate::texts::Texts;

/// Flags of an environment. Few, so that many environments fit a run: what matters is how they combine.
pub(crate) const FLAGS: usize = 16;
const SEGMENTS: usize = 8;

/// Flags that may need others. Each may need two, and the engine refuses what takes 4,096 steps to follow.
const DEPENDENT_FLAGS: usize = 6;

/// Attributes that are also something else in an SDK: properties of its target object.
pub(crate) const PROPERTIES: &[&str] = &["anonymous", "attributes", "constructor", "to_dict"];

/// An environment, and targets to evaluate its flags for.
pub(crate) struct Scenario {
    /// Makes the same scenario again.
    pub(crate) seed: u64,
    pub(crate) snapshot: Snapshot,
    pub(crate) targets: Vec<Target>,
}

impl Scenario {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let texts = Texts::new(&mut rng);
        let targets = targets::of(&texts, &mut rng);
        let mut author = Author { identifiers: identifiers(&targets), texts, rng };
        let segments = (0..SEGMENTS).map(|index| author.segment(index)).collect();
        let kinds: Vec<FlagKind> = (0..FLAGS).map(|_| author.kind()).collect();
        let variations: Vec<_> = kinds.iter().map(|kind| author.variations(*kind)).collect();
        let flags = (0..FLAGS).map(|index| author.flag(index, kinds[index], &variations)).collect();
        Self { seed, snapshot: Snapshot { version: Version(1), flags, segments }, targets }
    }
}

/// Whom lists name: targets of the scenario, and some that are none.
fn identifiers(targets: &[Target]) -> Vec<String> {
    let known = targets.iter().map(|target| target.identifier.to_string()).filter(|id| !id.is_empty());
    known.chain(["stranger".to_owned(), "STRANGER".to_owned()]).collect()
}

/// Writes flags and segments, and with `rules.rs` their rules.
pub(crate) struct Author {
    pub(crate) rng: Rng,
    pub(crate) texts: Texts,
    identifiers: Vec<String>,
}

impl Author {
    pub(crate) fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    pub(crate) fn one<T: Clone>(&mut self, choices: &[T]) -> T {
        self.rng.choice(choices).cloned().unwrap()
    }

    /// Up to `most` of the choices, in any order, maybe repeated.
    fn some<T: Clone>(&mut self, choices: &[T], most: usize) -> Vec<T> {
        (0..self.rng.usize(..=most)).map(|_| self.one(choices)).collect()
    }

    fn target_names(&mut self, most: usize) -> Vec<TargetName> {
        let identifiers = self.identifiers.clone();
        let chosen = self.some(&identifiers, most).into_iter();
        chosen.map(|identifier| TargetName::unnamed(TargetId::from_wire(identifier))).collect()
    }

    /// Segments at or after `first`; now and then one that does not exist.
    pub(crate) fn segment_ids(&mut self, first: usize, most: usize) -> Vec<SegmentId> {
        let count = self.rng.usize(1..=most);
        let one = |_| segment_id(if self.chance(10) { SEGMENTS } else { self.rng.usize(first..SEGMENTS) });
        (0..count).map(one).collect()
    }

    fn segment(&mut self, index: usize) -> Segment {
        // Segments refer to later ones only, so there are no cycles, and each in one clause only: the
        // ways through them would soon be too many.
        let mut nested = false;
        let (old, new) =
            self.one(&[(false, true), (false, true), (true, false), (true, true), (false, false)]);
        let clauses = if old { self.rng.usize(1..=3) } else { 0 };
        let groups = if new { self.rng.usize(1..=3) } else { 0 };
        let mut priorities: Vec<i64> = (1..=3).collect();
        self.rng.shuffle(&mut priorities);
        Segment {
            identifier: segment_id(index),
            name: format!("Segment {index}").into(),
            tags: Vec::new(),
            included: self.target_names(3),
            excluded: self.target_names(2),
            rules: (0..clauses).map(|_| self.segment_clause(index, &mut nested)).collect(),
            serving_rules: (0..groups)
                .map(|rule| GroupRule {
                    rule_id: format!("rule-{rule}").into(),
                    priority: priorities[rule],
                    clauses: (0..self.rng.usize(..=3))
                        .map(|_| self.segment_clause(index, &mut nested))
                        .collect(),
                })
                .collect(),
            created_at: 1,
            modified_at: 2,
            version: Version(1),
        }
    }

    fn segment_clause(&mut self, segment: usize, nested: &mut bool) -> Clause {
        if !*nested && segment + 1 < SEGMENTS && self.chance(20) {
            *nested = true;
            let segments = self.segment_ids(segment + 1, 2);
            return self.membership(&segments);
        }
        self.comparison()
    }

    fn kind(&mut self) -> FlagKind {
        self.one(&[FlagKind::Boolean, FlagKind::String, FlagKind::Int, FlagKind::Json])
    }

    /// Variations whose values are all different, so that a value tells which one was served.
    fn variations(&mut self, kind: FlagKind) -> Vec<Variation> {
        let count = if kind == FlagKind::Boolean { 2 } else { self.rng.usize(2..=4) };
        let mut values = BTreeSet::new();
        while values.len() < count {
            values.insert(self.value(kind, values.len()));
        }
        let each = values.into_iter().enumerate().map(|(index, value)| Variation {
            identifier: variation_id(index),
            name: format!("Variation {index}").into(),
            description: "".into(),
            value: value.into(),
        });
        each.collect()
    }

    fn value(&mut self, kind: FlagKind, index: usize) -> String {
        match kind {
            FlagKind::Boolean => ["false", "true"][index].to_owned(),
            FlagKind::Int => {
                self.one(&["0", "1", "-3", "2.5", "0.1", "1e3", "9007199254740993", "-1e-7"]).to_owned()
            }
            FlagKind::String if self.chance(5) => String::new(),
            FlagKind::String => self.texts.any(&mut self.rng),
            FlagKind::Json => {
                let text = self.texts.any(&mut self.rng);
                json!({ "index": index, "ratio": 2.0, text.clone(): [text, null, true, {}] }).to_string()
            }
        }
    }

    fn flag(&mut self, index: usize, kind: FlagKind, variations: &[Vec<Variation>]) -> FlagConfig {
        let own: Vec<VariationId> = variations[index].iter().map(|v| v.identifier.clone()).collect();
        FlagConfig {
            project: "differential".into(),
            environment: "random".into(),
            feature: flag_id(index),
            state: if self.chance(90) { FlagState::On } else { FlagState::Off },
            kind,
            variations: variations[index].clone(),
            off_variation: self.variation(&own),
            default_serve: self.serve(&own),
            rules: self.rules(&own),
            variation_to_target_map: (0..self.rng.usize(..=2)).map(|_| self.listing(&own)).collect(),
            prerequisites: self.prerequisites(index, variations),
            version: Version(1),
        }
    }

    fn listing(&mut self, variations: &[VariationId]) -> VariationMap {
        VariationMap {
            variation: self.variation(variations),
            targets: self.target_names(3),
            target_segments: if self.chance(20) { self.segment_ids(0, 2) } else { Vec::new() },
        }
    }

    /// Up to two of the flags after this one; now and then one that does not exist.
    fn prerequisites(&mut self, index: usize, variations: &[Vec<Variation>]) -> Vec<Prerequisite> {
        let count = if index < DEPENDENT_FLAGS { self.rng.usize(..=2) } else { 0 };
        let each = (0..count).map(|_| {
            let other = if self.chance(15) { FLAGS } else { self.rng.usize(index + 1..FLAGS) };
            let known = variations.get(other).into_iter().flatten().map(|v| v.identifier.clone());
            let accepted: Vec<VariationId> = known.filter(|_| self.rng.u8(..100) < 75).collect();
            Prerequisite { feature: flag_id(other), variations: accepted }
        });
        each.collect()
    }

    /// One of the flag's variations, rarely one that it does not have.
    pub(crate) fn variation(&mut self, variations: &[VariationId]) -> VariationId {
        if self.chance(1) { variation_id(99) } else { self.one(variations) }
    }
}

fn flag_id(index: usize) -> FlagId {
    FlagId::from_wire(format!("flag-{index}"))
}

fn segment_id(index: usize) -> SegmentId {
    SegmentId::from_wire(format!("segment-{index}"))
}

fn variation_id(index: usize) -> VariationId {
    VariationId::from_wire(format!("v{index}"))
}
