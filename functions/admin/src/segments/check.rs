//! The rules that a segment keeps whatever is done to it.

use std::collections::HashSet;

use model::limits::{PREREQUISITE_DEPTH_MAX, RULES_PER_FLAG_MAX, TAGS_PER_OBJECT_MAX, TARGETS_PER_LIST_MAX};
use model::{Clause, EnvironmentUuid, Error, FieldError, Segment, SegmentId};
use store::{Kind, ProjectState};

use crate::clauses::{SEGMENT_MATCH, check_clause, limit};
use crate::levels::{self, once};

/// How deep segments may name segments.
const NESTING_MAX: usize = PREREQUISITE_DEPTH_MAX;

/// Checks the segment alone, and with the segments it names.
pub(super) async fn all(
    state: &ProjectState<'_>,
    environment: &EnvironmentUuid,
    segment: &Segment,
) -> Result<(), Error> {
    check_alone(segment)?;
    check_nesting(state, environment, segment).await
}

fn check_alone(segment: &Segment) -> Result<(), Error> {
    limit("included", segment.included.len(), TARGETS_PER_LIST_MAX)?;
    limit("excluded", segment.excluded.len(), TARGETS_PER_LIST_MAX)?;
    limit("rules", segment.rules.len().max(segment.serving_rules.len()), RULES_PER_FLAG_MAX)?;
    limit("tags", segment.tags.len(), TAGS_PER_OBJECT_MAX)?;
    let included: HashSet<_> = segment.included.iter().map(|target| &target.identifier).collect();
    if let Some(both) = segment.excluded.iter().find(|target| included.contains(&target.identifier)) {
        let message = format!("target {:?} is included too; take it off one list", both.identifier.as_str());
        return Err(Error::invalid("excluded", message));
    }
    for (index, clause) in segment.rules.iter().enumerate() {
        check_clause(clause, &format!("rules[{index}]"))?;
    }
    let mut priorities = HashSet::new();
    for (index, rule) in segment.serving_rules.iter().enumerate() {
        let place = format!("servingRules[{index}]");
        if !priorities.insert(rule.priority) {
            let message = format!("two rules have the priority {}; give each its own", rule.priority);
            return Err(Error::invalid(format!("{place}.priority"), message));
        }
        if rule.clauses.is_empty() || rule.clauses.len() > RULES_PER_FLAG_MAX {
            let message = format!("holds {} clauses; use 1 to {RULES_PER_FLAG_MAX}", rule.clauses.len());
            return Err(Error::invalid(format!("{place}.clauses"), message));
        }
        for (index, clause) in rule.clauses.iter().enumerate() {
            check_clause(clause, &format!("{place}.clauses[{index}]"))?;
        }
    }
    Ok(())
}

/// The segments that the segment names exist, none leads back to it, and the nesting is not too deep:
/// SDKs follow it without looking.
async fn check_nesting(
    state: &ProjectState<'_>,
    environment: &EnvironmentUuid,
    segment: &Segment,
) -> Result<(), Error> {
    let mut level = named(segment);
    let mut levels = 0;
    while !level.is_empty() {
        levels += 1;
        if level.contains(&segment.identifier) {
            let message = "would lead back to the group itself; SDKs would follow the circle for ever";
            return Err(Error::invalid("values", message));
        }
        let mut next = Vec::new();
        for id in &level {
            next.extend(named(&find(state, environment, id).await?));
        }
        if levels > NESTING_MAX {
            break;
        }
        once(&mut next);
        level = next;
    }
    let (scope, id) = (environment.as_str(), segment.identifier.as_str());
    if levels + levels::above(state.db, scope, Kind::Segment, id, NESTING_MAX).await? > NESTING_MAX {
        let message = format!("groups would name groups more than {NESTING_MAX} deep; use fewer levels");
        return Err(Error::invalid("values", message));
    }
    Ok(())
}

async fn find(
    state: &ProjectState<'_>,
    environment: &EnvironmentUuid,
    id: &SegmentId,
) -> Result<Segment, Error> {
    let found = store::current(state.db, environment.as_str(), Kind::Segment, id.as_str()).await?;
    let missing = || {
        Error::from(FieldError::new(
            "values",
            format!("target group {:?} does not exist; create it first", id.as_str()),
        ))
    };
    let body = found.and_then(|object| object.body).ok_or_else(missing)?;
    store::read_body(&body)
}

/// Every segment that the segment names, each once.
pub(super) fn named(segment: &Segment) -> Vec<SegmentId> {
    let clauses = segment.rules.iter().chain(segment.serving_rules.iter().flat_map(|rule| &rule.clauses));
    let nested =
        clauses.filter(|clause: &&Clause| &*clause.op == SEGMENT_MATCH).flat_map(|clause| &clause.values);
    let mut named: Vec<_> = nested.map(|id| SegmentId::from_wire(id.clone())).collect();
    once(&mut named);
    named
}
