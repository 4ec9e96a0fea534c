//! Whether a flag is in use: what its evaluations and changes say.

use std::collections::HashMap;

use model::{EnvironmentUuid, Error};
use platform::Db;
use serde::{Deserialize, Serialize};
use store::VariationCount;

use super::answer::Feature;
use super::list::Entry;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Evaluated within this, a flag was recently accessed.
const RECENT_MS: i64 = DAY_MS;

/// Evaluated within this, a flag is active.
const ACTIVE_MS: i64 = 7 * DAY_MS;

/// Not evaluated, or not changed, for this long, a flag may be stale.
const STALE_MS: i64 = 60 * DAY_MS;

/// Served one variation only for this long, a flag may be stale.
const SINGLE_MS: i64 = 30 * DAY_MS;

/// `status` of the list's query.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum StatusFilter {
    Active,
    NeverRequested,
    RecentlyAccessed,
    PotentiallyStale,
}

/// `FeatureStatus` of openapi/admin.yaml.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    last_access: i64,
    status: &'static str,
}

/// `Results` of openapi/admin.yaml: how often a variation was served.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServedCount {
    count: i64,
    variation_identifier: String,
    variation_name: String,
}

/// Evaluations of an environment's flags over the time that is looked at.
pub(super) struct Activity {
    now_ms: i64,
    by_flag: HashMap<String, Vec<VariationCount>>,
}

impl Activity {
    /// Reads them.
    pub(super) async fn read(db: &dyn Db, environment: &EnvironmentUuid, now_ms: i64) -> Result<Self, Error> {
        let mut by_flag: HashMap<String, Vec<VariationCount>> = HashMap::new();
        for count in store::counts_by_variation(db, environment, now_ms.saturating_sub(STALE_MS)).await? {
            by_flag.entry(count.flag.clone()).or_default().push(count);
        }
        Ok(Self { now_ms, by_flag })
    }

    /// Whether the flag has that status.
    pub(super) fn is(&self, wanted: StatusFilter, entry: &Entry) -> bool {
        match wanted {
            StatusFilter::Active => self.accessed_within(entry, ACTIVE_MS),
            StatusFilter::NeverRequested => self.last_access(entry).is_none(),
            StatusFilter::RecentlyAccessed => self.accessed_within(entry, RECENT_MS),
            StatusFilter::PotentiallyStale => self.stale_reason(entry).is_some(),
        }
    }

    /// Adds how often each variation was served, and whether the flag is in use.
    pub(super) fn tell(&self, feature: &mut Feature, entry: &Entry) {
        let served = |count: &VariationCount| ServedCount {
            count: count.evaluations,
            variation_identifier: count.variation.clone(),
            variation_name: feature.variation_name(&count.variation),
        };
        feature.results = Some(self.counts(entry).iter().map(served).collect());
        let status = match self.last_access(entry) {
            None => "never-requested",
            Some(_) if self.accessed_within(entry, ACTIVE_MS) => "active",
            Some(_) => "inactive",
        };
        feature.status = Some(Status { last_access: self.last_access(entry).unwrap_or_default(), status });
        feature.stale_reason = self.stale_reason(entry);
        feature.stale = Some(feature.stale_reason.is_some());
    }

    /// Why the flag may be stale, if it may be. Permanent flags never are, young ones not yet.
    fn stale_reason(&self, entry: &Entry) -> Option<&'static str> {
        let age_ms = self.now_ms.saturating_sub(entry.flag.created_ms);
        if entry.flag.permanent || entry.flag.archived || age_ms < SINGLE_MS {
            return None;
        }
        if age_ms >= STALE_MS && self.last_access(entry).is_none() {
            return Some("no evaluations for 60 days");
        }
        if self.now_ms.saturating_sub(entry.changed_ms) >= STALE_MS {
            return Some("no change for 60 days");
        }
        let since_ms = self.now_ms.saturating_sub(SINGLE_MS);
        let recent = self.counts(entry).iter().filter(|count| count.last_hour_ms >= since_ms);
        (recent.count() == 1).then_some("a single variation was served for 30 days")
    }

    fn accessed_within(&self, entry: &Entry, within_ms: i64) -> bool {
        self.last_access(entry).is_some_and(|at_ms| self.now_ms.saturating_sub(at_ms) <= within_ms)
    }

    fn last_access(&self, entry: &Entry) -> Option<i64> {
        self.counts(entry).iter().map(|count| count.last_hour_ms).max()
    }

    fn counts(&self, entry: &Entry) -> &[VariationCount] {
        self.by_flag.get(entry.identifier()).map_or(&[], Vec::as_slice)
    }
}
