//! The instructions of a PATCH: parsed once, applied to a flag's configuration.

use model::limits::TARGETS_PER_LIST_MAX;
use model::{
    Distribution, Error, FieldError, FlagConfig, FlagState, Serve, TargetId, TargetName, VariationId,
    VariationMap, WeightedVariation,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::RawInstruction;

/// Kinds that Harness knows and that are coming.
const PLANNED: [&str; 22] = [
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
    "updateName",
    "updateDescription",
    "updatePermanent",
    "addVariation",
    "updateVariation",
    "deleteVariation",
    "setDefaultOnVariation",
    "setDefaultOffVariation",
    "addPrerequisite",
    "updatePrerequisite",
    "removePrerequisite",
    "addTag",
];

/// One change to what a flag serves in an environment.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Instruction {
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
}

#[derive(Deserialize)]
struct State {
    state: FlagState,
}

#[derive(Deserialize)]
struct OffVariation {
    variation: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefaultServe {
    variation: Option<String>,
    bucket_by: Option<String>,
    variations: Option<Vec<WeightedVariation>>,
}

#[derive(Deserialize)]
struct VariationTargets {
    variation: String,
    targets: Vec<String>,
}

impl Instruction {
    /// Reads an instruction; `place` names it in errors, such as `instructions[2]`.
    pub(super) fn parse(raw: &RawInstruction, place: &str) -> Result<Self, Error> {
        let within = format!("{place}.parameters");
        let parsed = match raw.kind.as_str() {
            "setFeatureFlagState" => Self::SetState(parameters::<State>(raw, &within)?.state),
            "updateDefaultServe" => Self::UpdateDefaultServe(serve(parameters(raw, &within)?, &within)?),
            "updateOffVariation" => Self::UpdateOffVariation(variation(
                &parameters::<OffVariation>(raw, &within)?.variation,
                &within,
            )?),
            "addTargetsToVariationTargetMap" => {
                let (variation, targets) = targets(&parameters(raw, &within)?, &within)?;
                Self::AddTargets(variation, targets)
            }
            "removeTargetsToVariationTargetMap" => {
                let (variation, targets) = targets(&parameters(raw, &within)?, &within)?;
                Self::RemoveTargets(variation, targets)
            }
            planned if PLANNED.contains(&planned) => {
                return Err(Error::NotOffered(format!(
                    "{place}: the instruction {planned} is planned but not offered yet"
                )));
            }
            unknown => {
                let message = format!(
                    "{unknown:?} is not an instruction; use setFeatureFlagState, updateDefaultServe, \
                     updateOffVariation, addTargetsToVariationTargetMap or removeTargetsToVariationTargetMap"
                );
                return Err(Error::invalid(format!("{place}.kind"), message));
            }
        };
        Ok(parsed)
    }

