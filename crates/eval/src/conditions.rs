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
    /// Holds when the target is in these segments; never if there are none.
    pub(crate) fn in_segments(segments: Box<[SegmentIndex]>) -> Self {
        if segments.is_empty() {
            return Self::default();
        }
        Self(Box::new([Clause { test: Test::Segments(segments), held: Next::Hold, failed: at(1) }]))
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

/// Builds conditions that hold when all tests of any of their alternatives do. An alternative without
/// tests never holds.
#[derive(Default)]
pub(crate) struct ConditionsBuilder {
    clauses: Vec<Clause>,
    /// Where the current alternative ends.
    end: usize,
}

impl ConditionsBuilder {
    /// Begins an alternative. As many tests must be pushed.
    pub(crate) fn alternative(&mut self, tests: usize) -> &mut Self {
        self.clauses.reserve_exact(tests);
        self.end = self.clauses.len() + tests;
        self
    }

    pub(crate) fn push(&mut self, test: Test) {
        let following = self.clauses.len() + 1;
        let held = if following == self.end { Next::Hold } else { at(following) };
        self.clauses.push(Clause { test, held, failed: at(self.end) });
    }

    pub(crate) fn build(self) -> Conditions {
        Conditions(self.clauses.into_boxed_slice())
    }
}

/// A list with more clauses than `u32` counts ends early; no object may be that large.
fn at(position: usize) -> Next {
    Next::Clause(u32::try_from(position).unwrap_or(u32::MAX))
}
