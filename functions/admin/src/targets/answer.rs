//! A target as the admin API shows it: `Target` of openapi/admin.yaml.

use serde::Serialize;
use serde_json::{Map, Value};
use store::TargetRow;

use crate::context::Place;

/// A target of the list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetAnswer {
    identifier: Box<str>,
    name: Box<str>,
    account: String,
    org: String,
    project: String,
    environment: String,
    /// Anonymous targets are not listed.
    anonymous: bool,
    attributes: Map<String, Value>,
    created_at: i64,
}

impl TargetAnswer {
    pub(super) fn new(row: TargetRow, place: &Place) -> Self {
        Self {
            identifier: row.target.identifier,
            name: row.target.name,
            account: place.project.account.to_string(),
            org: place.project.organisation.to_string(),
            project: place.project.identifier.to_string(),
            environment: place.environment.identifier.to_string(),
            anonymous: row.target.anonymous,
            attributes: row.target.attributes,
            created_at: row.created_ms,
        }
    }
}