    /// Applies the instruction.
    ///
    /// # Errors
    /// `Invalid` if it names a variation that the flag has not, or goes beyond a limit.
    pub(super) fn apply(&self, config: &mut FlagConfig) -> Result<(), Error> {
        match self {
            Self::SetState(state) => config.state = *state,
            Self::UpdateDefaultServe(serve) => {
                serve.variations().try_for_each(|id| known(config, id))?;
                config.default_serve = serve.clone();
            }
            Self::UpdateOffVariation(id) => {
                known(config, id)?;
                config.off_variation = id.clone();
            }
            Self::AddTargets(id, targets) => {
                known(config, id)?;
                // By name a target is served one variation: the first entry that names it would win.
                for map in config.variation_to_target_map.iter_mut().filter(|map| map.variation != *id) {
                    map.targets.retain(|target| !targets.contains(&target.identifier));
                }
                add_targets(config, id, targets)?;
            }
            Self::RemoveTargets(id, targets) => {
                known(config, id)?;
                for map in config.variation_to_target_map.iter_mut().filter(|map| map.variation == *id) {
                    map.targets.retain(|target| !targets.contains(&target.identifier));
                }
            }
        }
        config
            .variation_to_target_map
            .retain(|map| !map.targets.is_empty() || !map.target_segments.is_empty());
        Ok(())
    }
}

fn add_targets(config: &mut FlagConfig, id: &VariationId, targets: &[TargetId]) -> Result<(), Error> {
    let maps = &mut config.variation_to_target_map;
    let index = maps.iter().position(|map| map.variation == *id).unwrap_or(maps.len());
    if index == maps.len() {
        maps.push(VariationMap { variation: id.clone(), ..VariationMap::default() });
    }
    let Some(map) = maps.get_mut(index) else { return Ok(()) };
    for target in targets {
        if !map.names(target) {
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

fn known(config: &FlagConfig, id: &VariationId) -> Result<(), Error> {
    if config.variation(id).is_some() {
        return Ok(());
    }
    let have: Vec<_> = config.variations.iter().map(|variation| variation.identifier.as_str()).collect();
    let message = format!("{:?} is no variation of the flag; it has {}", id.as_str(), have.join(", "));
    Err(Error::invalid("variation", message))
}

fn parameters<T: DeserializeOwned>(raw: &RawInstruction, place: &str) -> Result<T, Error> {
    if !matches!(raw.parameters, Value::Object(_)) {
        return Err(Error::invalid(place, format!("{} needs an object of parameters", raw.kind)));
    }
    T::deserialize(&raw.parameters).map_err(|error| Error::invalid(place, error.to_string()))
}

fn variation(text: &str, place: &str) -> Result<VariationId, FieldError> {
    VariationId::parse(text).map_err(|error| error.under(place))
}

fn targets(parameters: &VariationTargets, place: &str) -> Result<(VariationId, Vec<TargetId>), Error> {
    let parsed: Result<Vec<_>, _> = parameters.targets.iter().map(|text| TargetId::parse(text)).collect();
    let targets = parsed.map_err(|error| FieldError { field: "targets".to_owned(), ..error }.under(place))?;
    Ok((variation(&parameters.variation, place)?, targets))
}

fn serve(parameters: DefaultServe, place: &str) -> Result<Serve, Error> {
    match (parameters.variation, parameters.variations) {
        (Some(id), None) => Ok(Serve::variation(variation(&id, place)?)),
        (None, Some(variations)) => {
            let bucket_by = parameters.bucket_by.filter(|text| !text.is_empty());
            let bucket_by = bucket_by.unwrap_or_else(|| "identifier".to_owned()).into();
            let distribution = Distribution { bucket_by, variations };
            check_weights(&distribution).map_err(|error| error.under(place))?;
            Ok(Serve { variation: None, distribution: Some(distribution) })
        }
        (Some(_), Some(_)) | (None, None) => {
            Err(Error::invalid(place, "needs either variation, or bucketBy and variations with weights"))
        }
    }
}

/// The weights of a rollout are whole percents that sum to 100, one for each variation named.
fn check_weights(distribution: &Distribution) -> Result<(), FieldError> {
    let weights = || distribution.variations.iter().map(|weighted| weighted.weight);
    if weights().any(|weight| !(0..=100).contains(&weight)) || weights().sum::<i64>() != 100 {
        let found: Vec<_> = weights().map(|weight| weight.to_string()).collect();
        let message = format!("the weights {} do not sum to 100", found.join(" + "));
        return Err(FieldError::new("variations", message));
    }
    for (index, weighted) in distribution.variations.iter().enumerate() {
        if distribution.variations.iter().take(index).any(|other| other.variation == weighted.variation) {
            let message = format!("{:?} is there twice", weighted.variation.as_str());
            return Err(FieldError::new("variations", message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::{FlagId, Variation};
    use serde_json::json;

    use super::*;

    fn config() -> FlagConfig {
        let variation = |id: &str| Variation {
            identifier: VariationId::from_wire(id),
            value: id.into(),
            ..Variation::default()
        };
        FlagConfig {
            feature: FlagId::from_wire("dark_mode"),
            variations: vec![variation("true"), variation("false")],
            ..FlagConfig::default()
        }
    }

    fn apply(config: &mut FlagConfig, kind: &str, parameters: Value) -> Result<(), String> {
        let raw = RawInstruction { kind: kind.to_owned(), parameters };
        let instruction = Instruction::parse(&raw, "instructions[0]").map_err(|error| error.to_string())?;
        instruction.apply(config).map_err(|error| error.to_string())
    }

    #[test]
    fn a_target_is_named_for_one_variation_only() {
        let mut config = config();
        apply(
            &mut config,
            "addTargetsToVariationTargetMap",
            json!({"variation":"true","targets":["ann","bob","ann"]}),
        )
        .unwrap();
        apply(&mut config, "addTargetsToVariationTargetMap", json!({"variation":"false","targets":["ann"]}))
            .unwrap();

        let named: Vec<_> = config
            .variation_to_target_map
            .iter()
            .map(|map| {
                (
                    map.variation.as_str(),
                    map.targets.iter().map(|t| t.identifier.as_str()).collect::<Vec<_>>(),
                )
            })
            .collect();

        assert_eq!(named, [("true", vec!["bob"]), ("false", vec!["ann"])]);
    }

    #[test]
    fn the_last_target_takes_its_entry_along() {
        let mut config = config();
        apply(&mut config, "addTargetsToVariationTargetMap", json!({"variation":"true","targets":["ann"]}))
            .unwrap();
        apply(
            &mut config,
            "removeTargetsToVariationTargetMap",
            json!({"variation":"true","targets":["ann","eve"]}),
        )
        .unwrap();

        assert_eq!(config.variation_to_target_map, []);
    }

    #[test]
    fn a_rollout_is_a_default_serve_too() {
        let mut config = config();
        let weights = json!([{"variation":"true","weight":25},{"variation":"false","weight":75}]);
        apply(&mut config, "updateDefaultServe", json!({"variations": weights})).unwrap();

        assert_eq!(
            serde_json::to_value(&config.default_serve).unwrap(),
            json!({"distribution":{"bucketBy":"identifier","variations":weights}})
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_its_place() {
        let cases = [
            (
                "setFeatureFlagState",
                json!({"state":"maybe"}),
                "instructions[0].parameters: unknown variant `maybe`",
            ),
            (
                "setFeatureFlagState",
                json!(null),
                "instructions[0].parameters: setFeatureFlagState needs an object",
            ),
            (
                "updateOffVariation",
                json!({"variation":"blue"}),
                "variation: \"blue\" is no variation of the flag; it has true, false",
            ),
            ("updateDefaultServe", json!({}), "instructions[0].parameters: needs either variation"),
            (
                "updateDefaultServe",
                json!({"variations":[{"variation":"true","weight":99}]}),
                "instructions[0].parameters.variations: the weights 99 do not sum to 100",
            ),
            (
                "addTargetsToVariationTargetMap",
                json!({"variation":"true","targets":["a b"]}),
                "instructions[0].parameters.targets: \"a b\" is not a target identifier",
            ),
            ("addRule", json!({}), "instructions[0]: the instruction addRule is planned"),
            (
                "toggle",
                json!({}),
                "instructions[0].kind: \"toggle\" is not an instruction; use setFeatureFlagState",
            ),
        ];
        for (kind, parameters, message) in cases {
            let error = apply(&mut config(), kind, parameters).unwrap_err();
            assert!(error.starts_with(message), "{error}\nexpected {message}");
        }
    }
}
