//! Which path leads where.

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{any, get, post};
use http::Uri;
use http::header::{CACHE_CONTROL, HeaderValue};
use model::{Error, ObjectKind};

use crate::answer::Refusal;
use crate::{ClientState, authenticate, evaluations, flags, segments, snapshot};

/// The routes under `/client`, to be served at `/` (as the relay proxy has them) and at `/api/1.0` (as
/// the SDKs' default has them). CORS and the request log are the caller's.
///
/// Nothing outside `/client` is answered, so that it can be merged with other routes.
pub fn routes(state: ClientState) -> Router {
    Router::new()
        .route("/client/auth", post(authenticate::authenticate))
        .route("/client/env/{environment}/feature-configs", get(flags::list))
        .route("/client/env/{environment}/feature-configs/{flag}", get(flags::one))
        .route("/client/env/{environment}/target-segments", get(segments::list))
        .route("/client/env/{environment}/target-segments/{segment}", get(segments::one))
        .route("/client/env/{environment}/target/{target}/evaluations", get(evaluations::list))
        .route("/client/env/{environment}/target/{target}/evaluations/{flag}", get(evaluations::one))
        .route("/client/env/{environment}/snapshot", get(snapshot::newest))
        .route("/client/env/{environment}/snapshot/{version}", get(snapshot::at_version))
        .route("/client/{*path}", any(not_found))
        .method_not_allowed_fallback(api::fallback::method_not_allowed)
        .layer(map_response(not_stored))
        .with_state(state)
}

async fn not_found(uri: Uri) -> Refusal {
    Error::not_found(ObjectKind::Path, uri.path()).into()
}

/// An intermediary that keeps an answer would hide changes from SDKs, which have no other sign of age.
async fn not_stored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert_with(|| HeaderValue::from_static("no-store"));
    response
}
