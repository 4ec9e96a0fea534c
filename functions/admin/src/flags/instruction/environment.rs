//! Instructions that change what a flag serves in one environment.

use std::collections::HashSet;

use model::limits::TARGETS_PER_LIST_MAX;
use model::{
    Error, FieldError, FlagConfig, FlagState, SegmentId, Serve, TargetId, TargetName, Variation, VariationId,
    VariationMap,
};
use platform::Random;

use super::rule::RuleInstruction;
use crate::clauses::ServeParameters;
use crate::instructions::RawInstruction;
use crate::projects::named;

/// Their kinds.
pub(super) const KINDS: [&str; 15] = [
    "setFeatureFlagState",
    "updateDefaultServe",
    "updateOffVariation",
    "addTargetsToVariationTargetMap",
    "removeTargetsToVariationTargetMap",
    "addSegmentToVariationTargetMap",
    "removeSegmentToVariationTargetMap",
    "clearVariationTargetMapping",
    "addRule",
    "updateRule",
    "removeRule",
    "reorderRules",
    "addClause",
    "updateClause",
    "removeClause",
];

/// One change to what a flag serves in an environment.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::flags) enum EnvironmentInstruction {
    /// Switches it on or off.
    SetState(FlagState),
    /// Changes what is served when nothing more specific matches.
    UpdateDefaultServe(Serve),
    /// Changes what is served when it is off.
    UpdateOffVariation(VariationId),
    /// Serves targets a variation by name, and no other by name.
    AddTargets(VariationId, Vec<TargetId>),
    /// No longer does.
    RemoveTargets(VariationId, Vec<TargetId>),
    /// Serves members of segments a variation before all rules.
    AddSegments(VariationId, Vec<SegmentId>),
    /// No longer does.
    RemoveSegments(VariationId, Vec<SegmentId>),
    /// Forgets targets and segments of one variation, or of all.
    ClearMap(Option<VariationId>),
    /// Changes the rules.
    Rule(RuleInstruction),
}

impl EnvironmentInstruction {
    pub(super) fn parse(raw: &RawInstruction, place: &str, random: &dyn Random) -> Result<Self, Error> {
        Ok(match raw.kind.as_str() {
            "setFeatureFlagState" => Self::SetState(raw.parameter(place, "state")?),
            "updateDefaultServe" => {
                Self::UpdateDefaultServe(raw.parameters::<ServeParameters>(place)?.into_serve(place)?)
            }
            "updateOffVariation" => {
                Self::UpdateOffVariation(variation(&raw.parameter::<String>(place, "variation")?, place)?)
            }
            "addTargetsToVariationTargetMap" => {
                let (variation, targets) = targets(raw, place)?;
                Self::AddTargets(variation, targets)
            }
            "removeTargetsToVariationTargetMap" => {
                let (variation, targets) = targets(raw, place)?;
                Self::RemoveTargets(variation, targets)
            }
            "addSegmentToVariationTargetMap" => {
                let (variation, segments) = segments(raw, place)?;
                Self::AddSegments(variation, segments)
            }
            "removeSegmentToVariationTargetMap" => {
                let (variation, segments) = segments(raw, place)?;
                Self::RemoveSegments(variation, segments)
            }
            "clearVariationTargetMapping" => {
                let id: Option<Option<String>> = raw.optional(place, "variation")?;
                Self::ClearMap(id.flatten().map(|id| variation(&id, place)).transpose()?)
            }
            _ => Self::Rule(RuleInstruction::parse(raw, place, random)?),
        })
    }

    pub(super) fn apply(&self, config: &mut FlagConfig, variations: &[Variation]) -> Result<(), Error> {
        match self {
            Self::SetState(state) => config.state = *state,
            Self::UpdateDefaultServe(serve) => {
                serve.variations().try_for_each(|id| known(variations, id))?;
                config.default_serve = serve.clone();
            }
            Self::UpdateOffVariation(id) => {
                known(variations, id)?;
                config.off_variation = id.clone();
            }
            Self::AddTargets(id, targets) => {
                known(variations, id)?;
                add_targets(config, id, targets)?;
            }
            Self::RemoveTargets(id, targets) => {
                known(variations, id)?;
                let gone: HashSet<_> = targets.iter().collect();
                for map in config.variation_to_target_map.iter_mut().filter(|map| map.variation == *id) {
                    map.targets.retain(|target| !gone.contains(&target.identifier));
                }
            }
            Self::AddSegments(id, segments) => {
                known(variations, id)?;
                add_segments(config, id, segments);
            }
            Self::RemoveSegments(id, segments) => {
                known(variations, id)?;
                for map in config.variation_to_target_map.iter_mut().filter(|map| map.variation == *id) {
                    map.target_segments.retain(|segment| !segments.contains(segment));
                }
            }
            Self::ClearMap(Some(id)) => {
                known(variations, id)?;
                config.variation_to_target_map.retain(|map| map.variation != *id);
            }
            Self::ClearMap(None) => config.variation_to_target_map.clear(),
            Self::Rule(instruction) => instruction.apply(config, variations)?,
        }
        config
            .variation_to_target_map
            .retain(|map| !map.targets.is_empty() || !map.target_segments.is_empty());
        Ok(())
    }
}

