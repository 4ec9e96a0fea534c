//! Small environments in which everything refers to everything, a target, and a change.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use model::{
    Clause, Distribution, FlagConfig, FlagId, FlagState, GroupRule, ObjectChange, Prerequisite, Segment, SegmentId, Serve,
    ServingRule, Snapshot, Target, TargetId, TargetName, Variation, VariationId, VariationMap, Version, WeightedVariation,
};
use serde_json::{Map, Value};

#[derive(Arbitrary, Debug)]
struct Input {
    flags: Vec<(u8, FlagShape)>,
    segments: Vec<(u8, SegmentShape)>,
    target: TargetShape,
    changes: Vec<Change>,
}

#[derive(Arbitrary, Debug)]
struct FlagShape {
    on: bool,
    variations: u8,
    off: u8,
    default_serve: ServeShape,
    rules: Vec<(i8, Vec<ClauseShape>, ServeShape)>,
    listings: Vec<(u8, Vec<u8>, Vec<u8>)>,
    prerequisites: Vec<(u8, Vec<u8>)>,
}

#[derive(Arbitrary, Debug)]
struct ServeShape {
    variation: Option<u8>,
    rollout: Option<(Word, Vec<(u8, i64)>)>,
}

#[derive(Arbitrary, Debug)]
struct SegmentShape {
    included: Vec<u8>,
    excluded: Vec<u8>,
    rules: Vec<ClauseShape>,
    serving_rules: Vec<(i8, Vec<ClauseShape>)>,
}

