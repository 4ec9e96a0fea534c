//! Which objects an object names: the rows of `current_reference` that go with it.

use model::{Clause, Flag, FlagConfig, Segment};

use crate::objects::Kind;

/// The operator by which a clause names segments.
const SEGMENT_MATCH: &str = "segmentMatch";

/// The flags that a flag has as prerequisites, each once.
pub fn flag_references(flag: &Flag) -> Vec<(Kind, String)> {
    let named = flag.prerequisites.iter().map(|prerequisite| prerequisite.feature.as_str());
    each_once(Kind::Flag, named)
}

/// The segments that a flag's rules and lists name in one environment, each once.
pub fn config_references(config: &FlagConfig) -> Vec<(Kind, String)> {
    let matched = segments_of(config.rules.iter().flat_map(|rule| &rule.clauses));
    let mapped = config.variation_to_target_map.iter().flat_map(|map| &map.target_segments);
    each_once(Kind::Segment, matched.chain(mapped.map(model::SegmentId::as_str)))
}

/// The segments that a segment's rules name, each once.
pub fn segment_references(segment: &Segment) -> Vec<(Kind, String)> {
    let newer = segment.serving_rules.iter().flat_map(|rule| &rule.clauses);
    each_once(Kind::Segment, segments_of(segment.rules.iter().chain(newer)))
}

fn segments_of<'a>(clauses: impl Iterator<Item = &'a Clause>) -> impl Iterator<Item = &'a str> {
    clauses.filter(|clause| &*clause.op == SEGMENT_MATCH).flat_map(|clause| &clause.values).map(|id| &**id)
}

fn each_once<'a>(kind: Kind, identifiers: impl Iterator<Item = &'a str>) -> Vec<(Kind, String)> {
    let mut identifiers: Vec<_> = identifiers.map(str::to_owned).collect();
    identifiers.sort_unstable();
    identifiers.dedup();
    identifiers.into_iter().map(|identifier| (kind, identifier)).collect()
}
