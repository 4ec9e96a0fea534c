//! Changing a ruleset object by object, so that it equals one compiled anew.
//!
//! Objects refer to each other by index, so a changed object never makes another need compiling.
//! What does reach further is kept up to date here: who is referred to, and who is sound.

use model::{ObjectChange, Version};

use super::Compiler;
use crate::flag::Flag;
use crate::registry::{FlagIndex, Index, Registry, SegmentIndex};
use crate::ruleset::Ruleset;
use crate::segment::Segment;
use crate::soundness::{self, Standing};
use crate::warning::{Note, Warning};

/// To whom an object refers, as often as it does.
#[derive(Debug, Default, Eq, PartialEq)]
struct Links {
    flags: Vec<FlagIndex>,
    segments: Vec<SegmentIndex>,
}

impl Links {
    fn of_flag(flag: &Flag) -> Self {
        let flags = flag.prerequisites.iter().map(|prerequisite| prerequisite.flag).collect();
        Self { flags, segments: flag.segments().collect() }
    }

    fn of_segment(segment: &Segment) -> Self {
        Self { flags: Vec::new(), segments: segment.rules.segments().collect() }
    }
}

impl Ruleset {
    /// Brings the ruleset to `version` by the objects that changed since; equals compiling anew.
    ///
    /// The warnings are about the changed objects, and about flags that became unsound by the change.
    pub fn apply(&mut self, changes: &[ObjectChange], version: Version) -> Vec<Warning> {
        self.version = version;
        let mut compiler = Compiler::new(self);
        // As long as no other object's standing is affected, standings stay right change by change.
        let mut spreads = false;
        for change in changes {
            spreads |= compiler.apply(change);
        }
        if spreads {
            compiler.check_all();
        }
        compiler.warnings
    }
}

impl Compiler<'_> {
    /// Applies a change. Tells whether the standings of other objects may be affected.
    fn apply(&mut self, change: &ObjectChange) -> bool {
        match change {
            ObjectChange::Flag(config) => {
                let (index, flag) = self.flag(config);
                self.put_flag(index, Some(flag))
            }
            ObjectChange::FlagGone(id) => {
                let index = self.ruleset.flags.find(id.as_str(), &self.ruleset.hasher);
                index.is_some_and(|index| self.put_flag(index, None))
            }
            ObjectChange::Segment(stored) => {
                let (index, segment) = self.segment(stored);
                self.put_segment(index, Some(segment))
            }
            ObjectChange::SegmentGone(id) => {
                let index = self.ruleset.segments.find(id.as_str(), &self.ruleset.hasher);
                index.is_some_and(|index| self.put_segment(index, None))
            }
        }
    }

    /// Puts a flag in its place or takes it away. Tells whether that may affect other flags' standings.
    fn put_flag(&mut self, index: FlagIndex, flag: Option<Flag>) -> bool {
        let after = flag.as_ref().map(Links::of_flag);
        let exists = flag.is_some();
        let before = match flag {
            Some(flag) => self.ruleset.flags.put(index, flag),
            None => self.ruleset.flags.remove(index),
        };
        let before = before.as_deref().map(Links::of_flag);
        let existed = before.is_some();
        self.relink(before, after);

        let Ruleset { flags, segments, hasher, .. } = &mut *self.ruleset;
        let standing = soundness::of_flag(flags, segments, index);
        let affects = set_standing(flags, index, standing, "flag", &mut self.warnings) || exists != existed;
        let spreads = affects && flags.is_referred_to(index);
        flags.forget_unused(index, hasher);
        spreads
    }

    /// As [`put_flag`](Self::put_flag), for a segment.
    fn put_segment(&mut self, index: SegmentIndex, segment: Option<Segment>) -> bool {
        let after = segment.as_ref().map(Links::of_segment);
        let before = match segment {
            Some(segment) => self.ruleset.segments.put(index, segment),
            None => self.ruleset.segments.remove(index),
        };
        self.relink(before.as_deref().map(Links::of_segment), after);

        let Ruleset { segments, hasher, .. } = &mut *self.ruleset;
        let standing = soundness::of_segment(segments, index);
        let affects = set_standing(segments, index, standing, "segment", &mut self.warnings);
        let spreads = affects && segments.is_referred_to(index);
        segments.forget_unused(index, hasher);
        spreads
    }

    /// Counts references that came and went, and drops identifiers that nothing needs any more.
    fn relink(&mut self, before: Option<Links>, after: Option<Links>) {
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        if before == after {
            return;
        }
        let Ruleset { flags, segments, hasher, .. } = &mut *self.ruleset;
        add_references(flags, &after.flags, 1);
        add_references(segments, &after.segments, 1);
        add_references(flags, &before.flags, -1);
        add_references(segments, &before.segments, -1);
        for index in before.flags {
            flags.forget_unused(index, hasher);
        }
        for index in before.segments {
            segments.forget_unused(index, hasher);
        }
    }

    /// Counts the references of a ruleset that was just filled.
    pub(super) fn count_references(&mut self) {
        let Ruleset { flags, segments, .. } = &mut *self.ruleset;
        let mut links = Links::default();
        for flag in flags.ordered().filter_map(|index| flags.get(index)) {
            links.flags.extend(flag.prerequisites.iter().map(|prerequisite| prerequisite.flag));
            links.segments.extend(flag.segments());
        }
        for segment in segments.ordered().filter_map(|index| segments.get(index)) {
            links.segments.extend(segment.rules.segments());
        }
        add_references(flags, &links.flags, 1);
        add_references(segments, &links.segments, 1);
    }

    /// Finds all standings anew.
    pub(super) fn check_all(&mut self) {
        let Ruleset { flags, segments, .. } = &mut *self.ruleset;
        for (position, standing) in (0..).zip(soundness::of_all_segments(segments)) {
            set_standing(segments, SegmentIndex::new(position), standing, "segment", &mut self.warnings);
        }
        for (position, standing) in (0..).zip(soundness::of_all_flags(flags, segments)) {
            set_standing(flags, FlagIndex::new(position), standing, "flag", &mut self.warnings);
        }
    }
}

fn add_references<I: Index, T>(registry: &mut Registry<I, T>, indexes: &[I], count: i32) {
    for index in indexes {
        if let Some(slot) = registry.slot_mut(*index) {
            slot.references = slot.references.saturating_add_signed(count);
        }
    }
}

/// Notes a standing; tells whether it is another than before.
fn set_standing<I: Index, T>(
    registry: &mut Registry<I, T>,
    index: I,
    standing: Standing,
    kind: &'static str,
    warnings: &mut Vec<Warning>,
) -> bool {
    let Some(before) = registry.slot(index).map(|slot| slot.standing) else { return false };
    if before == standing {
        return false;
    }
    if let Some(slot) = registry.slot_mut(index) {
        slot.standing = standing;
    }
    if let Some(defect) = standing.defect.filter(|defect| before.defect != Some(*defect)) {
        warnings.push(Warning::new(kind, registry.id(index), Note::Defect(defect)));
    }
    true
}
