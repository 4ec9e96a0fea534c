//! The instructions of a PATCH of a segment.

use std::collections::HashSet;

use model::{Clause, Error, GroupRule, Segment, Tag, TargetName};
use platform::Random;
use serde::Deserialize;

use super::create::targets;
use crate::clauses::ClauseParameters;
use crate::instructions::{RawInstruction, unknown_kind};
use crate::projects::checked_name;

/// The priority of a first rule, and the step to the next.
pub(super) const PRIORITY_STEP: i64 = 100;

const KINDS: [&str; 14] = [
    "addToIncludeList",
    "removeFromIncludeList",
    "addToExcludeList",
    "removeFromExcludeList",
    "addClause",
    "updateClause",
    "removeClause",
    "addRule",
    "updateRule",
    "removeRule",
    "reorderRules",
    "updateName",
    "addTag",
    "removeTag",
];

/// One change to a segment.
#[derive(Clone, Debug)]
pub(super) enum Instruction {
    Include(Vec<TargetName>),
    Uninclude(Vec<TargetName>),
    Exclude(Vec<TargetName>),
    Unexclude(Vec<TargetName>),
    AddClause(Clause),
    UpdateClause(String, ClauseParameters),
    RemoveClause(String),
    /// Without a priority (0) it comes last.
    AddRule(GroupRule),
    UpdateRule(String, Option<i64>, Option<Vec<Clause>>),
    RemoveRule(String),
    ReorderRules(Vec<String>),
    Name(String),
    AddTag(Tag),
    RemoveTag(String),
}

/// A rule as it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct GroupRuleParameters {
    #[serde(default, alias = "ruleId", alias = "ruleID")]
    uuid: Option<String>,
    #[serde(default)]
    priority: Option<i64>,
    #[serde(default)]
    clauses: Option<Vec<ClauseParameters>>,
}

impl GroupRuleParameters {
    /// A new rule; `priority` is used unless one is given.
    pub(super) fn into_rule(self, priority: i64, random: &dyn Random) -> GroupRule {
        let made = |clause: ClauseParameters| clause.into_clause(|| random.uuid());
        GroupRule {
            rule_id: self.uuid.filter(|id| !id.is_empty()).unwrap_or_else(|| random.uuid()).into(),
            priority: self.priority.unwrap_or(priority),
            clauses: self.clauses.unwrap_or_default().into_iter().map(made).collect(),
        }
    }
}

impl Instruction {
    /// Reads an instruction; `place` names it in errors, such as `instructions[2]`.
    pub(super) fn parse(raw: &RawInstruction, place: &str, random: &dyn Random) -> Result<Self, Error> {
        let within = format!("{place}.parameters");
        let listed = || targets("targets", Some(raw.parameter(&within, "targets")?));
        let clause = || raw.parameters::<ClauseParameters>(&within);
        let rule = || raw.parameters::<GroupRuleParameters>(&within);
        let missing = |field: &str| Error::invalid(format!("{within}.{field}"), "is missing");
        Ok(match raw.kind.as_str() {
            "addToIncludeList" => Self::Include(listed()?),
            "removeFromIncludeList" => Self::Uninclude(listed()?),
            "addToExcludeList" => Self::Exclude(listed()?),
            "removeFromExcludeList" => Self::Unexclude(listed()?),
            "addClause" => Self::AddClause(clause()?.into_clause(|| random.uuid())),
            "updateClause" => {
                let change = clause()?;
                Self::UpdateClause(change.id.clone().ok_or_else(|| missing("clauseID"))?, change)
            }
            "removeClause" => Self::RemoveClause(clause()?.id.ok_or_else(|| missing("clauseID"))?),
            "addRule" => Self::AddRule(rule()?.into_rule(0, random)),
            "updateRule" => {
                let parameters = rule()?;
                let clauses = parameters.clauses.map(|clauses| {
                    clauses.into_iter().map(|clause| clause.into_clause(|| random.uuid())).collect()
                });
                Self::UpdateRule(
                    parameters.uuid.ok_or_else(|| missing("ruleId"))?,
                    parameters.priority,
                    clauses,
                )
            }
            "removeRule" => Self::RemoveRule(rule()?.uuid.ok_or_else(|| missing("ruleId"))?),
            "reorderRules" => Self::ReorderRules(raw.parameter(&within, "rules")?),
            "updateName" => {
                let name: String = raw.parameter(&within, "name")?;
                if name.trim().is_empty() {
                    return Err(Error::invalid(format!("{within}.name"), "is empty; give the group a name"));
                }
                Self::Name(checked_name(&name, &name)?)
            }
            "addTag" => Self::AddTag(raw.tag(&within)?),
            "removeTag" => Self::RemoveTag(raw.parameter(&within, "identifier")?),
            unknown => return Err(unknown_kind(unknown, place, &KINDS)),
        })
    }

