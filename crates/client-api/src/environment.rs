//! One environment as readers hold it: the objects to hand out and the ruleset to evaluate with.

use std::collections::BTreeMap;
use std::sync::Arc;

use eval::{Ruleset, Warning};
use model::{FlagConfig, FlagId, ObjectChange, Segment, SegmentId, Snapshot, Version};

use crate::text::SharedTexts;

/// All flags and segments of an environment at one version, in the order of their identifiers.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The environment's version.
    pub version: Version,
    /// Flags that are not archived.
    pub flags: BTreeMap<FlagId, Arc<FlagConfig>>,
    /// Segments.
    pub segments: BTreeMap<SegmentId, Arc<Segment>>,
    /// The same, compiled.
    pub ruleset: Ruleset,
    /// Answers from this version that were given before.
    pub(crate) texts: SharedTexts,
}

impl Environment {
    /// Compiles a snapshot; the warnings are for the log.
    pub fn new(snapshot: Snapshot) -> (Self, Vec<Warning>) {
        let (ruleset, warnings) = eval::compile(&snapshot);
        let flags = snapshot.flags.into_iter().map(|flag| (flag.feature.clone(), Arc::new(flag)));
        let segments =
            snapshot.segments.into_iter().map(|segment| (segment.identifier.clone(), Arc::new(segment)));
        let environment = Self {
            version: snapshot.version,
            flags: flags.collect(),
            segments: segments.collect(),
            ruleset,
            texts: SharedTexts::default(),
        };
        (environment, warnings)
    }

    /// Brings everything to `version` by the objects that changed since.
    pub fn apply(&mut self, changes: Vec<ObjectChange>, version: Version) -> Vec<Warning> {
        let warnings = self.ruleset.apply(&changes, version);
        for change in changes {
            match change {
                ObjectChange::Flag(flag) => {
                    self.flags.insert(flag.feature.clone(), Arc::new(flag));
                }
                ObjectChange::FlagGone(id) => {
                    self.flags.remove(&id);
                }
                ObjectChange::Segment(segment) => {
                    self.segments.insert(segment.identifier.clone(), Arc::new(segment));
                }
                ObjectChange::SegmentGone(id) => {
                    self.segments.remove(&id);
                }
            }
        }
        self.version = version;
        self.texts = SharedTexts::default();
        warnings
    }
}
