//! `GET /stream` where no relay is.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use http::StatusCode;
use model::Error;
use platform::Platform;
use platform::config::Vars;

/// The function by itself, for an installation without a relay: streams are refused, and SDKs poll.
///
/// # Errors
/// See [`crate::build`].
pub async fn build_without_relay(platform: Platform, vars: &Vars) -> Result<Router, Error> {
    let function = crate::build(platform, vars).await?;
    let stream = Router::new()
        .route("/stream", get(refuse))
        .method_not_allowed_fallback(api::fallback::method_not_allowed)
        .layer(api::cors())
        .layer(from_fn(api::request_log));
    let both = Router::new().merge(stream.clone()).nest("/api/1.0", stream);
    Ok(function.merge(api::no_sniffing(both)))
}

/// 503 and no body: the browser SDK takes any byte for a stream.
async fn refuse() -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}
