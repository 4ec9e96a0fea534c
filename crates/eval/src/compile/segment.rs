//! From a segment as it is stored to a segment that is fast to ask.

use model::TargetName;

use super::Compiler;
use super::clause::{test, tests};
use crate::conditions::Conditions;
use crate::segment::Segment;
use crate::text_set::{TextHasher, TextSet};
use crate::warning::Notes;

/// Compiles a segment. Of the two forms of rules the newer counts as soon as it is there.
pub(super) fn segment(stored: &model::Segment, compiler: &mut Compiler<'_>, notes: &mut Notes) -> Segment {
    let rules = if stored.serving_rules.is_empty() {
        Conditions::any_of(stored.rules.iter().map(|clause| vec![test(clause, compiler, notes)]))
    } else {
        let mut sorted: Vec<_> = stored.serving_rules.iter().collect();
        sorted.sort_by_key(|rule| rule.priority);
        Conditions::any_of(sorted.into_iter().map(|rule| tests(&rule.clauses, compiler, notes)))
    };
    Segment {
        excluded: identifiers(&stored.excluded, &compiler.ruleset.hasher),
        included: identifiers(&stored.included, &compiler.ruleset.hasher),
        rules,
    }
}

fn identifiers(targets: &[TargetName], hasher: &TextHasher) -> TextSet {
    TextSet::new(targets.iter().map(|target| target.identifier.as_str()), hasher)
}
