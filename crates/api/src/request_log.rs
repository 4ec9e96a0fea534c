//! One line in the log per request.

use std::time::Instant;

use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// Logs the request when the head of its answer is ready, for [`axum::middleware::from_fn`].
///
/// The route is its template, never the path or the query: those hold targets and keys.
pub async fn request_log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;

    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let status = response.status().as_u16();
    // Whole microseconds: more digits would only be noise to read.
    let duration_ms = started.elapsed().as_micros() as f64 / 1_000.0;
    // A stream's length is not known, and is not logged.
    let body_bytes = response.body().size_hint().exact();
    tracing::info!(
        http.method = %method,
        http.route = route,
        http.status = status,
        duration_ms,
        body_bytes,
        "{method} {route} answered {status}"
    );
    response
}
