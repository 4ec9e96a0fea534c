//! Conditions on a target as a short program of clauses.
//!
//! "Any of these rules, all of whose clauses hold" becomes a list of clauses, each of which knows
//! where to go on when it holds and when it fails. Flag rules, both forms of segment rules and
//! segments in a target map are all such lists, so one loop runs them.

use crate::attribute::Attribute;
use crate::operator::Operator;
use crate::registry::SegmentIndex;

/// When a target matches. The empty list matches nobody.
///
/// Invariant: a clause only ever points to a later one, so running the list ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions(Box<[Clause]>);

#[derive(Clone, Debug)]
pub(crate) struct Clause {
    pub(crate) test: Test,
    held: Next,
    failed: Next,
}

/// What a clause asks.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// An attribute of the target.
    Attribute { attribute: Attribute, operator: Operator },
    /// Membership in a list of segments.
    Segments(Box<[SegmentIndex]>),
}

/// Where to go after a clause.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// To the clause at this position; the conditions fail if it is behind the last.
    Clause(u32),
    /// The conditions hold.
    Hold,
}

impl Conditions {
    /// Holds when all tests of any of the alternatives hold. An alternative without tests never does.
    pub(crate) fn any_of(alternatives: impl Iterator<Item = Vec<Test>>) -> Self {
        let mut clauses = Vec::new();
        for alternative in alternatives {
            let end = clauses.len() + alternative.len();
            for test in alternative {
                let following = clauses.len() + 1;
                let held = if following == end { Next::Hold } else { at(following) };
                clauses.push(Clause { test, held, failed: at(end) });
            }
        }
        Self(clauses.into_boxed_slice())
    }

    /// Holds when all tests hold; never if there are none.
    pub(crate) fn all_of(tests: Vec<Test>) -> Self {
        Self::any_of(std::iter::once(tests))
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub(crate) fn clauses(&self) -> &[Clause] {
        &self.0
    }

    /// Every segment that is asked for.
    pub(crate) fn segments(&self) -> impl Iterator<Item = SegmentIndex> {
        let lists = self.0.iter().filter_map(|clause| match &clause.test {
            Test::Segments(segments) => Some(segments.iter().copied()),
            Test::Attribute { .. } => None,
        });
        lists.flatten()
    }
}

impl Clause {
    #[inline]
    pub(crate) fn next(&self, held: bool) -> Next {
        if held { self.held } else { self.failed }
    }
}

/// A list with more clauses than `u32` counts ends early; no object may be that large.
fn at(position: usize) -> Next {
    Next::Clause(u32::try_from(position).unwrap_or(u32::MAX))
}
