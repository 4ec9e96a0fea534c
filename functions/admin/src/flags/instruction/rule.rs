//! Instructions that change a flag's rules in one environment.

use model::limits::RULES_PER_FLAG_MAX;
use model::{Clause, Error, FlagConfig, Serve, ServingRule, Variation};
use platform::Random;

use super::environment::known;
use crate::clauses::{ClauseParameters, ServeParameters};
use crate::instructions::RawInstruction;

/// The priority of a first rule, and the step to the next.
const PRIORITY_STEP: i64 = 100;

/// One change to the rules.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::flags) enum RuleInstruction {
    /// A new rule; without a priority it comes last.
    Add { id: String, priority: Option<i64>, clauses: Vec<Clause>, serve: Serve },
    /// What is given changes.
    Update { id: String, priority: Option<i64>, clauses: Option<Vec<Clause>>, serve: Option<Serve> },
    /// Takes a rule away.
    Remove { id: String },
    /// Gives all rules new priorities in this order.
    Reorder { ids: Vec<String> },
    /// Adds a clause to a rule.
    AddClause { rule: String, clause: Clause },
    /// What is given changes.
    UpdateClause { rule: String, clause: String, change: ClauseParameters },
    /// Takes a clause away.
    RemoveClause { rule: String, clause: String },
}

/// What is given of a rule.
struct RuleParameters {
    id: Option<String>,
    priority: Option<i64>,
    clauses: Option<Vec<ClauseParameters>>,
    serve: Option<ServeParameters>,
}

impl RuleParameters {
    fn read(raw: &RawInstruction, place: &str) -> Result<Self, Error> {
        Ok(Self {
            id: rule_id(raw, place, &["uuid", "ruleID", "ruleId"])?,
            priority: raw.optional(place, "priority")?.flatten(),
            clauses: raw.optional(place, "clauses")?.flatten(),
            serve: raw.optional(place, "serve")?.flatten(),
        })
    }
}

impl RuleInstruction {
    pub(super) fn parse(raw: &RawInstruction, place: &str, random: &dyn Random) -> Result<Self, Error> {
        let made = |parameters: ClauseParameters| parameters.into_clause(|| random.uuid());
        Ok(match raw.kind.as_str() {
            "addRule" => {
                let rule = RuleParameters::read(raw, place)?;
                let serve = rule.serve.unwrap_or_default().into_serve(&format!("{place}.serve"))?;
                let id = rule.id.filter(|id| !id.is_empty()).unwrap_or_else(|| random.uuid());
                let clauses = rule.clauses.unwrap_or_default().into_iter().map(made).collect();
                Self::Add { id, priority: rule.priority, clauses, serve }
            }
            "updateRule" => {
                let rule = RuleParameters::read(raw, place)?;
                let serve =
                    rule.serve.map(|serve| serve.into_serve(&format!("{place}.serve"))).transpose()?;
                let clauses = rule.clauses.map(|clauses| clauses.into_iter().map(made).collect());
                let id = rule.id.ok_or_else(|| missing(place, "ruleID"))?;
                Self::Update { id, priority: rule.priority, clauses, serve }
            }
            "removeRule" => {
                let id = rule_id(raw, place, &["ruleID", "ruleId", "uuid"])?;
                Self::Remove { id: id.ok_or_else(|| missing(place, "ruleID"))? }
            }
            "reorderRules" => Self::Reorder { ids: raw.parameter(place, "rules")? },
            "addClause" => {
                let (rule, clause) = clause_of_rule(raw, place)?;
                Self::AddClause { rule, clause: made(clause) }
            }
            "updateClause" => {
                let (rule, change) = clause_of_rule(raw, place)?;
                Self::UpdateClause { rule, clause: clause_id(&change, place)?, change }
            }
            _ => {
                let (rule, clause) = clause_of_rule(raw, place)?;
                Self::RemoveClause { rule, clause: clause_id(&clause, place)? }
            }
        })
    }

