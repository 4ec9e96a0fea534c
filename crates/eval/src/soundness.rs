//! Whether following references comes to an end: prerequisites of prerequisites, segments in segments.
//!
//! The SDKs follow them without any limit. Stored configuration cannot make that endless, imported
//! configuration can. Where it is endless, or as good as, the reference algorithm has no answer:
//! such flags serve their off variation. The check is done when a ruleset is compiled or patched, so
//! that evaluation can rely on it: its stacks are of fixed size, and it needs no memory of the past.

use std::fmt;

use crate::flag::Flag;
use crate::registry::{FlagIndex, Index, Registry, SegmentIndex};
use crate::segment::Segment;

/// How many references may be followed in a row.
pub(crate) const DEPTH_MAX: usize = 32;
/// How many may be followed in total, counting again what is reached again. Without this, a lattice
/// of flags 8 deep and 16 wide would take four billion steps although it has no cycle.
pub(crate) const STEPS_MAX: u32 = 4096;

/// How far an object's references reach, and what is wrong with that.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Standing {
    depth: u32,
    steps: u32,
    pub(crate) defect: Option<Defect>,
}

/// Why a flag has no answer but its off variation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Defect {
    pub(crate) relation: Relation,
    fault: Fault,
}

/// What the references are that do not end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Relation {
    Prerequisites,
    Segments,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    Cycle,
    Depth,
    Steps,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relation = match self.relation {
            Relation::Prerequisites => "prerequisites",
            Relation::Segments => "segments in segments",
        };
        match self.fault {
            Fault::Cycle => write!(f, "its {relation} lead into a cycle"),
            Fault::Depth => write!(f, "its {relation} are more than {DEPTH_MAX} deep"),
            Fault::Steps => write!(f, "its {relation} take more than {STEPS_MAX} steps to follow"),
        }
    }
}

impl Standing {
    /// The standing of an object from those of the objects that it refers to.
    fn over(relation: Relation, children: impl Iterator<Item = Self>) -> Self {
        let mut standing = Self::default();
        for child in children {
            standing.depth = standing.depth.max(child.depth.saturating_add(1));
            standing.steps = standing.steps.saturating_add(child.steps).saturating_add(1);
            // A prerequisite that serves its off variation because of its segments is a fine prerequisite.
            let inherited = child.defect.filter(|defect| defect.relation == relation);
            standing.defect = standing.defect.or(inherited);
        }
        let fault = match (standing.depth as usize > DEPTH_MAX, standing.steps > STEPS_MAX) {
            (true, _) => Some(Fault::Depth),
            (false, true) => Some(Fault::Steps),
            (false, false) => None,
        };
        standing.defect = standing.defect.or(fault.map(|fault| Defect { relation, fault }));
        standing
    }

    /// The standing of a flag that was found from its prerequisites, with its segments considered.
    fn needing(self, flag: &Flag, segments: &Registry<SegmentIndex, Segment>) -> Self {
        let defect = || flag.segments().find_map(|segment| segments.slot(segment)?.standing.defect);
        Self { defect: self.defect.or_else(defect), ..self }
    }

    fn cyclic(relation: Relation) -> Self {
        Self { depth: 0, steps: 0, defect: Some(Defect { relation, fault: Fault::Cycle }) }
    }
}

/// The standing of one segment, given right ones of those that it refers to.
pub(crate) fn of_segment(segments: &Registry<SegmentIndex, Segment>, index: SegmentIndex) -> Standing {
    let Some(segment) = segments.get(index) else { return Standing::default() };
    let children = segment.rules.segments().filter_map(|child| segments.slot(child));
    Standing::over(Relation::Segments, children.map(|slot| slot.standing))
}

/// The standing of one flag, given right ones of its prerequisites and segments.
pub(crate) fn of_flag(
    flags: &Registry<FlagIndex, Flag>,
    segments: &Registry<SegmentIndex, Segment>,
    index: FlagIndex,
) -> Standing {
    let Some(flag) = flags.get(index) else { return Standing::default() };
    let children = prerequisites(flags, flag).filter_map(|child| flags.slot(child));
    Standing::over(Relation::Prerequisites, children.map(|slot| slot.standing)).needing(flag, segments)
}

