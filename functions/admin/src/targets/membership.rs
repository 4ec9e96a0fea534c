//! The segments of a target.

use std::collections::HashSet;

use model::{
    Clause, Error, FlagConfig, FlagId, FlagKind, FlagState, ObjectKind, Segment, SegmentId, Serve,
    ServingRule, Snapshot, Target, Variation, VariationId,
};
use serde::Serialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::clauses::SEGMENT_MATCH;
use crate::segments::{self, Segments};

/// What the flags of [`members_by_rule`] serve to members.
const MEMBER: &str = "member";

/// What they serve to everybody else.
const STRANGER: &str = "stranger";

/// `TargetDetail` of openapi/admin.yaml.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetDetail {
    identifier: Box<str>,
    included_segments: Vec<SegmentName>,
    excluded_segments: Vec<SegmentName>,
    rule_segments: Vec<SegmentName>,
}

#[derive(Debug, PartialEq, Serialize)]
struct SegmentName {
    identifier: SegmentId,
    name: Box<str>,
}

pub(crate) async fn of_target(call: Call) -> Result<Answer, Error> {
    let db = call.db();
    let place = call.place().await?;
    let target = store::target(db, &place.environment.id, &call.identifier).await?;
    let target = target.ok_or_else(|| Error::not_found(ObjectKind::Target, &call.identifier))?;
    Answer::ok(&detail(target, segments::all(db, &place.environment).await?))
}

/// Segments that neither include nor exclude the target by name: it can be added to them.
pub(crate) async fn available(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let wanted = call.query.text("segmentName")?.unwrap_or_default().to_lowercase();
    let db = call.db();
    let place = call.place().await?;
    if store::target(db, &place.environment.id, &call.identifier).await?.is_none() {
        return Err(Error::not_found(ObjectKind::Target, &call.identifier));
    }
    let mut segments = segments::all(db, &place.environment).await?;
    segments.retain(|segment| {
        segment.name.to_lowercase().contains(&wanted)
            && !names(&segment.included, &call.identifier)
            && !names(&segment.excluded, &call.identifier)
    });
    Answer::ok(&Segments::page_of(page, segments, &place))
}

fn detail(target: Target, segments: Vec<Segment>) -> TargetDetail {
    let by_rule = members_by_rule(&target, &segments);
    let mut detail = TargetDetail {
        identifier: target.identifier,
        included_segments: Vec::new(),
        excluded_segments: Vec::new(),
        rule_segments: Vec::new(),
    };
    for segment in segments {
        // Who is excluded is no member, whatever else the segment says.
        let list = if names(&segment.excluded, &detail.identifier) {
            &mut detail.excluded_segments
        } else if names(&segment.included, &detail.identifier) {
            &mut detail.included_segments
        } else if by_rule.contains(&segment.identifier) {
            &mut detail.rule_segments
        } else {
            continue;
        };
        list.push(SegmentName { identifier: segment.identifier, name: segment.name });
    }
    detail
}

fn names(list: &[model::TargetName], identifier: &str) -> bool {
    list.iter().any(|name| name.identifier.as_str() == identifier)
}

/// The segments that the target is a member of, decided by the engine: it is asked a flag for each segment
/// that serves one thing to members and another to everybody else.
fn members_by_rule(target: &Target, segments: &[Segment]) -> HashSet<SegmentId> {
    let flags = segments.iter().map(|segment| question(&segment.identifier)).collect();
    let (ruleset, _) = eval::compile(&Snapshot { flags, segments: segments.to_vec(), ..Snapshot::default() });
    let is_member = |id: &SegmentId| {
        let served = ruleset.evaluate(ruleset.flag(id.as_str())?, target).variation?;
        Some(served.identifier.as_str() == MEMBER)
    };
    let ids = segments.iter().map(|segment| &segment.identifier);
    ids.filter(|id| is_member(id).unwrap_or(false)).cloned().collect()
}

fn question(segment: &SegmentId) -> FlagConfig {
    let variation = |id: &str| Variation {
        identifier: VariationId::from_wire(id),
        value: id.into(),
        ..Variation::default()
    };
    let clause =
        Clause { op: SEGMENT_MATCH.into(), values: vec![segment.as_str().into()], ..Clause::default() };
    FlagConfig {
        feature: FlagId::from_wire(segment.as_str()),
        state: FlagState::On,
        kind: FlagKind::String,
        variations: vec![variation(MEMBER), variation(STRANGER)],
        off_variation: VariationId::from_wire(STRANGER),
        default_serve: Serve::variation(VariationId::from_wire(STRANGER)),
        rules: vec![ServingRule {
            clauses: vec![clause],
            serve: Serve::variation(VariationId::from_wire(MEMBER)),
            ..ServingRule::default()
        }],
        ..FlagConfig::default()
    }
}
