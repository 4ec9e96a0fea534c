//! A segment as the admin API shows it: `Segment` of openapi/admin.yaml.

use model::{Clause, GroupRule, Segment, SegmentId, Tag, TargetId, TargetName, Version};
use serde::Serialize;

use crate::context::Place;

/// A segment with its members in full.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SegmentAnswer {
    identifier: SegmentId,
    name: Box<str>,
    environment: String,
    tags: Vec<Tag>,
    included: Vec<Member>,
    excluded: Vec<Member>,
    rules: Vec<Clause>,
    serving_rules: Vec<GroupRule>,
    created_at: i64,
    modified_at: i64,
    version: Version,
}

/// A target in a list of members.
#[derive(Clone, Debug, Serialize)]
struct Member {
    identifier: TargetId,
    name: Box<str>,
    environment: String,
    project: String,
    account: String,
    org: String,
}

impl SegmentAnswer {
    pub(super) fn new(segment: Segment, place: &Place) -> Self {
        let members =
            |targets: Vec<TargetName>| targets.into_iter().map(|target| Member::new(target, place)).collect();
        Self {
            identifier: segment.identifier,
            name: segment.name,
            environment: place.environment.identifier.to_string(),
            tags: segment.tags,
            included: members(segment.included),
            excluded: members(segment.excluded),
            rules: segment.rules,
            serving_rules: segment.serving_rules,
            created_at: segment.created_at,
            modified_at: segment.modified_at,
            version: segment.version,
        }
    }
}

impl Member {
    fn new(target: TargetName, place: &Place) -> Self {
        Self {
            identifier: target.identifier,
            name: target.name,
            environment: place.environment.identifier.to_string(),
            project: place.project.identifier.to_string(),
            account: place.project.account.to_string(),
            org: place.project.organisation.to_string(),
        }
    }
}
