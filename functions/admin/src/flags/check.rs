//! The rules that a flag keeps whatever is done to it, checked over the whole project.

use std::collections::HashSet;

use model::limits::{
    PREREQUISITE_DEPTH_MAX, PREREQUISITES_PER_FLAG_MAX, RULES_PER_FLAG_MAX, TAGS_PER_OBJECT_MAX,
    VARIATION_VALUE_BYTES_MAX, VARIATIONS_PER_FLAG_MAX,
};
use model::{
    EnvironmentUuid, Error, FieldError, Flag, FlagConfig, FlagId, FlagKind, SegmentId, ServingRule,
    Variation, VariationId,
};
use serde_json::Value;
use store::{Kind, ProjectState};

use super::working::{Changes, Working, WorkingConfig, segments};
use crate::clauses::{SEGMENT_MATCH, check_clause, limit};
use crate::levels::{self, once};

/// Checks every flag that is to be different.
pub(super) async fn all(changes: &Changes<'_>) -> Result<(), Error> {
    for working in &changes.changed {
        let flag = &working.flag;
        check_shape(flag)?;
        check_variations_in_use(working)?;
        for config in &working.configs {
            check_config(config)?;
            check_segments(changes.state, config).await?;
        }
        if working.changes_shape() {
            check_dependants(changes, flag).await?;
        }
        if working.changes_prerequisites() {
            check_prerequisites(changes, flag).await?;
        }
    }
    Ok(())
}

/// What can be seen from the flag alone.
pub(super) fn check_shape(flag: &Flag) -> Result<(), Error> {
    check_variations(&flag.variations, flag.kind)?;
    limit("tags", flag.tags.len(), TAGS_PER_OBJECT_MAX)?;
    limit("services", flag.services.len(), TAGS_PER_OBJECT_MAX)?;
    limit("prerequisites", flag.prerequisites.len(), PREREQUISITES_PER_FLAG_MAX)?;
    let mut seen = HashSet::new();
    let mut named = flag.prerequisites.iter().map(|prerequisite| &prerequisite.feature).enumerate();
    match named.find(|(_, id)| !seen.insert(*id)) {
        Some((index, id)) => {
            let message = format!("{:?} is there twice", id.as_str());
            Err(Error::invalid(format!("prerequisites[{index}].feature"), message))
        }
        None => Ok(()),
    }
}

