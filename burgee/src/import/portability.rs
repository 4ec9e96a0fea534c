//! What stock SDKs make of the files: where they disagree with each other, and what the admin API would
//! refuse. Nothing of it is changed.

use std::collections::HashSet;

use model::limits::{RULES_PER_FLAG_MAX, VARIATIONS_PER_FLAG_MAX};
use model::{
    Clause, Distribution, FlagConfig, FlagId, FlagKind, Segment, SegmentId, Serve, Snapshot, VariationId,
};
use serde_json::Value;
use store::{config_references, segment_references};

use super::notes::{Notes, Topic};
use super::wanted::{WantedEnvironment, WantedProject};

/// The operator by which a clause names target groups.
const SEGMENT_MATCH: &str = "segmentMatch";

/// Operators that every SDK evaluates alike and that look at one value.
const OF_ONE_VALUE: [&str; 5] = ["equal", "equal_sensitive", "starts_with", "ends_with", "contains"];

/// The operator that looks at all values.
const IN: &str = "in";

/// Operators that some SDKs know, each in its own way.
const NOT_PORTABLE: [&str; 2] = ["gt", "match"];

/// The sum of the weights of a rollout.
const WHOLE: i64 = 100;

/// Notes everything about a project that its owner should know.
pub(super) fn examine(project: &WantedProject, notes: &mut Notes) {
    for environment in &project.environments {
        let mut examiner = Examiner { environment, notes: &mut *notes };
        for config in environment.configs.values() {
            examiner.flag(config);
        }
        for segment in environment.segments.values() {
            examiner.segment(segment);
        }
        examiner.engine();
    }
}

struct Examiner<'a> {
    environment: &'a WantedEnvironment,
    notes: &'a mut Notes,
}