/// Refuses a variation that the flag has not.
pub(super) fn known(variations: &[Variation], id: &VariationId) -> Result<(), Error> {
    if variations.iter().any(|variation| variation.identifier == *id) {
        return Ok(());
    }
    let have: Vec<_> = variations.iter().map(|variation| variation.identifier.as_str()).collect();
    let message = format!("{:?} is no variation of the flag; it has {}", id.as_str(), have.join(", "));
    Err(Error::invalid("variation", message))
}

/// Names targets for a variation, and takes them away from the others.
pub(in crate::flags) fn add_targets(
    config: &mut FlagConfig,
    id: &VariationId,
    targets: &[TargetId],
) -> Result<(), Error> {
    // By name a target is served one variation: the first entry that names it would win.
    let moved: HashSet<_> = targets.iter().collect();
    for map in config.variation_to_target_map.iter_mut().filter(|map| map.variation != *id) {
        map.targets.retain(|target| !moved.contains(&target.identifier));
    }
    let Some(map) = entry(config, id) else { return Ok(()) };
    let mut listed: HashSet<_> = map.targets.iter().map(|target| target.identifier.clone()).collect();
    for target in targets {
        if listed.insert(target.clone()) {
            map.targets.push(TargetName::unnamed(target.clone()));
        }
    }
    if map.targets.len() > TARGETS_PER_LIST_MAX {
        let message =
            format!("a list holds at most {TARGETS_PER_LIST_MAX} targets; use a segment with clauses");
        return Err(Error::invalid("targets", message));
    }
    Ok(())
}

fn add_segments(config: &mut FlagConfig, id: &VariationId, segments: &[SegmentId]) {
    let Some(map) = entry(config, id) else { return };
    for segment in segments {
        if !map.target_segments.contains(segment) {
            map.target_segments.push(segment.clone());
        }
    }
}

/// The variation's entry in the map, made if there is none.
fn entry<'a>(config: &'a mut FlagConfig, id: &VariationId) -> Option<&'a mut VariationMap> {
    let maps = &mut config.variation_to_target_map;
    let index = maps.iter().position(|map| map.variation == *id).unwrap_or(maps.len());
    if index == maps.len() {
        maps.push(VariationMap { variation: id.clone(), ..VariationMap::default() });
    }
    maps.get_mut(index)
}

fn variation(text: &str, place: &str) -> Result<VariationId, FieldError> {
    VariationId::parse(text).map_err(|error| error.under(place))
}

fn targets(raw: &RawInstruction, place: &str) -> Result<(VariationId, Vec<TargetId>), Error> {
    let (id, targets) = listed(raw, place, "targets")?;
    let parsed: Result<Vec<_>, _> = targets.iter().map(|text| TargetId::parse(text)).collect();
    let targets = parsed.map_err(|error| named(&format!("{place}.targets"), error))?;
    Ok((variation(&id, place)?, targets))
}

fn segments(raw: &RawInstruction, place: &str) -> Result<(VariationId, Vec<SegmentId>), Error> {
    let (id, segments) = listed(raw, place, "targetSegments")?;
    let parsed: Result<Vec<_>, _> = segments.iter().map(|text| SegmentId::parse(text)).collect();
    let segments = parsed.map_err(|error| named(&format!("{place}.targetSegments"), error))?;
    Ok((variation(&id, place)?, segments))
}

/// A variation and a list of that name.
fn listed(raw: &RawInstruction, place: &str, list: &str) -> Result<(String, Vec<String>), Error> {
    Ok((raw.parameter(place, "variation")?, raw.parameter(place, list)?))
}
