//! What a list of flags can be asked for.

use std::cmp::Ordering;

use api::Query;
use model::{Error, FlagKind};
use serde::Deserialize;

use super::Entry;
use crate::flags::activity::{Activity, StatusFilter};

/// Filters, sorting and extras of the query.
pub(crate) struct Filters<'a> {
    name: Option<&'a str>,
    identifier: Option<&'a str>,
    archived: bool,
    kind: Option<FlagKind>,
    feature_identifiers: Option<&'a str>,
    excluded_features: Option<&'a str>,
    lifetime: Option<Lifetime>,
    enabled: Option<bool>,
    tags: Option<&'a str>,
    status: Option<StatusFilter>,
    sort_by_field: SortField,
    sort_order: SortOrder,
    target_identifier: Option<&'a str>,
    target_identifier_filter: Option<&'a str>,
    metrics: bool,
    flag_counts: bool,
    summary: bool,
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

impl<'a> Filters<'a> {
    pub(in crate::flags) fn read(query: &'a Query) -> Result<Self, Error> {
        let is_true = |name| Ok::<_, Error>(query.boolean(name)?.unwrap_or(false));
        Ok(Self {
            name: query.given("name")?,
            identifier: query.given("identifier")?,
            archived: is_true("archived")?,
            kind: query.word("kind")?,
            feature_identifiers: query.given("featureIdentifiers")?.or(query.given("featureIDs")?),
            excluded_features: query.given("excludedFeatures")?,
            lifetime: query.word("lifetime")?,
            enabled: query.boolean("enabled")?,
            tags: query.given("tags")?,
            status: query.word("status")?,
            sort_by_field: query.word("sortByField")?.unwrap_or_default(),
            sort_order: query.word("sortOrder")?.unwrap_or_default(),
            target_identifier: query.given("targetIdentifier")?,
            target_identifier_filter: query.given("targetIdentifierFilter")?,
            metrics: is_true("metrics")?,
            flag_counts: is_true("flagCounts")?,
            summary: is_true("summary")?,
        })
    }

    /// The same, asking for results and status.
    pub(in crate::flags) fn with_metrics(self) -> Self {
        Self { metrics: true, ..self }
    }

    /// The parameter that has a meaning in one environment only, if any is given.
    pub(super) fn needs_environment(&self) -> Option<&'static str> {
        let given = [
            ("enabled", self.enabled.is_some()),
            ("status", self.status.is_some()),
            ("metrics", self.metrics),
            ("targetIdentifier", self.target_identifier.is_some()),
            ("targetIdentifierFilter", self.target_identifier_filter.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// Whether evaluations have to be looked at.
    pub(super) fn look_at_activity(&self) -> bool {
        self.status.is_some() || self.metrics || self.flag_counts
    }

    /// Whether it matters what every flag serves, not only those of the page.
    pub(super) fn look_at_configs(&self) -> bool {
        self.enabled.is_some()
            || self.look_at_activity()
            || matches!(self.sort_by_field, SortField::ModifiedAt)
    }

    /// Whether results and status are asked for.
    pub(super) fn metrics(&self) -> bool {
        self.metrics
    }

    /// Whether totals are asked for.
    pub(super) fn flag_counts(&self) -> bool {
        self.flag_counts
    }

    /// Whether rules and lists of targets are not wanted.
    pub(super) fn summary(&self) -> bool {
        self.summary
    }

    /// For whom flags must serve a variation by name.
    pub(super) fn named_target(&self) -> Option<&str> {
        self.target_identifier_filter
    }

    /// For whom flags are to be evaluated.
    pub(super) fn target(&self) -> Option<&str> {
        self.target_identifier_filter.or(self.target_identifier)
    }

    /// Whether the list shows the flag.
    pub(super) fn admit(&self, entry: &Entry, activity: Option<&Activity>) -> bool {
        let (flag, id) = (&entry.flag, entry.identifier());
        let lifetime = if flag.permanent { Lifetime::Permanent } else { Lifetime::Temporary };
        flag.archived == self.archived
            && holds(self.name, &flag.name)
            && holds(self.identifier, id)
            && self.kind.is_none_or(|kind| kind == flag.kind)
            && self.lifetime.is_none_or(|wanted| wanted == lifetime)
            && self.feature_identifiers.is_none_or(|list| lists(list, id))
            && !self.excluded_features.is_some_and(|list| lists(list, id))
            && self.enabled.is_none_or(|enabled| enabled == entry.is_on)
            && self.admits_tags(entry)
            && self.status.is_none_or(|wanted| activity.is_some_and(|activity| activity.is(wanted, entry)))
    }

    fn admits_tags(&self, entry: &Entry) -> bool {
        self.tags.is_none_or(|tags| entry.flag.tags.iter().any(|tag| lists(tags, tag)))
    }

    /// A total order: what compares equal is ordered by identifier.
    pub(super) fn order(&self, one: &Entry, other: &Entry) -> Ordering {
        let by_field = match self.sort_by_field {
            SortField::Name => one.flag.name.cmp(&other.flag.name),
            SortField::Identifier => Ordering::Equal,
            SortField::Archived => one.flag.archived.cmp(&other.flag.archived),
            SortField::Kind => one.flag.kind.as_str().cmp(other.flag.kind.as_str()),
            SortField::ModifiedAt => one.changed_ms.cmp(&other.changed_ms),
        };
        let ascending = by_field.then_with(|| one.identifier().cmp(other.identifier()));
        match self.sort_order {
            SortOrder::Ascending => ascending,
            SortOrder::Descending => ascending.reverse(),
        }
    }
}

/// Whether `text` contains what is looked for, whatever the case.
fn holds(wanted: Option<&str>, text: &str) -> bool {
    wanted.is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()))
}

/// Whether a comma list names the identifier.
fn lists(list: &str, identifier: &str) -> bool {
    list.split(',').any(|item| item.trim() == identifier)
}
