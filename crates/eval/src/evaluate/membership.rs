//! Whether conditions hold: clauses on attributes, and membership in segments, which have conditions
//! of their own.

use std::{mem, slice};

use arrayvec::ArrayVec;

use super::Run;
use crate::attribute::{Attribute, TextBuffer};
use crate::conditions::{Clause, Conditions, Next, Test};
use crate::explain::{Check, Membership as Outcome};
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

/// Where checking a frame's conditions leads.
enum Step<'r> {
    /// First it must be known whether a segment's conditions hold.
    Enter(SegmentIndex, &'r Conditions),
    /// It is known whether the frame's conditions hold.
    Leave(bool),
}

/// What asking segments comes to.
enum Membership<'r> {
    Known(bool),
    /// It depends on whether this segment's conditions hold.
    Depends(SegmentIndex, &'r Conditions),
}

impl<'r> Frame<'r> {
    fn new(conditions: &'r Conditions) -> Self {
        Self { clauses: conditions.clauses(), position: 0, segments: [].iter() }
    }
}

impl<'r, T: Trace> Run<'r, '_, T> {
    /// Whether the conditions hold for the target.
    #[inline]
    pub(super) fn hold(&mut self, conditions: &'r Conditions) -> bool {
        !conditions.is_empty() && self.hold_any(conditions)
    }

    /// The way back from the conditions of segments is a stack of fixed size: a flag with deeper
    /// segments is unsound and does not come here.
    fn hold_any(&mut self, conditions: &'r Conditions) -> bool {
        let mut outer = ArrayVec::<(SegmentIndex, Frame<'r>), FRAMES_MAX>::new();
        let mut frame = Frame::new(conditions);
        let mut inner = None;
        loop {
            match self.check(&mut frame, inner.take()) {
                Step::Enter(segment, conditions) => {
                    let back = mem::replace(&mut frame, Frame::new(conditions));
                    if outer.try_push((segment, back)).is_err() {
                        return false;
                    }
                    self.trace.open();
                }
                Step::Leave(held) => {
                    let Some((segment, back)) = outer.pop() else { return held };
                    let outcome = if held { Outcome::ByRules } else { Outcome::NotMember };
                    self.trace.close(|| segment_check(self.ruleset, segment, outcome));
                    frame = back;
                    inner = Some(held);
                }
            }
        }
    }

    /// Checks clause after clause. `inner` is whether the conditions hold that the current clause had
    /// to wait for.
    #[inline]
    fn check(&mut self, frame: &mut Frame<'r>, mut inner: Option<bool>) -> Step<'r> {
        while let Some(clause) = frame.clauses.get(frame.position) {
            let held = match &clause.test {
                Test::Attribute { attribute, operator } => self.attribute_holds(attribute, operator),
                Test::Segments(segments) => {
                    let membership = match inner.take() {
                        Some(true) => Membership::Known(true),
                        Some(false) => self.ask(&mut frame.segments),
                        None => {
                            frame.segments = segments.iter();
                            self.ask(&mut frame.segments)
                        }
                    };
                    match membership {
                        Membership::Known(held) => held,
                        Membership::Depends(segment, conditions) => return Step::Enter(segment, conditions),
                    }
                }
            };
            match clause.next(held) {
                Next::Hold => return Step::Leave(true),
                Next::Clause(next) => frame.position = next as usize,
            }
        }
        Step::Leave(false)
    }

    /// Asks segments in order until one says that the target is in or that it is out for good.
    #[inline]
    fn ask(&mut self, segments: &mut slice::Iter<'r, SegmentIndex>) -> Membership<'r> {
        for index in segments {
            let Some(segment) = self.ruleset.segments.get(*index) else {
                self.note_segment(*index, Outcome::Missing);
                continue;
            };
            if self.is_in(&segment.excluded) {
                self.note_segment(*index, Outcome::Excluded);
                return Membership::Known(false);
            }
            if self.is_in(&segment.included) {
                self.note_segment(*index, Outcome::Included);
                return Membership::Known(true);
            }
            if !segment.rules.is_empty() {
                return Membership::Depends(*index, &segment.rules);
            }
            self.note_segment(*index, Outcome::NotMember);
        }
        Membership::Known(false)
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

    fn note_segment(&mut self, segment: SegmentIndex, outcome: Outcome) {
        let ruleset = self.ruleset;
        self.trace.note(|| segment_check(ruleset, segment, outcome));
    }
}

fn segment_check(ruleset: &Ruleset, segment: SegmentIndex, membership: Outcome) -> Check {
    Check::Segment { id: ruleset.segments.id(segment).to_owned(), membership }
}
