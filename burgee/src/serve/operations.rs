//! Health and metrics, for whoever runs the process.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::Problem;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use fn_admin::Admin;
use fn_client::QueueRegistrar;
use http::{HeaderMap, StatusCode, header};
use platform::Platform;
use platform_native::Sqlite;
use sse_relay::Relay;
use tokio::runtime::Handle;

use super::requests::Requests;

/// What the routes look at.
#[derive(Clone)]
pub(super) struct Operations {
    pub(super) platform: Platform,
    /// Whose commits are counted; a shared database counts its own.
    pub(super) sqlite: Option<Arc<Sqlite>>,
    pub(super) admin: Admin,
    pub(super) relay: Arc<Relay>,
    pub(super) registrations_lost: Arc<AtomicU64>,
    pub(super) registrar: Arc<QueueRegistrar>,
    pub(super) requests: Requests,
}

/// `/health/live`, `/health/ready` and `/metrics` (which needs an access token).
pub(super) fn routes(operations: Operations) -> Router {
    Router::new()
        .route("/health/live", get(StatusCode::OK))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(operations)
}

/// 200 while the database answers and streams can be opened, otherwise 503; details are in the log.
async fn ready(State(operations): State<Operations>) -> StatusCode {
    match store::check_schema(&*operations.platform.db).await {
        Ok(()) if operations.relay.is_ready() => StatusCode::OK,
        Ok(()) => {
            tracing::warn!("not ready: the change feed is not followed yet, or the process is ending");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(error) => {
            tracing::error!(error = error.in_full(), "not ready: {error}");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

async fn metrics(
    State(operations): State<Operations>,
    headers: HeaderMap,
) -> Result<([(header::HeaderName, &'static str); 1], String), Problem> {
    operations.admin.check(&headers).await?;
    let backlog = store::backlog(&*operations.platform.db).await?;
    let oldest_ms = backlog.oldest_ms.map_or(0, |at_ms| operations.platform.clock.now_ms() - at_ms);
    let mut text = operations.relay.metrics_text();
    text.push_str(&operations.requests.text());
    let commits = operations.sqlite.as_ref().map(|sqlite| sqlite.counters());
    let lost = operations.registrations_lost.load(Ordering::Relaxed);
    let commits = commits.map(|counters| {
        [
            (
                "burgee_db_commits_total",
                "counter",
                "Commits to the database; each may hold many batches.",
                counters.commits,
            ),
            ("burgee_db_batches_total", "counter", "Batches committed.", counters.batches),
            (
                "burgee_db_batches_waiting",
                "gauge",
                "Batches that wait for the writer.",
                counters.waiting as u64,
            ),
        ]
    });
    let own = [
        (
            "burgee_tasks",
            "gauge",
            "Tasks that are alive: one for each connection, and a few of its own.",
            Handle::current().metrics().num_alive_tasks() as u64,
        ),
        (
            "burgee_changes_unsent",
            "gauge",
            "Changes that are committed and not announced to streams.",
            backlog.changes.unsigned_abs(),
        ),
        (
            "burgee_changes_unsent_oldest_milliseconds",
            "gauge",
            "Age of the oldest of them; 0 if there is none.",
            oldest_ms.max(0).unsigned_abs(),
        ),
        (
            "burgee_reports_waiting",
            "gauge",
            "Reports of SDKs that wait to be counted.",
            backlog.jobs.unsigned_abs(),
        ),
        (
            "burgee_target_registrations_lost_total",
            "counter",
            "Targets seen that could not be queued for the list of targets.",
            lost,
        ),
        (
            "burgee_target_registrations_refused_total",
            "counter",
            "Targets seen of keys that had registered as many in a minute as they may.",
            operations.registrar.refused(),
        ),
    ];
    for (name, kind, help, value) in commits.into_iter().flatten().chain(own) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}
