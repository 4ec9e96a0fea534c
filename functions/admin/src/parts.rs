//! Parts of requests that are read more strictly than what is stored, which may come from elsewhere.

use model::{Variation, VariationId, WeightedVariation};
use serde::Deserialize;

/// `VariationRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct VariationRequest {
    /// Unique in the flag.
    pub identifier: Box<str>,
    /// Text whatever the kind.
    pub value: Box<str>,
    /// For people.
    #[serde(default)]
    pub name: Option<Box<str>>,
    /// For people.
    #[serde(default)]
    pub description: Option<Box<str>>,
}

/// A share of a rollout.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(crate) struct WeightRequest {
    variation: Box<str>,
    weight: i64,
}

impl From<VariationRequest> for Variation {
    fn from(request: VariationRequest) -> Self {
        Self {
            identifier: VariationId::from_wire(request.identifier),
            value: request.value,
            name: request.name.unwrap_or_default(),
            description: request.description.unwrap_or_default(),
        }
    }
}

impl From<WeightRequest> for WeightedVariation {
    fn from(request: WeightRequest) -> Self {
        Self { variation: VariationId::from_wire(request.variation), weight: request.weight }
    }
}