impl Examiner<'_> {
    fn flag(&mut self, config: &FlagConfig) {
        let place =
            format!("flag {:?} in environment {}", config.feature.as_str(), self.environment.identifier);
        self.shape(config, &place);
        self.serve(&config.default_serve, Topic::DEFAULT_SERVES_TWO, &place);
        if config.default_serve.distribution.is_some() && config.default_serve.variation.is_none() {
            self.notes.add(Topic::DEFAULT_ROLLOUT, place.as_str());
        }
        for rule in &config.rules {
            let place = format!("{place}, rule {:?}", rule.rule_id);
            match rule.clauses.len() {
                0 => self.notes.add(Topic::NO_CLAUSES, place.as_str()),
                1 => {}
                _ => self.notes.add(Topic::SEVERAL_CLAUSES, place.as_str()),
            }
            if rule.clauses.iter().any(|clause| &*clause.op != SEGMENT_MATCH) {
                self.notes.add(Topic::ATTRIBUTE_CLAUSES, place.as_str());
            }
            if rule.serve == Serve::default() {
                self.notes.add(Topic::SERVES_NOTHING, place.as_str());
            }
            self.serve(&rule.serve, Topic::SERVES_TWO, &place);
            self.clauses(&rule.clauses, &place);
        }
        self.priorities(config.rules.iter().map(|rule| rule.priority), &place);
        if config.variation_to_target_map.iter().any(|map| !map.target_segments.is_empty()) {
            self.notes.add(Topic::SEGMENTS_IN_TARGET_MAP, place.as_str());
        }
        for prerequisite in &config.prerequisites {
            if !self.environment.configs.contains_key(&prerequisite.feature) {
                let text = format!("{place} needs flag {:?}", prerequisite.feature.as_str());
                self.notes.add(Topic::MISSING_PREREQUISITE, text);
            }
        }
        self.references(config_references(config), &place);
    }

    fn segment(&mut self, segment: &Segment) {
        let environment = &self.environment.identifier;
        let place = format!("target group {:?} in environment {environment}", segment.identifier.as_str());
        if let Err(error) = SegmentId::parse(segment.identifier.as_str()) {
            self.notes.add(Topic::REFUSED_BY_ADMIN, format!("{place}: {}", error.message));
        }
        self.clauses(&segment.rules, &place);
        for rule in &segment.serving_rules {
            self.clauses(&rule.clauses, &format!("{place}, rule {:?}", rule.rule_id));
        }
        self.references(segment_references(segment), &place);
    }

    /// What the admin API would not accept of a flag, wherever it is served.
    fn shape(&mut self, config: &FlagConfig, place: &str) {
        let mut refused = |what: &str| self.notes.add(Topic::REFUSED_BY_ADMIN, format!("{place}: {what}"));
        if let Err(error) = FlagId::parse(config.feature.as_str()) {
            refused(&error.message);
        }
        if config.variations.len() < 2 {
            refused("it has fewer than two variations");
        }
        if config.variations.len() > VARIATIONS_PER_FLAG_MAX {
            refused(&format!("it has more than {VARIATIONS_PER_FLAG_MAX} variations"));
        }
        if config.rules.len() > RULES_PER_FLAG_MAX {
            refused(&format!("it has more than {RULES_PER_FLAG_MAX} rules"));
        }
        let mut seen = HashSet::new();
        for variation in &config.variations {
            let id = variation.identifier.as_str();
            if VariationId::parse(id).is_err() || !seen.insert(id) {
                refused(&format!("the identifier of variation {id:?} is there twice, or is not one"));
            }
            if !fits(&variation.value, config.kind) {
                refused(&format!("the value of variation {id:?} does not fit its kind, {}", config.kind));
            }
        }
    }

    fn serve(&mut self, serve: &Serve, both: Topic, place: &str) {
        let Some(distribution) = &serve.distribution else { return };
        if serve.variation.is_some() {
            self.notes.add(both, place);
        }
        if total(distribution) != WHOLE {
            self.notes.add(Topic::WEIGHTS, format!("{place}: {}", total(distribution)));
        }
    }

    fn clauses(&mut self, clauses: &[Clause], place: &str) {
        for clause in clauses {
            let place = format!("{place}: {} {} {:?}", clause.attribute, clause.op, clause.values);
            let known =
                &*clause.op == IN || &*clause.op == SEGMENT_MATCH || OF_ONE_VALUE.contains(&&*clause.op);
            if !known {
                self.notes.add(Topic::OPERATORS, place.as_str());
            }
            if clause.values.len() > 1 && (OF_ONE_VALUE.contains(&&*clause.op) || is_special(clause)) {
                self.notes.add(Topic::SPARE_VALUES, place.as_str());
            }
            if clause.negate {
                self.notes.add(Topic::NEGATE, place.as_str());
            }
            if &*clause.op == SEGMENT_MATCH && !clause.attribute.is_empty() {
                self.notes.add(Topic::ATTRIBUTE_OF_SEGMENT_MATCH, place.as_str());
            }
        }
    }

    fn priorities(&mut self, priorities: impl Iterator<Item = i64>, place: &str) {
        let mut seen = HashSet::new();
        let mut shared: Vec<_> = priorities.filter(|priority| !seen.insert(*priority)).collect();
        shared.dedup();
        for priority in shared {
            self.notes.add(Topic::PRIORITIES, format!("{place}: {priority}"));
        }
    }

    fn references(&mut self, named: Vec<(store::Kind, String)>, place: &str) {
        for (_, id) in named {
            if !self.environment.segments.contains_key(&SegmentId::from_wire(id.as_str())) {
                self.notes.add(Topic::MISSING_SEGMENT, format!("{place} names {id:?}"));
            }
        }
    }

    /// What the engine copes with that nothing above has said.
    fn engine(&mut self) {
        let snapshot = Snapshot {
            flags: self.environment.configs.values().cloned().collect(),
            segments: self.environment.segments.values().cloned().collect(),
            ..Snapshot::default()
        };
        for warning in eval::compile(&snapshot).1 {
            let text = warning.to_string();
            if !text.contains("has no clauses") && !text.contains("is unknown; its clause") {
                self.notes.add(Topic::ENGINE, format!("environment {}: {text}", self.environment.identifier));
            }
        }
    }
}

fn is_special(clause: &Clause) -> bool {
    NOT_PORTABLE.contains(&&*clause.op)
}

fn total(distribution: &Distribution) -> i64 {
    distribution.variations.iter().fold(0, |total: i64, share| total.saturating_add(share.weight))
}

fn fits(value: &str, kind: FlagKind) -> bool {
    match kind {
        FlagKind::Boolean => matches!(value, "true" | "false"),
        FlagKind::Int => value.parse::<f64>().is_ok_and(f64::is_finite),
        FlagKind::String => true,
        FlagKind::Json => matches!(serde_json::from_str(value), Ok(Value::Object(_))),
    }
}