/// Variations are enough, not too many, distinct, and hold values of the flag's kind.
pub(super) fn check_variations(variations: &[Variation], kind: FlagKind) -> Result<(), Error> {
    if variations.len() < 2 {
        return Err(Error::invalid("variations", "needs at least two variations"));
    }
    limit("variations", variations.len(), VARIATIONS_PER_FLAG_MAX)?;
    let mut seen = HashSet::new();
    let mut errors = Vec::new();
    for (index, variation) in variations.iter().enumerate() {
        let field = format!("variations[{index}]");
        if let Err(error) = VariationId::parse(variation.identifier.as_str()) {
            errors.push(FieldError::new(format!("{field}.identifier"), error.message));
        } else if !seen.insert(&variation.identifier) {
            let message = format!("{:?} is there twice", variation.identifier.as_str());
            errors.push(FieldError::new(format!("{field}.identifier"), message));
        }
        if let Err(message) = check_value(&variation.value, kind) {
            errors.push(FieldError::new(format!("{field}.value"), message));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn check_value(value: &str, kind: FlagKind) -> Result<(), String> {
    if value.len() > VARIATION_VALUE_BYTES_MAX {
        return Err(format!("is longer than {VARIATION_VALUE_BYTES_MAX} bytes; shorten it"));
    }
    let fits = match kind {
        FlagKind::Boolean => matches!(value, "true" | "false"),
        FlagKind::Int => value.parse::<f64>().is_ok_and(f64::is_finite),
        FlagKind::String => true,
        FlagKind::Json => matches!(serde_json::from_str(value), Ok(Value::Object(_))),
    };
    if fits {
        return Ok(());
    }
    let wanted = match kind {
        FlagKind::Boolean => "use \"true\" or \"false\"",
        FlagKind::Int => "use a number such as \"42\" or \"3.14\"",
        FlagKind::String => "use any text",
        FlagKind::Json => "use the text of a JSON object, the only form that every SDK reads",
    };
    Err(format!("{value:?} does not fit kind {kind}; {wanted}"))
}

/// A variation that is served anywhere, or is a default, stays.
fn check_variations_in_use(working: &Working) -> Result<(), Error> {
    let flag = &working.flag;
    let has = |id: &VariationId| flag.variation(id).is_some();
    let gone = |id: &VariationId, by: &str| {
        Error::InUse(format!("variation {:?} is used as {by}; change that before deleting it", id.as_str()))
    };
    for (id, by) in [
        (&flag.default_on_variation, "the flag's default when on"),
        (&flag.default_off_variation, "the flag's default when off"),
    ] {
        if !has(id) {
            return Err(gone(id, by));
        }
    }
    for WorkingConfig { name, after, .. } in &working.configs {
        if !has(&after.off_variation) {
            return Err(gone(
                &after.off_variation,
                &format!("the off variation in environment {:?}", name.as_str()),
            ));
        }
        if let Some(id) = served(after).find(|id| !has(id)) {
            return Err(gone(id, &format!("a served variation in environment {:?}", name.as_str())));
        }
    }
    Ok(())
}

/// Every variation that a flag can serve when it is on.
pub(super) fn served(config: &FlagConfig) -> impl Iterator<Item = &VariationId> {
    let rules = config.rules.iter().flat_map(|rule| rule.serve.variations());
    let maps = config.variation_to_target_map.iter().map(|map| &map.variation);
    config.default_serve.variations().chain(rules).chain(maps)
}

/// Rules are few, in a clear order, and of the one form that every SDK evaluates alike. Rules that are
/// there already, from an import, are left alone.
fn check_config(config: &WorkingConfig) -> Result<(), Error> {
    let rules = &config.after.rules;
    if *rules == config.before.rules {
        return Ok(());
    }
    limit("rules", rules.len(), RULES_PER_FLAG_MAX)?;
    let mut priorities = HashSet::new();
    if let Some(rule) = rules.iter().find(|rule| !priorities.insert(rule.priority)) {
        let message = format!("two rules have the priority {}; give each its own", rule.priority);
        return Err(Error::invalid("priority", message));
    }
    rules.iter().filter(|rule| !config.before.rules.contains(rule)).try_for_each(check_rule)
}

fn check_rule(rule: &ServingRule) -> Result<(), Error> {
    let place = format!("rule {:?}", &*rule.rule_id);
    let [clause] = rule.clauses.as_slice() else {
        let message = format!(
            "has {} clauses; SDKs disagree about several, so a rule has exactly one: segmentMatch with the groups it \
             is for (put conditions into a group)",
            rule.clauses.len()
        );
        return Err(Error::invalid(format!("{place}.clauses"), message));
    };
    if &*clause.op != SEGMENT_MATCH {
        let message = format!(
            "{:?} is not for rules of flags; use segmentMatch, and put conditions into a group",
            clause.op
        );
        return Err(Error::invalid(format!("{place}.clauses[0].op"), message));
    }
    Ok(check_clause(clause, &format!("{place}.clauses[0]"))?)
}

/// No rule names a segment that is not there.
pub(super) async fn check_segments(state: &ProjectState<'_>, config: &WorkingConfig) -> Result<(), Error> {
    let before = segments(&config.before);
    for id in segments(&config.after).into_iter().filter(|id| !before.contains(id)) {
        if !has_segment(state, &config.environment, &id).await? {
            let message = format!(
                "target group {:?} does not exist in environment {:?}; create it first",
                id.as_str(),
                config.name.as_str()
            );
            return Err(Error::invalid("values", message));
        }
    }
    Ok(())
}

/// Whether the segment is there.
pub(super) async fn has_segment(
    state: &ProjectState<'_>,
    environment: &EnvironmentUuid,
    id: &SegmentId,
) -> Result<bool, Error> {
    let found = store::current(state.db, environment.as_str(), Kind::Segment, id.as_str()).await?;
    Ok(found.is_some_and(|object| object.body.is_some()))
}

/// Flags that have this one as prerequisite still find the variations that they name.
async fn check_dependants(changes: &Changes<'_>, flag: &Flag) -> Result<(), Error> {
    let scope = changes.state.project.id.as_str();
    for (_, id) in store::referring(changes.state.db, scope, Kind::Flag, flag.identifier.as_str()).await? {
        let Some(dependant) = changes.flag(&FlagId::from_wire(id)).await? else { continue };
        let named =
            dependant.prerequisites.iter().filter(|prerequisite| prerequisite.feature == flag.identifier);
        let missing =
            named.flat_map(|prerequisite| &prerequisite.variations).find(|id| flag.variation(id).is_none());
        if let Some(missing) = missing {
            return Err(Error::InUse(format!(
                "variation {:?} is what flag {:?} needs as a prerequisite; change that before deleting it",
                missing.as_str(),
                dependant.identifier.as_str()
            )));
        }
    }
    Ok(())
}

/// Every prerequisite exists with the variations it names, none leads back to the flag, and no chain
/// through the flag is too long: SDKs follow them without looking, inside customers' processes.
pub(super) async fn check_prerequisites(changes: &Changes<'_>, flag: &Flag) -> Result<(), Error> {
    for (index, prerequisite) in flag.prerequisites.iter().enumerate() {
        let field = format!("prerequisites[{index}]");
        let id = &prerequisite.feature;
        if *id == flag.identifier {
            return Err(Error::invalid(
                format!("{field}.feature"),
                "is the flag itself; a flag cannot need itself",
            ));
        }
        let found = changes.flag(id).await?.filter(|found| !found.archived);
        let Some(found) = found else {
            let message = format!("flag {:?} does not exist, or is archived", id.as_str());
            return Err(Error::invalid(format!("{field}.feature"), message));
        };
        if let Some(unknown) = prerequisite.variations.iter().find(|id| found.variation(id).is_none()) {
            let message = format!("{:?} is no variation of flag {:?}", unknown.as_str(), id.as_str());
            return Err(Error::invalid(format!("{field}.variations"), message));
        }
        if prerequisite.variations.is_empty() {
            return Err(Error::invalid(
                format!("{field}.variations"),
                "is empty; name at least one variation",
            ));
        }
    }
    let below = changes.levels_below(flag).await?;
    let ProjectState { db, project, .. } = changes.state;
    let (scope, id) = (project.id.as_str(), flag.identifier.as_str());
    let above = levels::above(*db, scope, Kind::Flag, id, PREREQUISITE_DEPTH_MAX).await?;
    if below + above > PREREQUISITE_DEPTH_MAX {
        let message = format!(
            "the chain of prerequisites would be {} flags long, at most {PREREQUISITE_DEPTH_MAX} are allowed",
            below + above
        );
        return Err(Error::invalid("prerequisites", message));
    }
    Ok(())
}

impl Changes<'_> {
    /// A flag as it is to be.
    async fn flag(&self, id: &FlagId) -> Result<Option<Flag>, Error> {
        match self.changed.iter().find(|working| working.flag.identifier == *id) {
            Some(working) => Ok(Some(working.flag.clone())),
            None => Ok(self.state.flag(id).await?.map(|(_, flag)| flag)),
        }
    }

    /// How many flags the longest chain of prerequisites below `flag` has.
    async fn levels_below(&self, flag: &Flag) -> Result<usize, Error> {
        let mut level: Vec<FlagId> = flag.prerequisites.iter().map(|p| p.feature.clone()).collect();
        let mut levels = 0;
        while !level.is_empty() {
            if level.contains(&flag.identifier) {
                let message = "would lead back to the flag itself; SDKs would follow the circle for ever";
                return Err(Error::invalid("prerequisites", message));
            }
            levels += 1;
            if levels > PREREQUISITE_DEPTH_MAX {
                break;
            }
            let mut next = Vec::new();
            for id in &level {
                if let Some(found) = self.flag(id).await? {
                    next.extend(found.prerequisites.into_iter().map(|prerequisite| prerequisite.feature));
                }
            }
            once(&mut next);
            level = next;
        }
        Ok(levels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_the_kind_or_say_what_would() {
        let good = [
            (FlagKind::Boolean, "true"),
            (FlagKind::Int, "3.14"),
            (FlagKind::Int, "-1e3"),
            (FlagKind::String, ""),
            (FlagKind::Json, "{\"a\":[1]}"),
        ];
        for (kind, value) in good {
            assert_eq!(check_value(value, kind), Ok(()), "{value:?} as {kind}");
        }
        let bad = [
            (FlagKind::Boolean, "True"),
            (FlagKind::Int, "inf"),
            (FlagKind::Int, ""),
            (FlagKind::Json, "[1]"),
            (FlagKind::Json, "{"),
        ];
        for (kind, value) in bad {
            let error = check_value(value, kind).unwrap_err();
            assert!(error.contains("does not fit kind") && error.contains("; use "), "{error}");
        }
    }
}
