//! Clauses and serves: what flag rules and segments have in common.

use std::collections::HashSet;

use model::limits::VARIATIONS_PER_FLAG_MAX;
use model::{Clause, Distribution, Error, FieldError, Serve, VariationId, WeightedVariation};
use serde::Deserialize;

use crate::parts::WeightRequest;

/// The operator by which a clause names segments.
pub(crate) const SEGMENT_MATCH: &str = "segmentMatch";

/// Operators that every SDK evaluates alike.
const PORTABLE: [&str; 6] = ["equal", "equal_sensitive", "starts_with", "ends_with", "contains", "in"];

/// Values of one clause.
const VALUES_MAX: usize = 1_000;

/// Bytes of one value or attribute name.
const VALUE_BYTES_MAX: usize = 1_024;

/// A clause as it is sent; what is left out stays as it is, or takes its default.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(crate) struct ClauseParameters {
    #[serde(default, alias = "clauseID", alias = "clauseId")]
    pub(crate) id: Option<String>,
    #[serde(default)]
    attribute: Option<String>,
    #[serde(default)]
    op: Option<String>,
    #[serde(default)]
    values: Option<Vec<String>>,
    #[serde(default)]
    negate: Option<bool>,
}

/// What to serve, in either spelling: nested (`distribution`) or flat (`bucketBy`, `variations`).
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServeParameters {
    variation: Option<String>,
    distribution: Option<DistributionParameters>,
    bucket_by: Option<String>,
    variations: Option<Vec<WeightRequest>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct DistributionParameters {
    bucket_by: Option<String>,
    variations: Vec<WeightRequest>,
}

impl ClauseParameters {
    /// A new clause; `made_id` names it if nothing else does.
    pub(crate) fn into_clause(self, made_id: impl FnOnce() -> String) -> Clause {
        let id = self.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(made_id);
        let mut clause = Clause { id: id.into(), ..Clause::default() };
        self.update(&mut clause);
        clause
    }

    /// Changes what is given.
    pub(crate) fn update(&self, clause: &mut Clause) {
        if let Some(attribute) = &self.attribute {
            clause.attribute = attribute.as_str().into();
        }
        if let Some(op) = &self.op {
            clause.op = op.as_str().into();
        }
        if let Some(values) = &self.values {
            clause.values = values.iter().map(|value| value.as_str().into()).collect();
        }
        if let Some(negate) = self.negate {
            clause.negate = negate;
        }
        if &*clause.op == SEGMENT_MATCH {
            // Python never matches a segment clause whose attribute exists on the target.
            clause.attribute = "".into();
        }
    }
}

impl ServeParameters {
    /// One variation, or a rollout whose weights sum to 100; `place` names it in errors.
    pub(crate) fn into_serve(self, place: &str) -> Result<Serve, Error> {
        let flat = self
            .variations
            .map(|variations| DistributionParameters { bucket_by: self.bucket_by, variations });
        match (self.variation.filter(|id| !id.is_empty()), self.distribution.or(flat)) {
            (Some(id), None) => {
                Ok(Serve::variation(VariationId::parse(&id).map_err(|error| error.under(place))?))
            }
            (None, Some(parameters)) => {
                let bucket_by = parameters.bucket_by.filter(|text| !text.is_empty());
                let bucket_by = bucket_by.unwrap_or_else(|| "identifier".to_owned()).into();
                let variations = parameters.variations.into_iter().map(WeightedVariation::from).collect();
                let distribution = Distribution { bucket_by, variations };
                check_weights(&distribution).map_err(|error| error.under(place))?;
                Ok(Serve { variation: None, distribution: Some(distribution) })
            }
            (Some(_), Some(_)) | (None, None) => Err(Error::invalid(
                place,
                "needs either a variation, or a distribution: variations with weights",
            )),
        }
    }
}

/// A clause that every SDK evaluates alike. `place` names it in errors.
pub(crate) fn check_clause(clause: &Clause, place: &str) -> Result<(), FieldError> {
    let op = &*clause.op;
    if op != SEGMENT_MATCH && !PORTABLE.contains(&op) {
        let message = format!(
            "{op:?} is not an operator that every SDK evaluates alike; use {} or {SEGMENT_MATCH}",
            PORTABLE.join(", ")
        );
        return Err(FieldError::new(format!("{place}.op"), message));
    }
    if op != SEGMENT_MATCH && clause.attribute.is_empty() {
        return Err(FieldError::new(
            format!("{place}.attribute"),
            "is missing; name an attribute of the target",
        ));
    }
    if clause.values.is_empty() || clause.values.len() > VALUES_MAX {
        let message = format!("holds {} values; use 1 to {VALUES_MAX}", clause.values.len());
        return Err(FieldError::new(format!("{place}.values"), message));
    }
    if op != SEGMENT_MATCH && op != "in" && clause.values.len() > 1 {
        let message =
            format!("{op} looks at the first value only; use the operator in, or one clause for each value");
        return Err(FieldError::new(format!("{place}.values"), message));
    }
    let texts = || clause.values.iter().chain([&clause.attribute]);
    if texts().any(|text| text.len() > VALUE_BYTES_MAX) {
        let message = format!("an attribute or value is longer than {VALUE_BYTES_MAX} bytes; shorten it");
        return Err(FieldError::new(place, message));
    }
    Ok(())
}

/// The weights of a rollout are whole percents that sum to 100, one for each variation named.
fn check_weights(distribution: &Distribution) -> Result<(), FieldError> {
    let count = distribution.variations.len();
    if count == 0 || count > VARIATIONS_PER_FLAG_MAX {
        let message =
            format!("holds {count}; name 1 to {VARIATIONS_PER_FLAG_MAX}, with weights that sum to 100");
        return Err(FieldError::new("variations", message));
    }
    let weights = || distribution.variations.iter().map(|weighted| weighted.weight);
    if weights().any(|weight| !(0..=100).contains(&weight)) || weights().sum::<i64>() != 100 {
        let found: Vec<_> = weights().map(|weight| weight.to_string()).collect();
        let message = format!("the weights {} do not sum to 100", found.join(" + "));
        return Err(FieldError::new("variations", message));
    }
    let mut seen = HashSet::new();
    match distribution.variations.iter().find(|weighted| !seen.insert(&weighted.variation)) {
        Some(twice) => {
            let message = format!("{:?} is there twice", twice.variation.as_str());
            Err(FieldError::new("variations", message))
        }
        None => Ok(()),
    }
}

/// Refuses a list that is longer than it may be.
pub(crate) fn limit(field: &str, count: usize, max: usize) -> Result<(), Error> {
    if count <= max {
        return Ok(());
    }
    Err(Error::invalid(field, format!("holds {count}, at most {max} are allowed")))
}
