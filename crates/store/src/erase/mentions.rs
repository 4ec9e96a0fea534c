//! Where objects, histories and reports name a target, and what they are without it.

use model::{Clause, Error, FlagConfig, MetricsJob, Segment, Target, TargetName};

use crate::chain_rows::ChangeRow;
use crate::erase::note::ERASED;
use crate::objects::Kind;
use crate::stored::read_body;

/// A rule may name a target by this attribute. Every other attribute means something else, even if its
/// value is the same text.
const IDENTIFIER: &str = "identifier";

/// A target that is to be forgotten.
#[derive(Clone, Debug)]
pub(crate) struct Forgotten {
    identifier: String,
    quoted: String,
}

/// What is left of a change row.
pub(crate) struct Left {
    pub(crate) identifier: String,
    pub(crate) comment: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl Forgotten {
    pub(crate) fn new(identifier: &str) -> Result<Self, Error> {
        if identifier.is_empty() {
            return Err(Error::invalid("target", "is empty; name the target's identifier"));
        }
        let quoted = serde_json::to_string(identifier).map_err(Error::internal)?;
        Ok(Self { identifier: identifier.to_owned(), quoted })
    }

    /// The identifier.
    pub(crate) fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The identifier as every JSON text that names it spells it.
    pub(crate) fn quoted(&self) -> &str {
        &self.quoted
    }

    /// Takes the target off a flag's lists. Returns whether it was on one.
    pub(crate) fn leave_config(&self, config: &mut FlagConfig) -> bool {
        let mut found = false;
        for map in &mut config.variation_to_target_map {
            found |= self.leave_list(&mut map.targets);
        }
        for rule in &mut config.rules {
            found |= self.leave_clauses(&mut rule.clauses);
        }
        if found {
            let maps = &mut config.variation_to_target_map;
            maps.retain(|map| !map.targets.is_empty() || !map.target_segments.is_empty());
        }
        found
    }

    /// Takes the target off a segment's lists. Returns whether it was on one.
    pub(crate) fn leave_segment(&self, segment: &mut Segment) -> bool {
        let listed = self.leave_list(&mut segment.included) | self.leave_list(&mut segment.excluded);
        let named = self.leave_clauses(&mut segment.rules);
        let rules = segment.serving_rules.iter_mut();
        rules.fold(listed | named, |found, rule| self.leave_clauses(&mut rule.clauses) | found)
    }

    /// Takes the target out of a report. Returns whether it was in it.
    pub(crate) fn leave_report(&self, job: &mut MetricsJob) -> bool {
        let seen = job.targets.len();
        job.targets.retain(|target| *target.identifier != *self.identifier);
        job.targets.len() != seen
    }

    /// Whether the JSON of a target is this one's.
    pub(crate) fn is(&self, target: &str) -> bool {
        Target::from_json(target.as_bytes()).is_ok_and(|target| *target.identifier == *self.identifier)
    }

    /// What is left of a change row; `None` if it does not name the target.
    pub(crate) fn leave_row(&self, row: &ChangeRow) -> Result<Option<Left>, Error> {
        let about = row.kind == Kind::Target.as_str() && row.identifier == self.identifier;
        let before = self.leave_body(&row.kind, row.before.as_deref().filter(|_| !about))?;
        let after = self.leave_body(&row.kind, row.after.as_deref().filter(|_| !about))?;
        let in_comment = self.is_word_of(&row.comment);
        if !about && !in_comment && before.is_none() && after.is_none() {
            return Ok(None);
        }
        let kept = |left: Option<String>, body: &Option<String>| match about {
            true => None,
            false => left.or_else(|| body.clone()),
        };
        Ok(Some(Left {
            identifier: if about { ERASED.to_owned() } else { row.identifier.clone() },
            comment: if in_comment { String::new() } else { row.comment.clone() },
            before: kept(before, &row.before),
            after: kept(after, &row.after),
        }))
    }

    /// The body of an object without the target; `None` if it does not name it.
    pub(crate) fn leave_body(&self, kind: &str, body: Option<&str>) -> Result<Option<String>, Error> {
        let Some(body) = body.filter(|body| body.contains(&self.quoted)) else { return Ok(None) };
        if kind == Kind::FlagConfig.as_str() {
            let mut config: FlagConfig = read_body(body)?;
            let found = self.leave_config(&mut config);
            return found.then(|| serde_json::to_string(&config).map_err(Error::internal)).transpose();
        }
        if kind == Kind::Segment.as_str() {
            let mut segment: Segment = read_body(body)?;
            let found = self.leave_segment(&mut segment);
            return found.then(|| serde_json::to_string(&segment).map_err(Error::internal)).transpose();
        }
        Ok(None)
    }

    fn leave_list(&self, targets: &mut Vec<TargetName>) -> bool {
        let listed = targets.len();
        targets.retain(|target| target.identifier.as_str() != self.identifier);
        targets.len() != listed
    }

    fn leave_clauses(&self, clauses: &mut [Clause]) -> bool {
        let mut found = false;
        for clause in clauses.iter_mut().filter(|clause| &*clause.attribute == IDENTIFIER) {
            let values = clause.values.len();
            clause.values.retain(|value| **value != *self.identifier);
            found |= clause.values.len() != values;
        }
        found
    }

    /// Whether a text names the target, and not just a longer word that holds the same letters.
    fn is_word_of(&self, text: &str) -> bool {
        let part_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@');
        text.match_indices(&self.identifier).any(|(start, found)| {
            let before = text.get(..start).and_then(|before| before.chars().next_back());
            let after = text.get(start + found.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> Forgotten {
        Forgotten::new("ann").unwrap()
    }

    #[test]
    fn a_comment_names_a_target_only_as_a_word() {
        for text in ["ann", "for ann.", "(ann)", "ann,bob"] {
            assert!(ann().is_word_of(text), "{text}");
        }
        for text in ["", "annual", "joann", "ann@example.com", "ann-marie"] {
            assert!(!ann().is_word_of(text), "{text}");
        }
    }

    #[test]
    fn a_target_leaves_lists_and_rules_about_identifiers_but_no_other_rules() {
        let json = r#"{"identifier": "s", "included": ["ann", "bob"], "excluded": ["ann"], "servingRules": [{"clauses": [
            {"attribute": "identifier", "op": "in", "values": ["ann", "bob"]},
            {"attribute": "plan", "op": "equal", "values": ["ann"]}]}]}"#;
        let mut segment: Segment = serde_json::from_str(json).unwrap();

        assert!(ann().leave_segment(&mut segment));

        let names: Vec<_> = segment.included.iter().map(|target| target.identifier.as_str()).collect();
        assert_eq!((names, segment.excluded.len()), (vec!["bob"], 0));
        let values: Vec<_> = segment.serving_rules[0].clauses.iter().map(|clause| &clause.values).collect();
        assert_eq!(values, [&vec!["bob".into()], &vec!["ann".into()]]);
        assert!(!ann().leave_segment(&mut segment), "nothing is left to do");
    }
}