    /// Applies the instruction; rules over the whole segment are checked when all are applied.
    pub(super) fn apply(&self, segment: &mut Segment) -> Result<(), Error> {
        match self {
            Self::Include(targets) => add(&mut segment.included, targets),
            Self::Uninclude(targets) => remove(&mut segment.included, targets),
            Self::Exclude(targets) => add(&mut segment.excluded, targets),
            Self::Unexclude(targets) => remove(&mut segment.excluded, targets),
            Self::AddClause(clause) => add_clause(segment, clause),
            Self::UpdateClause(id, change) => change.update(find_clause(segment, id)?),
            Self::RemoveClause(id) => remove_clause(segment, id)?,
            Self::AddRule(rule) => add_rule(segment, rule)?,
            Self::UpdateRule(id, priority, clauses) => {
                let rule = find_rule(segment, id)?;
                rule.priority = priority.unwrap_or(rule.priority);
                if let Some(clauses) = clauses {
                    rule.clauses.clone_from(clauses);
                }
            }
            Self::RemoveRule(id) => {
                find_rule(segment, id)?;
                segment.serving_rules.retain(|rule| *rule.rule_id != **id);
            }
            Self::ReorderRules(ids) => reorder(segment, ids)?,
            Self::Name(name) => segment.name = name.as_str().into(),
            Self::AddTag(tag) => {
                segment.tags.retain(|other| other.identifier != tag.identifier);
                segment.tags.push(tag.clone());
            }
            Self::RemoveTag(id) => segment.tags.retain(|tag| tag.identifier != *id),
        }
        segment.serving_rules.sort_by_key(|rule| rule.priority);
        Ok(())
    }
}

fn add(list: &mut Vec<TargetName>, targets: &[TargetName]) {
    let mut listed: HashSet<_> = list.iter().map(|target| target.identifier.clone()).collect();
    for target in targets {
        if listed.insert(target.identifier.clone()) {
            list.push(target.clone());
        }
    }
}

fn remove(list: &mut Vec<TargetName>, targets: &[TargetName]) {
    let gone: HashSet<_> = targets.iter().map(|target| &target.identifier).collect();
    list.retain(|listed| !gone.contains(&listed.identifier));
}

/// In the old form any clause makes a member; in the new form that is a rule of its own.
fn add_clause(segment: &mut Segment, clause: &Clause) {
    if segment.serving_rules.is_empty() {
        segment.rules.push(clause.clone());
    } else {
        let priority = next_priority(segment);
        segment.serving_rules.push(GroupRule {
            rule_id: clause.id.clone(),
            priority,
            clauses: vec![clause.clone()],
        });
    }
}

/// The first rule of the new form turns the clauses of the old one into rules: members stay the same.
fn add_rule(segment: &mut Segment, rule: &GroupRule) -> Result<(), Error> {
    for clause in std::mem::take(&mut segment.rules) {
        let priority = next_priority(segment);
        segment.serving_rules.push(GroupRule { rule_id: clause.id.clone(), priority, clauses: vec![clause] });
    }
    if segment.serving_rules.iter().any(|other| other.rule_id == rule.rule_id) {
        let message = format!("a rule {:?} exists; use updateRule or another id", rule.rule_id);
        return Err(Error::invalid("ruleId", message));
    }
    let priority = if rule.priority == 0 { next_priority(segment) } else { rule.priority };
    segment.serving_rules.push(GroupRule { priority, ..rule.clone() });
    Ok(())
}

fn next_priority(segment: &Segment) -> i64 {
    let last = segment.serving_rules.iter().map(|rule| rule.priority).max();
    last.map_or(PRIORITY_STEP, |last| last.saturating_add(PRIORITY_STEP))
}

fn reorder(segment: &mut Segment, ids: &[String]) -> Result<(), Error> {
    let named_once = ids.iter().enumerate().all(|(at, id)| !ids.iter().take(at).any(|other| other == id));
    if ids.len() != segment.serving_rules.len() || !named_once {
        let count = segment.serving_rules.len();
        let message = format!("names {} rules; name each of the group's {count} rules once", ids.len());
        return Err(Error::invalid("rules", message));
    }
    for (id, place) in ids.iter().zip(1_i64..) {
        find_rule(segment, id)?.priority = place.saturating_mul(PRIORITY_STEP);
    }
    Ok(())
}

fn find_rule<'a>(segment: &'a mut Segment, id: &str) -> Result<&'a mut GroupRule, Error> {
    let found = segment.serving_rules.iter_mut().find(|rule| *rule.rule_id == *id);
    found.ok_or_else(|| Error::invalid("ruleId", format!("the group has no rule {id:?}")))
}

fn find_clause<'a>(segment: &'a mut Segment, id: &str) -> Result<&'a mut Clause, Error> {
    let of_rules = segment.serving_rules.iter_mut().flat_map(|rule| &mut rule.clauses);
    let found = segment.rules.iter_mut().chain(of_rules).find(|clause| *clause.id == *id);
    found.ok_or_else(|| Error::invalid("clauseID", format!("the group has no clause {id:?}")))
}

/// A rule that loses its last clause goes with it.
fn remove_clause(segment: &mut Segment, id: &str) -> Result<(), Error> {
    find_clause(segment, id)?;
    segment.rules.retain(|clause| *clause.id != *id);
    for rule in &mut segment.serving_rules {
        rule.clauses.retain(|clause| *clause.id != *id);
    }
    segment.serving_rules.retain(|rule| !rule.clauses.is_empty());
    Ok(())
}
