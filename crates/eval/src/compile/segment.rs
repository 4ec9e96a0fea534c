//! From a segment as it is stored to a segment that is fast to ask.

use std::slice;

use model::TargetName;

use super::Compiler;
use super::clause::alternative;
use crate::conditions::ConditionsBuilder;
use crate::order::sorted_by_key;
use crate::segment::Segment;
use crate::text_hasher::TextHasher;
use crate::text_set::TextSet;
use crate::warning::Notes;

/// Compiles a segment. Of the two forms of rules the newer counts as soon as it is there.
pub(super) fn segment(stored: &model::Segment, compiler: &mut Compiler<'_>, notes: &mut Notes) -> Segment {
    let mut rules = ConditionsBuilder::default();
    if stored.serving_rules.is_empty() {
        for clause in &stored.rules {
            alternative(slice::from_ref(clause), &mut rules, compiler, notes);
        }
    } else {
        for rule in sorted_by_key(&stored.serving_rules, |rule| rule.priority) {
            alternative(&rule.clauses, &mut rules, compiler, notes);
        }
    }
    Segment {
        excluded: identifiers(&stored.excluded, &compiler.ruleset.hasher),
        included: identifiers(&stored.included, &compiler.ruleset.hasher),
        rules: rules.build(),
    }
}

fn identifiers(targets: &[TargetName], hasher: &TextHasher) -> TextSet {
    TextSet::new(targets.iter().map(|target| target.identifier.as_str()), hasher)
}