/// The standings of all segments, by position.
pub(crate) fn of_all_segments(segments: &Registry<SegmentIndex, Segment>) -> Vec<Standing> {
    let children = |index| segments.get(index).into_iter().flat_map(|segment| segment.rules.segments());
    Graph::new(segments.positions(), children).standings(Relation::Segments)
}

/// The standings of all flags, by position, given right ones of all segments.
pub(crate) fn of_all_flags(
    flags: &Registry<FlagIndex, Flag>,
    segments: &Registry<SegmentIndex, Segment>,
) -> Vec<Standing> {
    let children = |index| flags.get(index).into_iter().flat_map(|flag| prerequisites(flags, flag));
    let mut standings = Graph::new(flags.positions(), children).standings(Relation::Prerequisites);
    for index in flags.ordered() {
        if let (Some(standing), Some(flag)) = (standings.get_mut(index.position()), flags.get(index)) {
            *standing = standing.needing(flag, segments);
        }
    }
    standings
}

/// The prerequisites that are ever followed: those behind one that does not exist are not.
fn prerequisites<'r>(
    flags: &'r Registry<FlagIndex, Flag>,
    flag: &'r Flag,
) -> impl Iterator<Item = FlagIndex> + 'r {
    let indexes = flag.prerequisites.iter().map(|prerequisite| prerequisite.flag);
    indexes.take_while(|index| flags.get(*index).is_some())
}

/// Who refers to whom, all edges in one list.
struct Graph {
    edges: Vec<usize>,
    /// Where each node's edges end; they start where those of the node before end.
    ends: Vec<usize>,
}

/// How far the walk has come with a node.
#[derive(Clone, Copy)]
enum Visit {
    New,
    /// On the way from the root to the current node.
    Open,
    Done(Standing),
}

impl Graph {
    fn new<I: Index, C: Iterator<Item = I>>(nodes: usize, children: impl Fn(I) -> C) -> Self {
        let mut graph = Self { edges: Vec::new(), ends: Vec::with_capacity(nodes) };
        for position in 0..nodes {
            if let Ok(position) = u32::try_from(position) {
                graph.edges.extend(children(I::new(position)).map(Index::position));
            }
            graph.ends.push(graph.edges.len());
        }
        graph
    }

    fn children(&self, node: usize) -> &[usize] {
        let start = node.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(node).copied().unwrap_or(start);
        self.edges.get(start..end).unwrap_or_default()
    }

    /// A depth-first walk that leaves each node after all that it refers to. A child that is still
    /// open then is also an ancestor: a cycle.
    fn standings(&self, relation: Relation) -> Vec<Standing> {
        let mut visits = vec![Visit::New; self.ends.len()];
        let mut path = Vec::new();
        for root in 0..self.ends.len() {
            path.push((root, self.children(root).iter()));
            while let Some((node, children)) = path.last_mut() {
                let node = *node;
                if matches!(visits.get(node), Some(Visit::Done(_))) {
                    path.pop();
                    continue;
                }
                set(&mut visits, node, Visit::Open);
                if let Some(child) = children.next() {
                    if matches!(visits.get(*child), Some(Visit::New)) {
                        path.push((*child, self.children(*child).iter()));
                    }
                } else {
                    let standing = self.standing(relation, node, &visits);
                    set(&mut visits, node, Visit::Done(standing));
                    path.pop();
                }
            }
        }
        let done = |visit| if let Visit::Done(standing) = visit { standing } else { Standing::default() };
        visits.into_iter().map(done).collect()
    }

    fn standing(&self, relation: Relation, node: usize, visits: &[Visit]) -> Standing {
        let children = self.children(node).iter().filter_map(|child| visits.get(*child));
        Standing::over(
            relation,
            children.map(|visit| match visit {
                Visit::Done(standing) => *standing,
                Visit::Open | Visit::New => Standing::cyclic(relation),
            }),
        )
    }
}

fn set(visits: &mut [Visit], node: usize, visit: Visit) {
    if let Some(place) = visits.get_mut(node) {
        *place = visit;
    }
}
