//! What a list of flags can be asked for.

use std::cmp::Ordering;

use model::FlagKind;
use serde::Deserialize;

use super::Entry;
use crate::flags::activity::{Activity, StatusFilter};

/// Filters, sorting and extras of the query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Filters {
    name: Option<String>,
    identifier: Option<String>,
    archived: Option<bool>,
    kind: Option<FlagKind>,
    #[serde(alias = "featureIDs")]
    feature_identifiers: Option<String>,
    excluded_features: Option<String>,
    lifetime: Option<Lifetime>,
    enabled: Option<bool>,
    tags: Option<String>,
    status: Option<StatusFilter>,
    sort_by_field: Option<SortField>,
    sort_order: Option<SortOrder>,
    target_identifier: Option<String>,
    target_identifier_filter: Option<String>,
    metrics: Option<bool>,
    flag_counts: Option<bool>,
    summary: Option<bool>,
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

impl Filters {
    /// The same, asking for results and status.
    pub(in crate::flags) fn with_metrics(self) -> Self {
        Self { metrics: Some(true), ..self }
    }

    /// The parameter that has a meaning in one environment only, if any is given.
    pub(super) fn needs_environment(&self) -> Option<&'static str> {
        let given = [
            ("enabled", self.enabled.is_some()),
            ("status", self.status.is_some()),
            ("metrics", self.metrics()),
            ("targetIdentifier", text(self.target_identifier.as_deref()).is_some()),
            ("targetIdentifierFilter", text(self.target_identifier_filter.as_deref()).is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// Whether evaluations have to be looked at.
    pub(super) fn look_at_activity(&self) -> bool {
        self.status.is_some() || self.metrics() || self.flag_counts()
    }

    /// Whether it matters what every flag serves, not only those of the page.
    pub(super) fn look_at_configs(&self) -> bool {
        self.enabled.is_some()
            || self.look_at_activity()
            || matches!(self.sort_by_field, Some(SortField::ModifiedAt))
    }

    /// Whether results and status are asked for.
    pub(super) fn metrics(&self) -> bool {
        self.metrics == Some(true)
    }

    /// Whether totals are asked for.
    pub(super) fn flag_counts(&self) -> bool {
        self.flag_counts == Some(true)
    }

    /// Whether rules and lists of targets are not wanted.
    pub(super) fn summary(&self) -> bool {
        self.summary == Some(true)
    }

    /// For whom flags must serve a variation by name.
    pub(super) fn named_target(&self) -> Option<&str> {
        text(self.target_identifier_filter.as_deref())
    }

    /// For whom flags are to be evaluated.
    pub(super) fn target(&self) -> Option<&str> {
        text(self.target_identifier_filter.as_deref()).or_else(|| text(self.target_identifier.as_deref()))
    }

    /// Whether the list shows the flag.
    pub(super) fn admit(&self, entry: &Entry, activity: Option<&Activity>) -> bool {
        let (flag, id) = (&entry.flag, entry.identifier());
        let lifetime = if flag.permanent { Lifetime::Permanent } else { Lifetime::Temporary };
        flag.archived == self.archived.unwrap_or(false)
            && holds(self.name.as_deref(), &flag.name)
            && holds(self.identifier.as_deref(), id)
            && self.kind.is_none_or(|kind| kind == flag.kind)
            && self.lifetime.is_none_or(|wanted| wanted == lifetime)
            && listed(self.feature_identifiers.as_deref(), id).unwrap_or(true)
            && !listed(self.excluded_features.as_deref(), id).unwrap_or(false)
            && self.enabled.is_none_or(|enabled| enabled == entry.is_on)
            && self.admits_tags(entry)
            && self.status.is_none_or(|wanted| activity.is_some_and(|activity| activity.is(wanted, entry)))
    }

    fn admits_tags(&self, entry: &Entry) -> bool {
        let Some(tags) = text(self.tags.as_deref()) else { return true };
        entry.flag.tags.iter().any(|tag| listed(Some(tags), tag).unwrap_or(false))
    }

    /// A total order: what compares equal is ordered by identifier.
    pub(super) fn order(&self, one: &Entry, other: &Entry) -> Ordering {
        let by_field = match self.sort_by_field.unwrap_or_default() {
            SortField::Name => one.flag.name.cmp(&other.flag.name),
            SortField::Identifier => Ordering::Equal,
            SortField::Archived => one.flag.archived.cmp(&other.flag.archived),
            SortField::Kind => one.flag.kind.as_str().cmp(other.flag.kind.as_str()),
            SortField::ModifiedAt => one.changed_ms.cmp(&other.changed_ms),
        };
        let ascending = by_field.then_with(|| one.identifier().cmp(other.identifier()));
        match self.sort_order.unwrap_or_default() {
            SortOrder::Ascending => ascending,
            SortOrder::Descending => ascending.reverse(),
        }
    }
}

/// An empty parameter is as good as none.
fn text(parameter: Option<&str>) -> Option<&str> {
    parameter.filter(|text| !text.is_empty())
}

/// Whether `text` contains what is looked for, whatever the case.
fn holds(wanted: Option<&str>, text: &str) -> bool {
    wanted.is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()))
}

/// Whether a comma list names the identifier; `None` without a list.
fn listed(list: Option<&str>, identifier: &str) -> Option<bool> {
    Some(text(list)?.split(',').any(|item| item.trim() == identifier))
}
