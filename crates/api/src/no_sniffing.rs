//! Answers are what they say they are.

use axum::Router;
use http::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};
use tower_http::set_header::SetResponseHeaderLayer;

/// Values of variations are what customers wrote: no browser may take an answer for a page or a script.
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");

/// Adds `X-Content-Type-Options: nosniff` to every answer of `router`.
pub fn no_sniffing(router: Router) -> Router {
    router.layer(SetResponseHeaderLayer::if_not_present(X_CONTENT_TYPE_OPTIONS, NO_SNIFFING))
}
