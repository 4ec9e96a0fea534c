//! Random environments and targets.

use model::{
    Clause, Distribution, FlagConfig, FlagId, FlagKind, FlagState, GroupRule, Prerequisite, Segment,
    SegmentId, Serve, ServingRule, Snapshot, Target, TargetId, TargetName, Variation, VariationId,
    VariationMap, Version, WeightedVariation,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// How many flags and segments there can be. Few, so that references meet.
const IDENTIFIERS: usize = 7;

fn boxed(strategy: impl Strategy<Value = &'static str>) -> impl Strategy<Value = Box<str>> {
    strategy.prop_map(Box::from)
}

/// Texts that are easy to confuse with each other, with other types, or with nothing.
fn text() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "a",
        "A",
        "b",
        "ab",
        "Straße",
        "STRAßE",
        "ΟΔΟΣ",
        "οδος",
        "1",
        "10",
        "2.0",
        "true",
        "null",
        "[a b]",
        "{\"x\":1}",
        "😀",
        "^a|b$",
        "((((a*)*)*)*)*",
        "(",
        "t1",
        "t2",
    ])
}

fn attribute() -> impl Strategy<Value = &'static str> {
    select(vec!["identifier", "name", "plan", "age", "tags", "", "anonymous"])
}

fn operator() -> impl Strategy<Value = &'static str> {
    select(vec![
        "equal",
        "equal_sensitive",
        "contains",
        "starts_with",
        "ends_with",
        "in",
        "gt",
        "match",
        "segmentMatch",
        "EQUAL",
        "neq",
        "",
    ])
}

fn identifier(prefix: &'static str) -> impl Strategy<Value = String> {
    (0..IDENTIFIERS).prop_map(move |number| format!("{prefix}{number}"))
}

fn segment_id() -> impl Strategy<Value = SegmentId> {
    identifier("segment").prop_map(SegmentId::from_wire)
}

fn flag_id() -> impl Strategy<Value = FlagId> {
    identifier("flag").prop_map(FlagId::from_wire)
}

fn target_name() -> impl Strategy<Value = TargetName> {
    select(vec!["t0", "t1", "t2", "T1", ""]).prop_map(|id| TargetName::unnamed(TargetId::from_wire(id)))
}

/// Three variations, one identifier that no flag has, and none.
fn variation_id() -> impl Strategy<Value = VariationId> {
    select(vec!["red", "red", "green", "green", "blue", "blue", "unknown", ""])
        .prop_map(VariationId::from_wire)
}

/// Mostly clauses that rarely hold, and some that hold for everybody with an identifier: else no rule
/// with several clauses would ever match.
fn clause() -> impl Strategy<Value = Clause> {
    let values = prop_oneof![vec(boxed(text()), 0..4), vec(identifier("segment").prop_map(Box::from), 0..4)];
    let any = (boxed(attribute()), boxed(operator()), values, any::<bool>())
        .prop_map(|(attribute, op, values, negate)| Clause { id: "".into(), attribute, op, values, negate });
    let everybody = Clause {
        attribute: "identifier".into(),
        op: "contains".into(),
        values: vec!["".into()],
        ..Clause::default()
    };
    prop_oneof![1 => any, 1 => Just(everybody)]
}

fn membership() -> impl Strategy<Value = Clause> {
    vec(identifier("segment").prop_map(Box::from), 0..3).prop_map(|values| Clause {
        op: "segmentMatch".into(),
        values,
        ..Clause::default()
    })
}

fn segment_clause() -> impl Strategy<Value = Clause> {
    prop_oneof![3 => clause(), 1 => membership()]
}

/// Segments refer to later ones mostly, so that most have no cycle.
fn segment(number: usize) -> impl Strategy<Value = Segment> {
    let rule = (0..3_i64, vec(segment_clause(), 0..3)).prop_map(|(priority, clauses)| GroupRule {
        rule_id: "rule".into(),
        priority,
        clauses,
    });
    let lists = (vec(target_name(), 0..3), vec(target_name(), 0..3));
    (lists, vec(segment_clause(), 0..3), vec(rule, 0..3), any::<bool>()).prop_map(
        move |((included, excluded), rules, serving_rules, backwards)| {
            let mut segment = Segment {
                identifier: SegmentId::from_wire(format!("segment{number}")),
                included,
                excluded,
                rules,
                serving_rules,
                ..Segment::default()
            };
            let nested = segment.serving_rules.iter_mut().flat_map(|rule| &mut rule.clauses);
            for clause in nested.chain(&mut segment.rules).filter(|clause| &*clause.op == "segmentMatch") {
                clause.values.retain(|id| backwards && number > 3 || **id > *format!("segment{number}"));
            }
            segment
        },
    )
}

