//! How often a flag was served.

use api::Query;
use model::{Error, FieldError, FlagId};
use serde::Serialize;

use super::activity::{ServedCount, Status};
use super::answer::Feature;
use super::list::{Filters, Listing};
use crate::answer::Answer;
use crate::call::Call;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is told when no time is asked for.
const USUAL_MS: i64 = 30 * DAY_MS;

/// Unix milliseconds; both days are told whole.
struct Times {
    start_time: Option<i64>,
    end_time: Option<i64>,
}

#[derive(Serialize)]
struct FeatureEvaluations {
    evaluations: Vec<FeatureEvaluation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FeatureEvaluation {
    count: i64,
    /// Unix milliseconds at which the day begins, in UTC.
    date: i64,
    variation_identifier: String,
    variation_name: String,
}

#[derive(Serialize)]
struct FeatureMetric {
    identifier: FlagId,
    name: String,
    results: Vec<ServedCount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

/// Evaluations by day and variation; in all environments of the project if none is named.
pub(crate) async fn evaluations(call: Call) -> Result<Answer, Error> {
    let times = Times::read(&call.query)?;
    let db = call.db();
    let project = call.project().await?;
    let environment = call.named_environment(&project).await?;
    let flag = super::find(db, &project, &FlagId::parse(&call.identifier)?).await?;
    let times = times.checked(call.now_ms())?;
    let place = (&project.id, environment.as_ref().map(|row| &row.id));
    let counts = store::counts_by_day(db, place, flag.identifier.as_str(), times).await?;
    let feature = Feature::new(flag, &project, None);
    let evaluations = counts.into_iter().map(|count| FeatureEvaluation {
        count: count.evaluations,
        date: count.day_ms,
        variation_name: feature.variation_name(&count.variation),
        variation_identifier: count.variation,
    });
    Answer::ok(&FeatureEvaluations { evaluations: evaluations.collect() })
}

/// Results and status of the flags that pass the list's filters, page by page.
pub(crate) async fn metrics(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let filters = Filters::read(&call.query)?;
    let project = call.project().await?;
    let environment = call.environment(&project).await?;
    let listing = Listing { call: &call, project: &project, environment: Some(&environment), is_past: false };
    let features = listing.page(page, &filters.with_metrics(), None).await?.features;
    Answer::ok(&features.into_iter().map(FeatureMetric::from).collect::<Vec<_>>())
}

impl Times {
    fn read(query: &Query) -> Result<Self, Error> {
        Ok(Self { start_time: query.number("startTime")?, end_time: query.number("endTime")? })
    }

    /// From when to when.
    fn checked(&self, now_ms: i64) -> Result<(i64, i64), Error> {
        let end_ms = self.end_time.unwrap_or(now_ms);
        let start_ms = self.start_time.unwrap_or_else(|| end_ms.saturating_sub(USUAL_MS));
        for (field, at_ms) in [("startTime", start_ms), ("endTime", end_ms)] {
            if at_ms < 0 {
                return Err(FieldError::new(field, "is before 1970; send Unix milliseconds").into());
            }
        }
        if start_ms > end_ms {
            return Err(FieldError::new("startTime", "is after endTime; exchange them").into());
        }
        Ok((start_ms, end_ms))
    }
}

impl From<Feature> for FeatureMetric {
    fn from(feature: Feature) -> Self {
        Self {
            identifier: feature.identifier,
            name: feature.name,
            results: feature.results.unwrap_or_default(),
            status: feature.status,
        }
    }
}
