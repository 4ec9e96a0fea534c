//! Whether conditions hold: clauses on attributes, and membership in segments, which have conditions
//! of their own.

use std::{mem, slice};

use arrayvec::ArrayVec;

use super::Run;
use crate::attribute::{Attribute, TextBuffer};
use crate::conditions::{Clause, Conditions, Next, Test};
use crate::explain::{Check, Membership};
use crate::operator::Operator;
use crate::registry::SegmentIndex;
use crate::ruleset::Ruleset;
use crate::soundness::DEPTH_MAX;
use crate::trace::Trace;

/// Conditions in conditions: those of a flag, of its segments, and of up to `DEPTH_MAX` in these.
const FRAMES_MAX: usize = DEPTH_MAX + 1;

/// Conditions that are being checked, and how far the check has come.
struct Frame<'r> {
    clauses: &'r [Clause],
    /// The clause that is next, or that waits for a segment.
    position: usize,
    /// The segments that this clause has not asked yet.
    segments: slice::Iter<'r, SegmentIndex>,
}

/// What to do next.
enum Step<'r> {
    /// Go on with the frame.
    Proceed,
    /// First see whether a segment's conditions hold.
    Enter(SegmentIndex, &'r Conditions),
    /// Whether the frame's conditions hold is known.
    Leave(bool),
}

impl<'r> Frame<'r> {
    #[inline]
    fn at(clauses: &'r [Clause], position: usize) -> Self {
        let segments = match clauses.get(position) {
            Some(Clause { test: Test::Segments(segments), .. }) => segments.iter(),
            _ => [].iter(),
        };
        Self { clauses, position, segments }
    }

    /// Goes to where the current clause leads.
    #[inline]
    fn go(&mut self, clause_held: bool) -> Step<'r> {
        let Some(clause) = self.clauses.get(self.position) else { return Step::Leave(false) };
        match clause.next(clause_held) {
            Next::Hold => Step::Leave(true),
            Next::Clause(next) => {
                *self = Self::at(self.clauses, next as usize);
                Step::Proceed
            }
        }
    }
}

impl<'r, T: Trace> Run<'r, '_, T> {
    /// Whether the conditions hold for the target.
    ///
    /// The way back from the conditions of segments is a stack of fixed size: a flag with deeper
    /// segments is unsound and does not come here.
    #[inline]
    pub(super) fn hold(&mut self, conditions: &'r Conditions) -> bool {
        !conditions.is_empty() && self.hold_any(conditions)
    }

    fn hold_any(&mut self, conditions: &'r Conditions) -> bool {
        let mut outer = ArrayVec::<(SegmentIndex, Frame<'r>), FRAMES_MAX>::new();
        let mut frame = Frame::at(conditions.clauses(), 0);
        let mut step = Step::Proceed;
        loop {
            step = match step {
                Step::Proceed => self.proceed(&mut frame),
                Step::Enter(segment, conditions) => {
                    let inner = Frame::at(conditions.clauses(), 0);
                    if outer.try_push((segment, mem::replace(&mut frame, inner))).is_err() {
                        return false;
                    }
                    self.trace.open();
                    Step::Proceed
                }
                Step::Leave(held) => {
                    let Some((segment, back)) = outer.pop() else { return held };
                    let membership = if held { Membership::ByRules } else { Membership::NotMember };
                    self.trace.close(|| segment_check(self.ruleset, segment, membership));
                    frame = back;
                    if held { frame.go(true) } else { Step::Proceed }
                }
            };
        }
    }

    /// Checks one clause, or as much of it as is possible without the conditions of a segment.
    #[inline]
    fn proceed(&mut self, frame: &mut Frame<'r>) -> Step<'r> {
        let Some(clause) = frame.clauses.get(frame.position) else { return Step::Leave(false) };
        match &clause.test {
            Test::Attribute { attribute, operator } => {
                let held = self.attribute_holds(attribute, operator);
                frame.go(held)
            }
            Test::Segments(_) => self.ask_segments(frame),
        }
    }

    /// Asks segments in order until one says that the target is in or that it is out for good.
    fn ask_segments(&mut self, frame: &mut Frame<'r>) -> Step<'r> {
        let identifier = &*self.target.identifier;
        while let Some(index) = frame.segments.next() {
            let Some(segment) = self.ruleset.segments.get(*index) else {
                self.note_segment(*index, Membership::Missing);
                continue;
            };
            if segment.excluded.contains(identifier, self.hash) {
                self.note_segment(*index, Membership::Excluded);
                return frame.go(false);
            }
            if segment.included.contains(identifier, self.hash) {
                self.note_segment(*index, Membership::Included);
                return frame.go(true);
            }
            if !segment.rules.is_empty() {
                return Step::Enter(*index, &segment.rules);
            }
            self.note_segment(*index, Membership::NotMember);
        }
        frame.go(false)
    }

    fn attribute_holds(&mut self, attribute: &Attribute, operator: &Operator) -> bool {
        let mut buffer = TextBuffer::default();
        let text = attribute.of(self.target).map(|value| value.text(&mut buffer));
        let holds = text.is_some_and(|text| operator.holds(text, &self.ruleset.hasher));
        self.trace.note(|| Check::Clause {
            attribute: attribute.as_str().to_owned(),
            operator: operator.name().to_owned(),
            operands: operator.operands().into_iter().map(str::to_owned).collect(),
            value: text.map(str::to_owned),
            holds,
        });
        holds
    }

    fn note_segment(&mut self, segment: SegmentIndex, membership: Membership) {
        let ruleset = self.ruleset;
        self.trace.note(|| segment_check(ruleset, segment, membership));
    }
}

fn segment_check(ruleset: &Ruleset, segment: SegmentIndex, membership: Membership) -> Check {
    Check::Segment { id: ruleset.segments.id(segment).to_owned(), membership }
}
