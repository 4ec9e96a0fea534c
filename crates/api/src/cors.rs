//! Cross-origin access for browsers.

use std::time::Duration;

use http::{HeaderName, Method};
use tower_http::cors::{Any, CorsLayer};

/// What the browser SDK sends, and what our own clients add. `*` would not cover `Authorization`.
const REQUEST_HEADERS: [&str; 13] = [
    "accept",
    "api-key",
    "authorization",
    "burgee-min-version",
    "cache-control",
    "content-type",
    "harness-accountid",
    "harness-environmentid",
    "harness-sdk-info",
    "harness-target",
    "if-none-match",
    "last-event-id",
    "x-api-key",
];

/// What scripts may read of an answer.
const RESPONSE_HEADERS: [&str; 4] = ["burgee-age-ms", "burgee-version", "etag", "retry-after"];

/// How long a browser may remember the answer to a preflight.
const PREFLIGHT_TTL: Duration = Duration::from_secs(600);

/// CORS for the routes of SDKs: client, stream, metrics, OFREP. Any origin, because credentials are
/// never taken from cookies. Preflights are answered before any authentication; errors carry the
/// headers too. The admin API must not have this layer.
pub fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::OPTIONS])
        .allow_headers(REQUEST_HEADERS.map(HeaderName::from_static))
        .expose_headers(RESPONSE_HEADERS.map(HeaderName::from_static))
        .max_age(PREFLIGHT_TTL)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::response::Response;
    use axum::routing::get;
    use http::{Request, StatusCode};
    use model::Error;
    use tower::ServiceExt;

    use super::*;
    use crate::Problem;

    async fn ask(method: Method) -> Response {
        let refuse = async || Problem::client(Error::Unauthenticated("send a token"));
        let router = Router::new().route("/x", get(refuse)).layer(cors());
        let request = Request::builder()
            .method(method)
            .uri("/x")
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization,harness-target");
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_preflight_needs_no_credentials() {
        let response = ask(Method::OPTIONS).await;
        let headers = response.headers();
        let allowed = headers["access-control-allow-headers"].to_str().unwrap();

        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["access-control-allow-methods"], "GET,POST,OPTIONS");
        assert_eq!(headers["access-control-max-age"], "600");
        for name in REQUEST_HEADERS {
            assert!(allowed.split(',').any(|allowed| allowed == name), "{name} is not in {allowed}");
        }
    }

    #[tokio::test]
    async fn errors_can_be_read_by_scripts_too() {
        let response = ask(Method::GET).await;

        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert!(!response.headers().contains_key("vary"), "the answer is the same for every origin");
    }
}