    pub(super) fn apply(&self, config: &mut FlagConfig, variations: &[Variation]) -> Result<(), Error> {
        let rules = &mut config.rules;
        match self {
            Self::Add { id, priority, clauses, serve } => {
                serve.variations().try_for_each(|id| known(variations, id))?;
                add(
                    rules,
                    id,
                    *priority,
                    ServingRule { clauses: clauses.clone(), serve: serve.clone(), ..ServingRule::default() },
                )
            }
            Self::Update { id, priority, clauses, serve } => {
                serve.iter().flat_map(Serve::variations).try_for_each(|id| known(variations, id))?;
                let rule = find(rules, id)?;
                rule.priority = priority.unwrap_or(rule.priority);
                if let Some(clauses) = clauses {
                    rule.clauses.clone_from(clauses);
                }
                if let Some(serve) = serve {
                    rule.serve.clone_from(serve);
                }
                Ok(())
            }
            Self::Remove { id } => {
                find(rules, id)?;
                rules.retain(|rule| *rule.rule_id != **id);
                Ok(())
            }
            Self::Reorder { ids } => reorder(rules, ids),
            Self::AddClause { rule, clause } => {
                find(rules, rule)?.clauses.push(clause.clone());
                Ok(())
            }
            Self::UpdateClause { rule, clause, change } => {
                let rule = find(rules, rule)?;
                let found = rule.clauses.iter_mut().find(|found| *found.id == **clause);
                change.update(found.ok_or_else(|| unknown_clause(clause))?);
                Ok(())
            }
            Self::RemoveClause { rule, clause } => {
                let rule = find(rules, rule)?;
                let before = rule.clauses.len();
                rule.clauses.retain(|found| *found.id != **clause);
                if rule.clauses.len() == before { Err(unknown_clause(clause)) } else { Ok(()) }
            }
        }?;
        rules.sort_by_key(|rule| rule.priority);
        Ok(())
    }
}

fn add(
    rules: &mut Vec<ServingRule>,
    id: &str,
    priority: Option<i64>,
    rule: ServingRule,
) -> Result<(), Error> {
    if rules.len() >= RULES_PER_FLAG_MAX {
        let message = format!("the flag has {RULES_PER_FLAG_MAX} rules, the most allowed; remove one first");
        return Err(Error::invalid("rules", message));
    }
    if rules.iter().any(|rule| *rule.rule_id == *id) {
        return Err(Error::invalid("uuid", format!("a rule {id:?} exists; use updateRule or another uuid")));
    }
    let last = rules.iter().map(|rule| rule.priority).max();
    let next = last.map_or(PRIORITY_STEP, |last| last.saturating_add(PRIORITY_STEP));
    rules.push(ServingRule { rule_id: id.into(), priority: priority.unwrap_or(next), ..rule });
    Ok(())
}

fn reorder(rules: &mut [ServingRule], ids: &[String]) -> Result<(), Error> {
    let named_once = ids.iter().enumerate().all(|(at, id)| !ids.iter().take(at).any(|other| other == id));
    if ids.len() != rules.len() || !named_once {
        let message =
            format!("names {} rules; name each of the flag's {} rules once", ids.len(), rules.len());
        return Err(Error::invalid("rules", message));
    }
    for (id, priority) in ids.iter().zip(1_i64..) {
        find(rules, id)?.priority = priority.saturating_mul(PRIORITY_STEP);
    }
    Ok(())
}

fn find<'a>(rules: &'a mut [ServingRule], id: &str) -> Result<&'a mut ServingRule, Error> {
    let found = rules.iter_mut().find(|rule| *rule.rule_id == *id);
    found.ok_or_else(|| Error::invalid("ruleID", format!("the flag has no rule {id:?} in this environment")))
}

/// The rule's id, under the first of these names that is there.
fn rule_id(raw: &RawInstruction, place: &str, names: &[&str]) -> Result<Option<String>, Error> {
    for name in names {
        if let Some(id) = raw.optional(place, name)? {
            return Ok(id);
        }
    }
    Ok(None)
}

/// A clause, and the id of its rule.
fn clause_of_rule(raw: &RawInstruction, place: &str) -> Result<(String, ClauseParameters), Error> {
    let rule = rule_id(raw, place, &["ruleID", "ruleId"])?.ok_or_else(|| missing(place, "ruleID"))?;
    Ok((rule, raw.parameters(place)?))
}

fn clause_id(parameters: &ClauseParameters, place: &str) -> Result<String, Error> {
    parameters.id.clone().ok_or_else(|| missing(place, "clauseID"))
}

fn missing(place: &str, name: &str) -> Error {
    Error::invalid(format!("{place}.{name}"), "is missing")
}

fn unknown_clause(id: &str) -> Error {
    Error::invalid("clauseID", format!("the rule has no clause {id:?}"))
}
