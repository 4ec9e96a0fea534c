//! From stored clauses to tests.

use model::Clause;

use super::Compiler;
use crate::attribute::Attribute;
use crate::conditions::Test;
use crate::operator::Operator;
use crate::warning::Notes;

/// The operator that asks for membership in segments.
const SEGMENT_MATCH: &str = "segmentMatch";

/// Compiles clauses one by one. `negate` is carried by the wire and ignored by every SDK, so here too.
pub(super) fn tests(clauses: &[Clause], compiler: &mut Compiler<'_>, notes: &mut Notes) -> Vec<Test> {
    clauses.iter().map(|clause| test(clause, compiler, notes)).collect()
}

/// Compiles one clause.
pub(super) fn test(clause: &Clause, compiler: &mut Compiler<'_>, notes: &mut Notes) -> Test {
    if &*clause.op == SEGMENT_MATCH {
        return Test::Segments(clause.values.iter().map(|id| compiler.mention_segment(id)).collect());
    }
    Test::Attribute {
        attribute: Attribute::named(&clause.attribute),
        operator: Operator::parse(&clause.op, &clause.values, &compiler.ruleset.hasher, notes),
    }
}
