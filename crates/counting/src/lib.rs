//! From reports that wait in the queue to counts per hour: what drains it, wherever that is done.

mod rollup;
mod served;

use std::time::Duration;

use model::limits::TARGETS_PER_ENVIRONMENT_MAX;
use model::{EnvironmentUuid, Error, MetricsJob, Target};
use platform::{Job, Platform, Statement, WorkQueue, within};
use serde::Serialize;
use tracing::{debug, error, warn};

use served::Served;

/// Reports claimed at once.
const JOBS_PER_CLAIM: usize = 100;

/// How long a claimed report is ours; a worker that dies leaves it to the next one after that.
const LEASE: Duration = Duration::from_secs(60);

/// What a drain did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drained {
    /// Reports counted.
    pub jobs: usize,
    /// Reports thrown away because nobody can read them.
    pub unreadable: usize,
    /// Counts thrown away because the environment has no such flag or variation, or no longer.
    pub unknown: usize,
    /// Whether nothing waits any more; otherwise the time was over first.
    pub is_complete: bool,
}

/// Counts what waits in the queue, until it is empty or `budget` is used up. Each report is counted
/// once, also when a worker dies or is repeated.
///
/// # Errors
/// `Unavailable`; what was not counted stays in the queue.
pub async fn drain(platform: &Platform, budget: Duration) -> Result<Drained, Error> {
    let mut drained = Drained::default();
    let work = async {
        while claim_and_count(platform, &mut drained).await? {}
        Ok::<_, Error>(())
    };
    let is_complete = within(&*platform.clock, budget, work).await.transpose()?.is_some();
    Ok(Drained { is_complete, ..drained })
}

/// Counts at most [`JOBS_PER_CLAIM`] of the reports that wait, within `budget`: what whoever brings a report
/// does for the queue, so that it is emptied where nobody calls [`drain`].
///
/// # Errors
/// `Unavailable`; what was not counted stays in the queue.
pub async fn drain_some(platform: &Platform, budget: Duration) -> Result<(), Error> {
    let mut drained = Drained::default();
    let work = claim_and_count(platform, &mut drained);
    within(&*platform.clock, budget, work).await.transpose().map(drop)
}

/// Returns whether anything waited.
async fn claim_and_count(platform: &Platform, drained: &mut Drained) -> Result<bool, Error> {
    let queue = store::work_queue(platform);
    let away = |error| Error::unavailable("the metrics queue does not answer", error);
    let jobs = queue.claim(JOBS_PER_CLAIM, Duration::ZERO, LEASE).await.map_err(away)?;
    process(platform, &*queue, &jobs, drained).await?;
    Ok(!jobs.is_empty())
}

async fn process(
    platform: &Platform,
    queue: &dyn WorkQueue,
    jobs: &[Job],
    drained: &mut Drained,
) -> Result<(), Error> {
    let mut served = Served::default();
    for job in jobs {
        match serde_json::from_slice::<MetricsJob>(&job.payload) {
            Ok(report) => {
                drained.unknown += record(platform, &job.id, &report, &mut served).await?;
                drained.jobs += 1;
            }
            Err(error) => {
                error!(job = %job.id, %error, "report {} cannot be read and is thrown away", job.id);
                drained.unreadable += 1;
            }
        }
        let acknowledged = queue.ack(std::slice::from_ref(&job.id)).await;
        if let Err(error) = acknowledged {
            // It is given out again and then found to be counted.
            warn!(job = %job.id, %error, "report {} was counted but stays in the queue for now", job.id);
        }
    }
    Ok(())
}

/// Returns how many counts are of nothing that exists.
async fn record(
    platform: &Platform,
    job: &str,
    report: &MetricsJob,
    served: &mut Served,
) -> Result<usize, Error> {
    let mut counts = rollup::counts(report);
    let unknown = served.keep(&*platform.db, &report.environment, &mut counts).await?;
    if unknown > 0 {
        let environment = &report.environment;
        debug!(%environment, unknown, "{unknown} counts of a report name no flag and variation of {environment}");
    }
    let mut rows = vec![store::touch_key(&report.key, rollup::hour_of(report.received_ms))];
    rows.extend(registrations(platform, &report.environment, &report.targets, report.received_ms).await?);
    let now_ms = platform.clock.now_ms();
    store::record_counts(&*platform.db, job, &counts, rows, now_ms).await?;
    Ok(unknown)
}

async fn registrations(
    platform: &Platform,
    environment: &EnvironmentUuid,
    targets: &[Target],
    seen_ms: i64,
) -> Result<Vec<Statement>, Error> {
    let named: Vec<_> =
        targets.iter().filter(|target| !target.anonymous && !target.identifier.is_empty()).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let listed = store::registered_targets(&*platform.db, environment).await?;
    let room = TARGETS_PER_ENVIRONMENT_MAX.saturating_sub(usize::try_from(listed).unwrap_or_default());
    if named.len() > room {
        warn!(
            environment = %environment,
            "environment {environment} lists {listed} targets, and {TARGETS_PER_ENVIRONMENT_MAX} are the most \
             it keeps; new ones are served but not listed"
        );
    }
    // Which of them are new is not known, so as many as there is room for are taken for new.
    let (may_be_new, known) = named.split_at_checked(room).unwrap_or((&named, &[]));
    let registered = may_be_new.iter().map(|target| store::register_target(environment, target, seen_ms));
    let seen = known.iter().map(|target| store::see_target(environment, target, seen_ms));
    registered.chain(seen).collect()
}
