//! Changing a ruleset object by object, so that it equals one compiled anew.
//!
//! Objects refer to each other by index, so a changed object never makes another need compiling.
//! What does reach further is kept up to date here: who is referred to, and who is sound.

use model::{ObjectChange, Version};

use crate::flag::Flag;
use crate::registry::{FlagIndex, Index, Registry, SegmentIndex, Slot};
use crate::ruleset::Ruleset;
use crate::segment::Segment;
use crate::soundness::{self, Standing};
use crate::warning::{Notes, Warning};

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
        let mut warnings = Vec::new();
        // As long as nobody else's standing is affected, standings stay right change by change.
        let mut spreads = false;
        for change in changes {
            spreads |= match change {
                ObjectChange::Flag(config) => {
                    let (index, flag) = self.compile_flag(config, &mut warnings);
                    self.put_flag(index, Some(flag), &mut warnings)
                }
                ObjectChange::FlagGone(id) => match self.flags.find(id.as_str(), &self.hasher) {
                    Some(index) => self.put_flag(index, None, &mut warnings),
                    None => false,
                },
                ObjectChange::Segment(stored) => {
                    let (index, segment) = self.compile_segment(stored, &mut warnings);
                    self.put_segment(index, Some(segment), &mut warnings)
                }
                ObjectChange::SegmentGone(id) => match self.segments.find(id.as_str(), &self.hasher) {
                    Some(index) => self.put_segment(index, None, &mut warnings),
                    None => false,
                },
            };
        }
        if spreads {
            self.check_all(&mut warnings);
        }
        self.version = version;
        warnings
    }

    /// Puts a flag in its place or takes it away. Tells whether other flags' standings may change.
    fn put_flag(&mut self, index: FlagIndex, flag: Option<Flag>, warnings: &mut Vec<Warning>) -> bool {
        let after = flag.as_ref().map(Links::of_flag).unwrap_or_default();
        let exists = flag.is_some();
        let before = match flag {
            Some(flag) => self.flags.put(index, flag),
            None => self.flags.remove(index),
        };
        let existed = before.is_some();
        self.relink(before.as_deref().map(Links::of_flag).unwrap_or_default(), after);
        let standing = soundness::of_flag(&self.flags, &self.segments, index);
        let affects = set_standing(&mut self.flags, index, standing, "flag", warnings) || exists != existed;
        let spreads = affects && self.flags.slot(index).is_some_and(|slot| slot.references > 0);
        self.flags.forget_unused(index, &self.hasher);
        spreads
    }

    /// As [`put_flag`](Self::put_flag), for a segment.
    fn put_segment(
        &mut self,
        index: SegmentIndex,
        segment: Option<Segment>,
        warnings: &mut Vec<Warning>,
    ) -> bool {
        let after = segment.as_ref().map(Links::of_segment).unwrap_or_default();
        let before = match segment {
            Some(segment) => self.segments.put(index, segment),
            None => self.segments.remove(index),
        };
        self.relink(before.as_deref().map(Links::of_segment).unwrap_or_default(), after);
        let standing = soundness::of_segment(&self.segments, index);
        let affects = set_standing(&mut self.segments, index, standing, "segment", warnings);
        let spreads = affects && self.segments.slot(index).is_some_and(|slot| slot.references > 0);
        self.segments.forget_unused(index, &self.hasher);
        spreads
    }

    /// Counts the references of a ruleset that was just filled.
    pub(super) fn count_references(&mut self) {
        let mut links = Links::default();
        for flag in self.flags.ordered().filter_map(|index| self.flags.get(index)) {
            links.flags.extend(flag.prerequisites.iter().map(|prerequisite| prerequisite.flag));
            links.segments.extend(flag.segments());
        }
        for segment in self.segments.ordered().filter_map(|index| self.segments.get(index)) {
            links.segments.extend(segment.rules.segments());
        }
        self.relink(Links::default(), links);
    }

    /// Counts references that came and went, and drops identifiers that nothing needs any more.
    fn relink(&mut self, before: Links, after: Links) {
        if before == after {
            return;
        }
        for index in after.flags {
            add_references(&mut self.flags, index, 1);
        }
        for index in after.segments {
            add_references(&mut self.segments, index, 1);
        }
        for index in before.flags {
            add_references(&mut self.flags, index, -1);
            self.flags.forget_unused(index, &self.hasher);
        }
        for index in before.segments {
            add_references(&mut self.segments, index, -1);
            self.segments.forget_unused(index, &self.hasher);
        }
    }

    /// Finds all standings anew.
    pub(super) fn check_all(&mut self, warnings: &mut Vec<Warning>) {
        let standings = soundness::of_all_segments(&self.segments);
        set_standings(&mut self.segments, standings.into_iter(), "segment", warnings);
        let standings = soundness::of_all_flags(&self.flags, &self.segments);
        set_standings(&mut self.flags, standings.into_iter(), "flag", warnings);
    }
}

fn add_references<I: Index, T>(registry: &mut Registry<I, T>, index: I, count: i32) {
    if let Some(slot) = registry.slot_mut(index) {
        slot.references = slot.references.saturating_add_signed(count);
    }
}

fn set_standings<I: Index, T>(
    registry: &mut Registry<I, T>,
    standings: impl Iterator<Item = Standing>,
    kind: &'static str,
    warnings: &mut Vec<Warning>,
) {
    for (position, standing) in (0..).zip(standings) {
        set_standing(registry, I::new(position), standing, kind, warnings);
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
    let Some(Slot { standing: before, .. }) = registry.slot(index) else { return false };
    let before = *before;
    if before == standing {
        return false;
    }
    if let Some(slot) = registry.slot_mut(index) {
        slot.standing = standing;
    }
    if let Some(defect) = standing.defect.filter(|defect| before.defect != Some(*defect)) {
        let consequence = "flags that need it serve their off variation";
        Notes::new(kind, registry.id(index), warnings).add(format_args!("{defect}; {consequence}"));
    }
    true
}
