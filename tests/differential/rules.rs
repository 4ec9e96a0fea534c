//! Random rules: clauses, what they serve, and rollouts.

use model::{Clause, Distribution, SegmentId, Serve, ServingRule, VariationId, WeightedVariation};

use crate::scenario::{Author, PROPERTIES};

const RULES_MAX: usize = 5;

/// `equal` twice, because upper and lower case are the hardest.
const OPERATORS: &[&str] =
    &["equal", "equal", "equal_sensitive", "contains", "starts_with", "ends_with", "in"];

/// Operators that SDKs do not agree on.
const UNPORTABLE_OPERATORS: &[&str] = &["gt", "gt", "match"];

/// Words that no SDK under test takes for an operator.
const NO_OPERATORS: &[&str] = &["gte", "lt", "neq", "not_in", "regex", "Segment_Match", ""];

/// Attributes that clauses and rollouts ask for; the last one no target has.
const ATTRIBUTES: &[&str] =
    &["plan", "email", "größe 🦀", "x:y", "quot\"ed", "identifier", "name", "nowhere"];

impl Author {
    /// In no order of priority; now and then several have the same.
    pub(crate) fn rules(&mut self, variations: &[VariationId]) -> Vec<ServingRule> {
        let mut priorities: Vec<i64> = (1..=RULES_MAX as i64).map(|priority| priority * 10).collect();
        self.rng.shuffle(&mut priorities);
        if self.chance(25) {
            priorities.iter_mut().for_each(|priority| *priority %= 20);
        }
        priorities.truncate(self.rng.usize(1..=RULES_MAX));
        let each = priorities.into_iter().enumerate().map(|(rule, priority)| ServingRule {
            rule_id: format!("rule-{rule}").into(),
            priority,
            clauses: self.rule_clauses(),
            serve: self.serve(variations),
        });
        each.collect()
    }

    /// One on segments, as the admin API stores it; now and then none or several, on attributes, too.
    fn rule_clauses(&mut self) -> Vec<Clause> {
        let count = if self.chance(90) { 1 } else { self.rng.usize(..=3) };
        let each = (0..count).map(|_| {
            if count > 1 && self.rng.bool() {
                return self.comparison();
            }
            let segments = self.segment_ids(0, 3);
            self.membership(&segments)
        });
        each.collect()
    }

    /// A clause that asks for membership. The attribute should not matter.
    pub(crate) fn membership(&mut self, segments: &[SegmentId]) -> Clause {
        Clause {
            id: "clause".into(),
            attribute: if self.chance(3) { self.attribute() } else { String::new() }.into(),
            op: self.spelt("segmentMatch").into(),
            values: segments.iter().map(|segment| segment.as_str().into()).collect(),
            negate: self.rng.bool(),
        }
    }

    /// A clause on an attribute.
    pub(crate) fn comparison(&mut self) -> Clause {
        let operands = if self.chance(3) { 0 } else { self.rng.usize(1..=3) };
        let operators = match self.rng.u8(..100) {
            0..5 => NO_OPERATORS,
            5..12 => UNPORTABLE_OPERATORS,
            _ => OPERATORS,
        };
        let operator = self.one(operators);
        Clause {
            id: "clause".into(),
            attribute: self.attribute().into(),
            op: self.spelt(operator).into(),
            values: (0..operands).map(|_| self.texts.operand(&mut self.rng).into()).collect(),
            // No SDK heeds it.
            negate: self.rng.bool(),
        }
    }

    /// The operator, now and then in capitals.
    fn spelt(&mut self, operator: &str) -> String {
        if self.chance(2) { operator.to_uppercase() } else { operator.to_owned() }
    }

    fn attribute(&mut self) -> String {
        let names = if self.chance(3) { PROPERTIES } else { ATTRIBUTES };
        self.one(names).to_owned()
    }

    /// A variation or a rollout; rarely both, or neither.
    pub(crate) fn serve(&mut self, variations: &[VariationId]) -> Serve {
        let (variation, rollout) = match self.rng.u8(..100) {
            0..3 => (true, true),
            3..6 => (false, false),
            6..53 => (true, false),
            _ => (false, true),
        };
        Serve {
            variation: variation.then(|| self.variation(variations)),
            distribution: rollout.then(|| self.distribution(variations)),
        }
    }

    fn distribution(&mut self, variations: &[VariationId]) -> Distribution {
        let bucket_by = if self.chance(2) { String::new() } else { self.attribute() };
        let shares = self.weights().into_iter();
        let variations =
            shares.map(|weight| WeightedVariation { variation: self.variation(variations), weight });
        Distribution { variations: variations.collect(), bucket_by: bucket_by.into() }
    }

    /// The weights of a rollout, rarely none.
    fn weights(&mut self) -> Vec<i64> {
        if self.chance(2) {
            return Vec::new();
        }
        let count = self.rng.usize(1..=4);
        let parts: Vec<i64> = (0..count).map(|_| self.rng.i64(0..=100)).collect();
        match self.rng.u8(..8) {
            0 => vec![0; count],
            1 => [vec![0; count - 1], vec![100]].concat(),
            // Sums that the admin API refuses: too small, or too large.
            2 => parts.iter().map(|part| part / 8).collect(),
            3 => parts,
            _ => {
                // Whatever the first ones leave.
                let mut left = 100;
                let mut weights: Vec<i64> = (1..count)
                    .map(|_| {
                        let part = self.rng.i64(0..=left);
                        left -= part;
                        part
                    })
                    .collect();
                weights.push(left);
                weights
            }
        }
    }
}
