//! What pages of the console may load, and who may show them.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};

/// Everything from this server alone, no script within a page, and no page in somebody else's frame: an
/// administrator must not be made to click.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// Adds the policy to every answer below `/console`, for [`axum::middleware::from_fn`].
pub(super) async fn enforce(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_console =
        path.strip_prefix("/console").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let mut response = next.run(request).await;
    if is_console {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    }
    response
}
