//! A segment as SDKs receive it: old or new rules, and members as complete targets.

use model::{Clause, GroupRule, KeyRecord, Segment, Tag, TargetName, Version};
use serde::{Serialize, Serializer};

/// Which form of rules a request asks for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RulesView {
    /// `rules` only: clauses of which any makes a member.
    V1,
    /// `servingRules` (clauses of one rule must all match), and `rules` for readers that ignore them.
    V2,
}

impl RulesView {
    /// Reads `rules=v2` from a query. Every other parameter is ignored; `;` separates like `&`.
    pub fn of(query: Option<&str>) -> Self {
        let query = query.unwrap_or_default();
        if query.split(['&', ';']).any(|pair| pair == "rules=v2") { Self::V2 } else { Self::V1 }
    }
}

/// Serialises a segment without copying it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentView<'a> {
    identifier: &'a str,
    name: &'a str,
    /// The environment's identifier.
    environment: &'a str,
    tags: &'a [Tag],
    included: Members<'a>,
    excluded: Members<'a>,
    rules: OldRules<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serving_rules: Option<&'a [GroupRule]>,
    created_at: i64,
    modified_at: i64,
    version: Version,
}

impl<'a> SegmentView<'a> {
    /// The segment for the holder of `key`, whose scope its members carry.
    pub fn new(segment: &'a Segment, key: &'a KeyRecord, rules: RulesView) -> Self {
        Self {
            identifier: segment.identifier.as_str(),
            name: &segment.name,
            environment: key.environment.as_str(),
            tags: &segment.tags,
            included: Members { targets: &segment.included, key },
            excluded: Members { targets: &segment.excluded, key },
            rules: OldRules(segment),
            serving_rules: (rules == RulesView::V2).then_some(&segment.serving_rules),
            created_at: segment.created_at,
            modified_at: segment.modified_at,
            version: segment.version,
        }
    }
}

/// The rules as a list of clauses. Of new rules only those with one clause can be said that way: the
/// relay proxy of Harness needs them, and .NET needs the list, empty or not.
#[derive(Debug)]
struct OldRules<'a>(&'a Segment);

impl Serialize for OldRules<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.serving_rules.is_empty() {
            return self.0.rules.serialize(serializer);
        }
        serializer.collect_seq(self.0.serving_rules.iter().filter_map(only_clause))
    }
}

fn only_clause(rule: &GroupRule) -> Option<&Clause> {
    match rule.clauses.as_slice() {
        [clause] => Some(clause),
        _ => None,
    }
}

#[derive(Debug)]
struct Members<'a> {
    targets: &'a [TargetName],
    key: &'a KeyRecord,
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.targets.iter().map(|target| Member::new(target, self.key)))
    }
}

/// A target as part of a segment. Python cannot start without every one of these fields.
#[derive(Serialize)]
struct Member<'a> {
    identifier: &'a str,
    name: &'a str,
    environment: &'a str,
    project: &'a str,
    account: &'a str,
    org: &'a str,
}

impl<'a> Member<'a> {
    fn new(target: &'a TargetName, key: &'a KeyRecord) -> Self {
        let identifier = target.identifier.as_str();
        Self {
            identifier,
            name: if target.name.is_empty() { identifier } else { &target.name },
            environment: key.environment.as_str(),
            project: key.project.as_str(),
            account: key.account.as_str(),
            org: key.organisation.as_str(),
        }
    }
}