fn serve() -> impl Strategy<Value = Serve> {
    let share = (variation_id(), select(vec![0_i64, 1, 20, 50, 100, -30, i64::MAX]))
        .prop_map(|(variation, weight)| WeightedVariation { variation, weight });
    let distribution = (boxed(attribute()), vec(share, 0..4))
        .prop_map(|(bucket_by, variations)| Distribution { bucket_by, variations });
    (option::of(variation_id()), option::of(distribution))
        .prop_map(|(variation, distribution)| Serve { variation, distribution })
}

fn rule() -> impl Strategy<Value = ServingRule> {
    let clauses = vec(prop_oneof![clause(), membership()], 0..3);
    (0..3_i64, clauses, serve()).prop_map(|(priority, clauses, serve)| ServingRule {
        rule_id: format!("rule{priority}").into(),
        priority,
        clauses,
        serve,
    })
}

fn listing() -> impl Strategy<Value = VariationMap> {
    (variation_id(), vec(target_name(), 0..3), vec(segment_id(), 0..2)).prop_map(
        |(variation, targets, target_segments)| VariationMap { variation, targets, target_segments },
    )
}

/// Flags have later ones as prerequisites mostly, so that most have no cycle.
fn flag(number: usize) -> impl Strategy<Value = FlagConfig> {
    let prerequisite = (flag_id(), vec(variation_id(), 0..4))
        .prop_map(|(feature, variations)| Prerequisite { feature, variations });
    let kind = select(vec![FlagKind::Boolean, FlagKind::Int, FlagKind::String, FlagKind::Json]);
    let targeting = (vec(rule(), 0..3), vec(listing(), 0..2), vec(prerequisite, 0..3));
    (any::<bool>(), kind, variation_id(), serve(), targeting, 0..20_u8).prop_map(
        move |(off, kind, off_variation, default_serve, (rules, listings, prerequisites), chance)| {
            FlagConfig {
                feature: FlagId::from_wire(format!("flag{number}")),
                state: if off && chance < 5 { FlagState::Off } else { FlagState::On },
                kind,
                variations: ["red", "green", "blue", "red"].iter().map(|id| variation(id)).collect(),
                off_variation,
                default_serve,
                rules,
                variation_to_target_map: listings,
                prerequisites: prerequisites
                    .into_iter()
                    .filter(|other| chance == 0 || *other.feature.as_str() > *format!("flag{number}"))
                    .collect(),
                version: Version(number as i64),
                ..FlagConfig::default()
            }
        },
    )
}

fn variation(id: &str) -> Variation {
    Variation {
        identifier: VariationId::from_wire(id),
        value: format!("value of {id}").into(),
        ..Variation::default()
    }
}

/// Some of the flags and segments that can be referred to, now and then one twice.
pub(crate) fn snapshot() -> impl Strategy<Value = Snapshot> {
    let flags = vec((0..IDENTIFIERS).prop_flat_map(flag), 1..12);
    let segments = vec((0..IDENTIFIERS).prop_flat_map(segment), 0..12);
    (flags, segments).prop_map(|(flags, segments)| Snapshot { version: Version(1), flags, segments })
}

/// A flag or a segment that replaces another or comes new.
pub(crate) fn any_flag() -> impl Strategy<Value = FlagConfig> {
    (0..IDENTIFIERS).prop_flat_map(flag)
}

/// As [`any_flag`].
pub(crate) fn any_segment() -> impl Strategy<Value = Segment> {
    (0..IDENTIFIERS).prop_flat_map(segment)
}

/// The identifier of a flag that may exist.
pub(crate) fn any_flag_id() -> impl Strategy<Value = FlagId> {
    flag_id()
}

/// The identifier of a segment that may exist.
pub(crate) fn any_segment_id() -> impl Strategy<Value = SegmentId> {
    segment_id()
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => text().prop_map(Value::from),
        1 => select(vec![
            Value::Null, json!(true), json!(false), json!(0), json!(1), json!(10), json!(2.0), json!(1e21), json!(-0.5),
            json!(["a", "b"]), json!([]), json!({"x": 1}), json!([["a"], null, 2.5]),
        ]),
    ]
}

/// A target, with or without identifier, with or without attributes.
pub(crate) fn target() -> impl Strategy<Value = Target> {
    let identifier = boxed(select(vec!["t0", "t1", "t2", "t2", "t3", "T1", "😀", ""]));
    let attributes = vec((attribute(), value()), 0..5);
    (identifier, boxed(text()), any::<bool>(), attributes).prop_map(
        |(identifier, name, anonymous, attributes)| {
            let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            Target { identifier, name, anonymous, attributes }
        },
    )
}
