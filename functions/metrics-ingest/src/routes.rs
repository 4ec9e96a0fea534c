//! `POST /metrics/{environment}`.

use std::sync::Arc;
use std::time::Duration;

use api::{Path, Problem, TokenKeys, credentials, limits, parse_json, read_body};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::routing::post;
use client_api::{Credential, Source};
use http::{HeaderMap, StatusCode};
use model::{Error, KeyRecord, MetricsJob};
use platform::{Clock, QueueError, WorkQueue, within};

use crate::key_cache::KeyCache;
use crate::report::Report;

/// How long a report may take to be queued; SDKs try again with their next one.
const PUSH_LIMIT: Duration = Duration::from_secs(2);

/// Everything that the route stands on.
#[derive(Clone)]
pub struct IngestState {
    /// Keys.
    pub source: Arc<dyn Source>,
    /// Verifies tokens.
    pub tokens: Arc<TokenKeys>,
    /// Where reports wait, as JSON of [`MetricsJob`].
    pub queue: Arc<dyn WorkQueue>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

struct Ingest {
    state: IngestState,
    keys: KeyCache,
}

/// The function: its route at `/` and at `/api/1.0`. Answers nothing else, so that it can be merged.
pub fn router(state: IngestState) -> Router {
    let keys = KeyCache::new(state.source.clone(), state.clock.clone());
    let routes = Router::new()
        .route("/metrics/{environment}", post(accept))
        .method_not_allowed_fallback(api::fallback::method_not_allowed)
        .layer(api::cors())
        .layer(from_fn(api::request_log))
        .with_state(Arc::new(Ingest { state, keys }));
    Router::new().merge(routes.clone()).nest("/api/1.0", routes)
}

/// 200 with an empty body once the report is queued: Go warns about any other status.
async fn accept(
    State(ingest): State<Arc<Ingest>>,
    Path(environment): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let key = ingest.admit(&headers, &environment).await.map_err(Problem::metrics)?;
    let body = read_body(body, limits::LARGE_BODY_BYTES_MAX).await.map_err(Problem::metrics)?;
    let report: Option<Report> = parse_json(&body).map_err(Problem::metrics)?;
    let received_ms = ingest.state.clock.now_ms();
    let job = report.unwrap_or_default().into_job(key.environment_uuid, key.hash, received_ms);
    if let Some(job) = job {
        ingest.push(&job).await.map_err(Problem::metrics)?;
    }
    Ok(StatusCode::OK)
}

impl Ingest {
    async fn admit(&self, headers: &HeaderMap, environment_in_path: &str) -> Result<KeyRecord, Error> {
        let credential = Credential::read(&self.state.tokens, None, credentials::bearer(headers))?;
        let key = self.keys.get(&credential.hash).await?;
        let key = credential.admit(key)?.key;
        if key.environment_uuid.as_str() != environment_in_path {
            return Err(Error::Forbidden(
                "the token belongs to another environment than the path".to_owned(),
            ));
        }
        Ok(key)
    }

    async fn push(&self, job: &MetricsJob) -> Result<(), Error> {
        let payload = serde_json::to_vec(job).map_err(Error::internal)?;
        let push = self.state.queue.push(payload.into());
        match within(&*self.state.clock, PUSH_LIMIT, push).await {
            Some(Ok(())) => Ok(()),
            Some(Err(error @ QueueError::Full { .. })) => {
                Err(Error::unavailable("too many reports wait; send this one again later", error))
            }
            Some(Err(error @ QueueError::Unavailable(_))) => {
                Err(Error::unavailable("the metrics queue does not answer; try again", error))
            }
            None => Err(Error::Unavailable {
                message: "the metrics queue does not answer in time; try again",
                source: None,
            }),
        }
    }
}