#[derive(Arbitrary, Debug)]
enum ClauseShape {
    Attribute(Word, Operator, Vec<Word>),
    Segments(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Operator {
    Equal,
    EqualSensitive,
    Contains,
    StartsWith,
    EndsWith,
    In,
    GreaterThan,
    Match,
    Other(Word),
}

/// A text: one of a few that meet, or any.
#[derive(Arbitrary, Debug)]
enum Word {
    Identifier,
    Name,
    Plan,
    Any(String),
}

#[derive(Arbitrary, Debug)]
struct TargetShape {
    identifier: Option<u8>,
    name: Word,
    attributes: Vec<(Word, Scalar)>,
    list: Vec<Scalar>,
}

#[derive(Arbitrary, Debug)]
enum Scalar {
    Nothing,
    Truth(bool),
    Whole(i64),
    Fraction(f64),
    Text(Word),
}

#[derive(Arbitrary, Debug)]
enum Change {
    Flag(u8, FlagShape),
    FlagGone(u8),
    Segment(u8, SegmentShape),
    SegmentGone(u8),
}

/// Few identifiers, so that references meet.
fn number(any: u8) -> u8 {
    any % 12
}

fn flag_id(any: u8) -> FlagId {
    FlagId::from_wire(format!("flag{}", number(any)))
}

fn segment_id(any: u8) -> SegmentId {
    SegmentId::from_wire(format!("segment{}", number(any)))
}

/// Four variations of which a flag has some; every fifth is none.
fn variation_id(any: u8) -> VariationId {
    VariationId::from_wire(if any % 5 == 4 { String::new() } else { format!("v{}", any % 5) })
}

fn targets(any: &[u8]) -> Vec<TargetName> {
    any.iter().map(|any| TargetName::unnamed(TargetId::from_wire(format!("t{}", any % 4)))).collect()
}

impl Word {
    fn text(&self) -> Box<str> {
        match self {
            Self::Identifier => "identifier".into(),
            Self::Name => "name".into(),
            Self::Plan => "plan".into(),
            Self::Any(text) => text.as_str().into(),
        }
    }
}

impl ClauseShape {
    fn clause(&self) -> Clause {
        match self {
            Self::Segments(ids) => Clause {
                op: "segmentMatch".into(),
                values: ids.iter().map(|id| segment_id(*id).as_str().into()).collect(),
                ..Clause::default()
            },
            Self::Attribute(attribute, operator, values) => Clause {
                attribute: attribute.text(),
                op: match operator {
                    Operator::Equal => "equal".into(),
                    Operator::EqualSensitive => "equal_sensitive".into(),
                    Operator::Contains => "contains".into(),
                    Operator::StartsWith => "starts_with".into(),
                    Operator::EndsWith => "ends_with".into(),
                    Operator::In => "in".into(),
                    Operator::GreaterThan => "gt".into(),
                    Operator::Match => "match".into(),
                    Operator::Other(word) => word.text(),
                },
                values: values.iter().map(Word::text).collect(),
                ..Clause::default()
            },
        }
    }
}

fn clauses(shapes: &[ClauseShape]) -> Vec<Clause> {
    shapes.iter().map(ClauseShape::clause).collect()
}

impl ServeShape {
    fn serve(&self) -> Serve {
        Serve {
            variation: self.variation.map(variation_id),
            distribution: self.rollout.as_ref().map(|(bucket_by, shares)| Distribution {
                bucket_by: bucket_by.text(),
                variations: shares
                    .iter()
                    .map(|(variation, weight)| WeightedVariation { variation: variation_id(*variation), weight: *weight })
                    .collect(),
            }),
        }
    }
}

impl FlagShape {
    fn config(&self, id: u8) -> FlagConfig {
        let rules = self.rules.iter().map(|(priority, shapes, serve)| ServingRule {
            priority: i64::from(*priority),
            clauses: clauses(shapes),
            serve: serve.serve(),
            ..ServingRule::default()
        });
        let listings = self.listings.iter().map(|(variation, names, segments)| VariationMap {
            variation: variation_id(*variation),
            targets: targets(names),
            target_segments: segments.iter().map(|id| segment_id(*id)).collect(),
        });
        let prerequisites = self.prerequisites.iter().map(|(flag, accepted)| Prerequisite {
            feature: flag_id(*flag),
            variations: accepted.iter().map(|id| variation_id(*id)).collect(),
        });
        FlagConfig {
            feature: flag_id(id),
            state: if self.on { FlagState::On } else { FlagState::Off },
            variations: (0..self.variations % 5)
                .map(|id| Variation { identifier: variation_id(id), ..Variation::default() })
                .collect(),
            off_variation: variation_id(self.off),
            default_serve: self.default_serve.serve(),
            rules: rules.collect(),
            variation_to_target_map: listings.collect(),
            prerequisites: prerequisites.collect(),
            ..FlagConfig::default()
        }
    }
}

impl SegmentShape {
    fn segment(&self, id: u8) -> Segment {
        let rules = self.serving_rules.iter().map(|(priority, shapes)| GroupRule {
            priority: i64::from(*priority),
            clauses: clauses(shapes),
            ..GroupRule::default()
        });
        Segment {
            identifier: segment_id(id),
            included: targets(&self.included),
            excluded: targets(&self.excluded),
            rules: clauses(&self.rules),
            serving_rules: rules.collect(),
            ..Segment::default()
        }
    }
}

impl Scalar {
    fn value(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Truth(truth) => Value::from(*truth),
            Self::Whole(whole) => Value::from(*whole),
            Self::Fraction(fraction) => Value::from(*fraction),
            Self::Text(word) => Value::from(&*word.text()),
        }
    }
}

impl TargetShape {
    fn target(&self) -> Target {
        let scalars = self.attributes.iter().map(|(name, scalar)| (name.text().into(), scalar.value()));
        let mut attributes: Map<String, Value> = scalars.collect();
        attributes.insert("list".into(), self.list.iter().map(Scalar::value).collect());
        Target {
            identifier: self.identifier.map(|any| format!("t{}", any % 5)).unwrap_or_default().into(),
            name: self.name.text(),
            attributes,
            anonymous: false,
        }
    }
}

impl Change {
    fn change(&self) -> ObjectChange {
        match self {
            Self::Flag(id, shape) => ObjectChange::Flag(shape.config(*id)),
            Self::FlagGone(id) => ObjectChange::FlagGone(flag_id(*id)),
            Self::Segment(id, shape) => ObjectChange::Segment(shape.segment(*id)),
            Self::SegmentGone(id) => ObjectChange::SegmentGone(segment_id(*id)),
        }
    }
}

/// The change as it is written down in a snapshot.
fn write(snapshot: &mut Snapshot, change: &ObjectChange) {
    match change {
        ObjectChange::Flag(flag) => {
            snapshot.flags.retain(|other| other.feature != flag.feature);
            snapshot.flags.push(flag.clone());
        }
        ObjectChange::FlagGone(id) => snapshot.flags.retain(|flag| flag.feature != *id),
        ObjectChange::Segment(segment) => {
            snapshot.segments.retain(|other| other.identifier != segment.identifier);
            snapshot.segments.push(segment.clone());
        }
        ObjectChange::SegmentGone(id) => snapshot.segments.retain(|segment| segment.identifier != *id),
    }
}

fuzz_target!(|input: Input| {
    let target = input.target.target();
    let mut snapshot = Snapshot {
        version: Version(1),
        flags: input.flags.iter().map(|(id, shape)| shape.config(*id)).collect(),
        segments: input.segments.iter().map(|(id, shape)| shape.segment(*id)).collect(),
    };
    let (mut patched, _) = eval::compile(&snapshot);
    for change in &input.changes {
        let change = change.change();
        patched.apply(std::slice::from_ref(&change), snapshot.version);
        write(&mut snapshot, &change);
    }

    let (anew, _) = eval::compile(&snapshot);
    assert_eq!(patched.len(), anew.len());
    for ((flag, evaluation), (_, again)) in anew.evaluate_all(&target).zip(patched.evaluate_all(&target)) {
        let explanation = anew.explain(flag.index, &target);
        let agree = (evaluation.variation, evaluation.reason) == (again.variation, again.reason)
            && (explanation.variation.as_ref(), explanation.reason) == (evaluation.variation, evaluation.reason);
        assert!(
            agree,
            "{evaluation:?} compiled, {again:?} patched, explained as {explanation}\nfor {}\nin {}",
            serde_json::to_string(&target).unwrap_or_default(),
            serde_json::to_string(&snapshot).unwrap_or_default(),
        );
    }
});
