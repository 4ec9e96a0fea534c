//! From snapshots and changes to rulesets.

mod clause;
mod flag;
mod patch;
mod segment;
mod variation_lists;

use std::sync::Arc;

use model::{FlagConfig, Snapshot, Variation};

use self::variation_lists::VariationLists;
use crate::flag::Flag;
use crate::registry::{FlagIndex, SegmentIndex};
use crate::ruleset::Ruleset;
use crate::segment::Segment;
use crate::warning::{Note, Notes, Warning};

/// Turns a snapshot into a form that is fast to evaluate.
///
/// Never fails: one bad rule must not take down the other flags. What it coped with is in the
/// warnings. Of two objects with the same identifier the later counts.
pub fn compile(snapshot: &Snapshot) -> (Ruleset, Vec<Warning>) {
    let mut ruleset = Ruleset { version: snapshot.version, ..Ruleset::default() };
    let mut compiler = Compiler::new(&mut ruleset);
    compiler.fill(snapshot);
    let warnings = compiler.warnings;
    (ruleset, warnings)
}

/// A ruleset in the making.
struct Compiler<'r> {
    ruleset: &'r mut Ruleset,
    variation_lists: VariationLists,
    warnings: Vec<Warning>,
}

impl<'r> Compiler<'r> {
    fn new(ruleset: &'r mut Ruleset) -> Self {
        Self { ruleset, variation_lists: VariationLists::default(), warnings: Vec::new() }
    }

    /// Fills an empty ruleset.
    fn fill(&mut self, snapshot: &Snapshot) {
        for stored in &snapshot.segments {
            let (index, segment) = self.segment(stored);
            if self.ruleset.segments.place(index, segment).is_some() {
                self.warn_of_repetition("segment", stored.identifier.as_str());
            }
        }
        for config in &snapshot.flags {
            let (index, flag) = self.flag(config);
            if self.ruleset.flags.place(index, flag).is_some() {
                self.warn_of_repetition("flag", config.feature.as_str());
            }
        }
        self.ruleset.segments.sort();
        self.ruleset.flags.sort();
        self.count_references();
        self.check_all();
    }

    fn flag(&mut self, config: &FlagConfig) -> (FlagIndex, Flag) {
        let mut notes = Notes::default();
        let index = self.mention_flag(config.feature.as_str());
        if let Some(before) = self.ruleset.flags.get(index) {
            self.variation_lists.remember(&before.variations, &self.ruleset.hasher);
        }
        let flag = flag::flag(config, self, &mut notes);
        self.warnings.extend(notes.about("flag", config.feature.as_str()));
        (index, flag)
    }

    fn segment(&mut self, stored: &model::Segment) -> (SegmentIndex, Segment) {
        let mut notes = Notes::default();
        let index = self.mention_segment(stored.identifier.as_str());
        let segment = segment::segment(stored, self, &mut notes);
        self.warnings.extend(notes.about("segment", stored.identifier.as_str()));
        (index, segment)
    }

    fn mention_flag(&mut self, id: &str) -> FlagIndex {
        self.ruleset.flags.mention(id, &self.ruleset.hasher)
    }

    fn mention_segment(&mut self, id: &str) -> SegmentIndex {
        self.ruleset.segments.mention(id, &self.ruleset.hasher)
    }

    fn share(&mut self, variations: &[Variation]) -> Arc<[Variation]> {
        self.variation_lists.share(variations, &self.ruleset.hasher)
    }

    fn warn_of_repetition(&mut self, kind: &'static str, id: &str) {
        self.warnings.push(Warning::new(kind, id, Note::Repeated));
    }
}
