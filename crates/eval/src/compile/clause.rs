//! From stored clauses to tests.

use model::Clause;

use super::Compiler;
use crate::attribute::Attribute;
use crate::conditions::{ConditionsBuilder, Test};
use crate::operator::Operator;
use crate::warning::Notes;

/// The operator that asks for membership in segments.
const SEGMENT_MATCH: &str = "segmentMatch";

/// Compiles clauses that must all hold, as one more alternative. `negate` is carried by the wire and
/// ignored by every SDK, so here too.
pub(super) fn alternative(
    clauses: &[Clause],
    conditions: &mut ConditionsBuilder,
    compiler: &mut Compiler<'_>,
    notes: &mut Notes,
) {
    conditions.alternative(clauses.len());
    for clause in clauses {
        conditions.push(test(clause, compiler, notes));
    }
}

fn test(clause: &Clause, compiler: &mut Compiler<'_>, notes: &mut Notes) -> Test {
    if &*clause.op == SEGMENT_MATCH {
        return Test::Segments(clause.values.iter().map(|id| compiler.mention_segment(id)).collect());
    }
    Test::Attribute {
        attribute: Attribute::named(&clause.attribute),
        operator: Operator::parse(&clause.op, &clause.values, &compiler.ruleset.hasher, notes),
    }
}
