//! From snapshots and changes to rulesets.

mod clause;
mod flag;
mod patch;
mod segment;

use model::{FlagConfig, Snapshot};

use crate::flag::Flag;
use crate::registry::{FlagIndex, Registry, SegmentIndex};
use crate::ruleset::Ruleset;
use crate::segment::Segment;
use crate::text_set::TextHasher;
use crate::warning::{Notes, Warning};

/// Turns a snapshot into a form that is fast to evaluate.
///
/// Never fails: one bad rule must not take down the other flags. What it coped with is in the
/// warnings. Of two objects with the same identifier the later counts.
pub fn compile(snapshot: &Snapshot) -> (Ruleset, Vec<Warning>) {
    let mut ruleset = Ruleset { version: snapshot.version, ..Ruleset::default() };
    let mut warnings = Vec::new();
    ruleset.fill(snapshot, &mut warnings);
    ruleset.check_all(&mut warnings);
    (ruleset, warnings)
}

/// Gives indexes to the identifiers that an object refers to.
struct Compiler<'r> {
    flags: &'r mut Registry<FlagIndex, Flag>,
    segments: &'r mut Registry<SegmentIndex, Segment>,
    hasher: &'r TextHasher,
}

impl Compiler<'_> {
    fn flag(&mut self, id: &str) -> FlagIndex {
        self.flags.mention(id, self.hasher)
    }

    fn segment(&mut self, id: &str) -> SegmentIndex {
        self.segments.mention(id, self.hasher)
    }
}

impl Ruleset {
    fn compiler(&mut self) -> Compiler<'_> {
        Compiler { flags: &mut self.flags, segments: &mut self.segments, hasher: &self.hasher }
    }

    /// Puts everything in its place. Standings are still to be found.
    fn fill(&mut self, snapshot: &Snapshot, warnings: &mut Vec<Warning>) {
        let segments = snapshot.segments.iter().map(|stored| self.compile_segment(stored, warnings));
        let segments: Vec<_> = segments.collect();
        let flags = snapshot.flags.iter().map(|config| self.compile_flag(config, warnings));
        let flags: Vec<_> = flags.collect();
        self.segments.fill(segments.into_iter(), |id| {
            Notes::new("segment", id, warnings).add("it is there more than once; the last one counts");
        });
        self.flags.fill(flags.into_iter(), |id| {
            Notes::new("flag", id, warnings).add("it is there more than once; the last one counts");
        });
        self.count_references();
    }

    fn compile_flag(&mut self, config: &FlagConfig, warnings: &mut Vec<Warning>) -> (FlagIndex, Flag) {
        let id = config.feature.as_str();
        let mut compiler = self.compiler();
        let flag = flag::flag(config, &mut compiler, &mut Notes::new("flag", id, warnings));
        (compiler.flag(id), flag)
    }

    fn compile_segment(
        &mut self,
        stored: &model::Segment,
        warnings: &mut Vec<Warning>,
    ) -> (SegmentIndex, Segment) {
        let id = stored.identifier.as_str();
        let mut compiler = self.compiler();
        let segment = segment::segment(stored, &mut compiler, &mut Notes::new("segment", id, warnings));
        (compiler.segment(id), segment)
    }
}
