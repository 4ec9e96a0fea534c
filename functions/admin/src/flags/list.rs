//! Listing flags: filtered and sorted here, over one snapshot.

use std::cmp::Ordering;
use std::collections::HashMap;

use api::{Json, Page, PageRequest, Problem, Query};
use axum::extract::State;
use model::{Error, FieldError, Flag, FlagConfig, FlagKind, FlagState};
use platform::Db;
use serde::{Deserialize, Serialize};
use store::{EnvironmentRow, Kind, ProjectRow};

use super::answer::Feature;
use crate::Admin;
use crate::access::Access;
use crate::context::Context;

/// Filters that are coming with the metrics and targets they look at.
const PLANNED: &str = "status, targetIdentifier, targetIdentifierFilter and metrics are planned but not \
                       offered yet; leave them out";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Filters {
    name: Option<String>,
    identifier: Option<String>,
    archived: Option<bool>,
    kind: Option<FlagKind>,
    feature_identifiers: Option<String>,
    excluded_features: Option<String>,
    lifetime: Option<Lifetime>,
    enabled: Option<bool>,
    tags: Option<String>,
    sort_by_field: Option<SortField>,
    sort_order: Option<SortOrder>,
    status: Option<String>,
    target_identifier: Option<String>,
    target_identifier_filter: Option<String>,
    metrics: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Lifetime {
    Permanent,
    Temporary,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SortField {
    Name,
    #[default]
    Identifier,
    Archived,
    Kind,
    ModifiedAt,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum SortOrder {
    #[default]
    Ascending,
    Descending,
}

#[derive(Serialize)]
pub(crate) struct Features {
    #[serde(flatten)]
    page: Page,
    features: Vec<Feature>,
}

pub(crate) async fn list(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    page: PageRequest,
    Query(filters): Query<Filters>,
) -> Result<Json<Features>, Problem> {
    filters.check()?;
    let db = &*admin.platform.db;
    let project = context.project(db, &access).await?;
    let environment = super::named_environment(db, &project, &context).await?;
    if filters.enabled.is_some() && environment.is_none() {
        return Err(FieldError::new(
            "enabled",
            "needs environmentIdentifier: a flag is on or off in an environment",
        )
        .into());
    }
    let mut features = features(db, &project, environment.as_ref()).await?;
    features.retain(|feature| filters.admit(feature));
    features.sort_by(|one, other| filters.order(one, other));
    let (features, mut page) = page.cut(features);
    page.version = environment.map(|row| row.version);
    Ok(Json(Features { page, features }))
}

async fn features(
    db: &dyn Db,
    project: &ProjectRow,
    environment: Option<&EnvironmentRow>,
) -> Result<Vec<Feature>, Error> {
    let mut configs: HashMap<String, FlagConfig> = HashMap::new();
    if let Some(environment) = environment {
        for object in store::current_bodies(db, environment.id.as_str(), Kind::FlagConfig).await? {
            if let Some(body) = object.body {
                configs.insert(object.identifier, serde_json::from_str(&body).map_err(Error::internal)?);
            }
        }
    }
    let flags = store::current_bodies(db, project.id.as_str(), Kind::Flag).await?;
    let bodies = flags.into_iter().filter_map(|object| object.body);
    bodies
        .map(|body| {
            let flag: Flag = serde_json::from_str(&body).map_err(Error::internal)?;
            let config = configs.remove(flag.identifier.as_str());
            Ok(Feature::new(flag, project, config))
        })
        .collect()
}

impl Filters {
    /// A filter that is not offered must not silently pass everything.
    fn check(&self) -> Result<(), Error> {
        let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let planned = given(&self.status)
            || given(&self.target_identifier)
            || given(&self.target_identifier_filter)
            || self.metrics == Some(true);
        if planned { Err(Error::NotOffered(PLANNED.to_owned())) } else { Ok(()) }
    }

    fn admit(&self, feature: &Feature) -> bool {
        let lifetime = if feature.permanent { Lifetime::Permanent } else { Lifetime::Temporary };
        feature.archived == self.archived.unwrap_or(false)
            && holds(self.name.as_deref(), &feature.name)
            && holds(self.identifier.as_deref(), feature.identifier.as_str())
            && self.kind.is_none_or(|kind| kind == feature.kind)
            && self.lifetime.is_none_or(|wanted| wanted == lifetime)
            && listed(self.feature_identifiers.as_deref(), feature.identifier.as_str()).unwrap_or(true)
            && !listed(self.excluded_features.as_deref(), feature.identifier.as_str()).unwrap_or(false)
            && self.enabled.is_none_or(|enabled| enabled == is_on(feature))
            && self.tags.as_deref().is_none_or(|tags| {
                feature.tags.iter().any(|tag| listed(Some(tags), &tag.identifier).unwrap_or(true))
            })
    }

    /// A total order: what compares equal is ordered by identifier.
    fn order(&self, one: &Feature, other: &Feature) -> Ordering {
        let by_field = match self.sort_by_field.unwrap_or_default() {
            SortField::Name => one.name.cmp(&other.name),
            SortField::Identifier => Ordering::Equal,
            SortField::Archived => one.archived.cmp(&other.archived),
            SortField::Kind => one.kind.as_str().cmp(other.kind.as_str()),
            SortField::ModifiedAt => one.modified_at.cmp(&other.modified_at),
        };
        let ascending = by_field.then_with(|| one.identifier.cmp(&other.identifier));
        match self.sort_order.unwrap_or_default() {
            SortOrder::Ascending => ascending,
            SortOrder::Descending => ascending.reverse(),
        }
    }
}

fn is_on(feature: &Feature) -> bool {
    feature.env_properties.as_ref().is_some_and(|properties| properties.state == FlagState::On)
}

/// Whether `text` contains what is looked for, whatever the case.
fn holds(wanted: Option<&str>, text: &str) -> bool {
    wanted.is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()))
}

/// Whether a comma list names the identifier; `None` without a list.
fn listed(list: Option<&str>, identifier: &str) -> Option<bool> {
    let list = list.filter(|list| !list.is_empty())?;
    Some(list.split(',').any(|item| item.trim() == identifier))
}
